"""s2s capstone and s2s score: what they print and write, and how they end."""

import pytest

from s2s_ref.capstone import files
from s2s_ref.capstone.task import practice
from s2s_ref.cli import main as cli
from s2s_ref.data import corpus


@pytest.fixture
def s2s(capsys, tmp_path, monkeypatch):
    """Run the command in this process, in an empty folder; returns exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(files.VARIABLE, raising=False)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "pairs.tsv"
    drawn = corpus.korean_english(300, max_len=8, share=0.1)
    path.write_text("".join(f"{p.tgt}\t{p.src}\tCC-BY somebody\n" for p in drawn), encoding="utf-8")
    return path


def prepare(s2s, pairs):
    answer = s2s("capstone", "prepare", pairs, "--folder", "class", "--held-out", 40)
    assert answer[0] == 0
    return answer


def write(lines, path):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_prepare_makes_a_folder_to_give_out_and_one_to_keep(s2s, pairs, tmp_path):
    _, out, err = prepare(s2s, pairs)
    assert err == ""
    students = tmp_path / "class" / "students" / "capstone"
    instructor = tmp_path / "class" / "instructor"
    assert str(students) in out
    assert str(instructor) in out
    assert "40 sentences to translate, 20 of them with their references" in out
    assert not files.read(students).references.keys() >= set(files.read(students).sources)
    assert files.read(instructor).references.keys() == set(files.read(instructor).sources)


def test_prepare_never_overwrites(s2s, pairs, tmp_path):
    prepare(s2s, pairs)
    references = tmp_path / "class" / "instructor" / "references.tsv"
    before = references.read_bytes()
    code, out, err = s2s(
        "capstone", "prepare", pairs, "--folder", "class", "--held-out", 40, "--seed", 1
    )
    assert (code, out) == (2, "")
    assert "exists already" in err
    assert references.read_bytes() == before


def test_prepare_takes_thresholds_and_refuses_what_are_none(s2s, pairs, tmp_path):
    given = ("capstone", "prepare", pairs, "--folder", "class", "--held-out", 40, "--thresholds")
    for wrong in ("many", "30,20", "0,10"):
        code, out, err = s2s(*given, wrong)
        assert (code, out) == (2, "")
        assert err.startswith("s2s: Thresholds are")
    assert not (tmp_path / "class").exists()
    assert s2s(*given, "20, 30.5")[1].count("20, 30.5") == 1
    assert files.read(tmp_path / "class" / "instructor").thresholds == (20, 30.5)


def test_prepare_names_a_file_that_is_not_there_or_too_small(s2s, pairs):
    code, _, err = s2s("capstone", "prepare", "no.txt", "--folder", "class")
    assert (code, err.count("\n")) == (2, 1)
    assert "no.txt" in err
    code, _, err = s2s("capstone", "prepare", pairs, "--folder", "class")
    assert code == 2
    assert "leave nothing to train on" in err


def test_score_shows_the_public_half_to_students_and_both_to_the_instructor(s2s, pairs, tmp_path):
    prepare(s2s, pairs)
    students, instructor = tmp_path / "class/students/capstone", tmp_path / "class/instructor"
    known = files.read(instructor)
    file = write((known.references[s][0] for s in known.sources), tmp_path / "mine.txt")
    code, out, err = s2s("score", file, "--folder", students)
    assert (code, err) == (0, "")
    assert "public half, 20 lines: BLEU 100.0, chrF 100.0" in out
    assert "hidden half, " not in out
    assert "case:mixed" in out
    assert "equal share of the points" in out
    both = s2s("score", file, "--folder", instructor)[1]
    assert "hidden half, 20 lines: BLEU 100.0, chrF 100.0" in both


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda lines: lines[:-1], "has 39"),
        (lambda lines: ["", *lines[1:]], "1 empty lines"),
        (lambda lines: None, "There is no translations.txt"),  # noqa: ARG005
    ],
)
def test_score_says_what_is_wrong_with_a_file_and_ends_with_1(s2s, pairs, tmp_path, change, told):
    prepare(s2s, pairs)
    known = files.read(tmp_path / "class" / "instructor")
    lines = change([known.references[s][0] for s in known.sources])
    if lines is not None:
        write(lines, tmp_path / "translations.txt")
    code, out, err = s2s("score", "--folder", "class/students/capstone")
    assert (code, err) == (1, "")
    assert told in out
    assert out.count("\n") == 1


def test_score_finds_the_folder_beside_the_file_or_says_how_to_make_one(s2s, tmp_path):
    code, out, err = s2s("score")
    assert (code, out) == (2, "")
    assert "s2s capstone practice" in err
    assert "4,000 pairs" in s2s("capstone", "practice")[1]
    made = practice()
    lines = [made.references[s][0] for s in made.sources]
    write(lines, tmp_path / "translations.txt")
    code, out, _ = s2s("score")
    assert code == 0
    assert "chrF 100.0" in out
    assert "not graded" in out
    write(made.sources, tmp_path / "translations.txt")
    assert "copies the source" in s2s("score")[1]
