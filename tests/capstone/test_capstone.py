"""The capstone: split, folders, files that cannot be scored, scores and points."""

import codecs
import json

import pytest
import sacrebleu

from s2s_ref.capstone import baseline, files, prepare, scoring, submission, task
from s2s_ref.capstone import errors as capstone_errors
from s2s_ref.capstone.submission import SubmissionError
from s2s_ref.capstone.task import Capstone
from s2s_ref.data import corpus
from s2s_ref.data.files import read_pairs
from s2s_ref.data.pairs import Pair


def made_up(count):
    """Pairs of which every fifth source has a second reference, with attributions."""
    pairs = []
    for i in range(count):
        pairs.append(
            Pair(f"문장 {i} 입니다.", f"Here is sentence number {i}.", attribution=f"CC-BY #{i}")
        )
        if i % 5 == 0:
            pairs.append(Pair(f"문장 {i} 입니다.", f"This is the sentence with number {i}."))
    return pairs


@pytest.fixture
def made():
    return prepare.hold_out(made_up(60), held_out=10, thresholds=[20, 40, 60, 80])


@pytest.fixture
def folders(made, tmp_path):
    students, instructor = tmp_path / "out" / "capstone", tmp_path / "instructor"
    files.write(made, students, instructor)
    return students, instructor


def right(made):
    return [made.references[source][-1] for source in made.sources]


def hand_in(lines, tmp_path):
    path = tmp_path / "translations.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


# ------------------------------------------------------------------ holding out


def test_the_held_out_sources_and_their_targets_are_not_in_training(made):
    assert len(set(made.sources)) == 10
    assert not set(made.sources) & {p.src for p in made.train}
    assert not {t for ts in made.references.values() for t in ts} & {p.tgt for p in made.train}
    assert list(made.public) + list(made.hidden) == list(range(10))
    assert len(made.public) == len(made.hidden)


def test_all_references_of_a_source_are_kept(made):
    everything = corpus.references(made_up(60))
    assert made.references == {source: everything[source] for source in made.sources}
    assert any(len(known) == 2 for known in made.references.values())


def test_the_same_seed_holds_out_the_same_and_another_one_others():
    draws = [prepare.hold_out(made_up(60), 10, seed, [50]).sources for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize("thresholds", [[], [30, 20], [0, 10], [50, 101], [30, 30]])
def test_thresholds_must_rise_from_above_0_to_at_most_100(thresholds):
    with pytest.raises(ValueError, match="Write for example 20,30,40"):
        prepare.hold_out(made_up(60), 10, thresholds=thresholds)


def test_too_many_sentences_to_hold_out():
    with pytest.raises(ValueError, match="leave nothing to train on"):
        prepare.hold_out(made_up(60), 60)
    with pytest.raises(ValueError, match="at least 2"):
        prepare.hold_out(made_up(60), 1)


def test_thresholds_begin_where_the_nearest_sentence_is_and_rise():
    pairs = corpus.korean_english(900, max_len=8, share=0.1)
    made = prepare.hold_out(pairs, 100)
    lines = baseline.nearest(made.sources, made.train)
    reached = scoring.score(lines, made, made.hidden).chrf
    assert made.thresholds[0] <= reached < made.thresholds[0] + 1
    assert len(made.thresholds) == prepare.STEPS
    assert list(made.thresholds) == sorted(set(made.thresholds))


def test_practice_is_the_same_every_time_is_not_graded_and_leaks_nothing():
    one, again = task.practice(), task.practice()
    assert one == again
    assert not one.graded
    assert len(one.sources) == task.PRACTICE_HELD_OUT
    assert len(one.train) == task.PRACTICE_TRAINING
    assert not set(one.sources) & {p.src for p in one.train}
    assert not {p.tgt for p in task.practice_held_out()} & {p.tgt for p in one.train}


# ------------------------------------------------------------------ folders


def test_students_get_the_public_references_only(made, folders):
    students, instructor = folders
    assert {p.name for p in students.iterdir()} == {
        *("train.tsv", "source.txt", "public.tsv", "about.json")
    }
    text = "".join(p.read_text(encoding="utf-8") for p in students.iterdir())
    for row in made.hidden:
        for reference in made.references[made.sources[row]]:
            assert f"{reference}\t" not in text
    theirs, ours = files.read(students), files.read(instructor)
    assert theirs.references == {
        made.sources[r]: made.references[made.sources[r]] for r in range(5)
    }
    assert (ours.references, ours.sources, ours.train) == (made.references, made.sources, [])
    assert [(p.src, p.tgt, p.attribution) for p in theirs.train] == [
        (p.src, p.tgt, p.attribution) for p in made.train
    ]
    assert theirs.thresholds == ours.thresholds == (20, 40, 60, 80)


def test_a_folder_that_is_there_is_never_overwritten(folders, tmp_path):
    students, instructor = folders
    before = (instructor / "references.tsv").read_bytes()
    other = prepare.hold_out(made_up(80), 10, thresholds=[50])
    for target in (students, tmp_path / "new"):
        with pytest.raises(ValueError, match="exists already"):
            files.write(other, target, instructor)
    assert (instructor / "references.tsv").read_bytes() == before
    assert not (tmp_path / "new").exists()


def test_a_folder_that_was_changed_is_noticed(folders, tmp_path):
    students, _ = folders
    with pytest.raises(ValueError, match=r"is no capstone's folder.*s2s capstone practice"):
        files.read(tmp_path)
    source = students / "source.txt"
    lines = source.read_text(encoding="utf-8").splitlines()
    source.write_text("\n".join(lines[1:]), encoding="utf-8")
    with pytest.raises(ValueError, match=r"expected 10 lines, got 9.*as it was given out"):
        files.read(students)
    source.unlink()
    with pytest.raises(ValueError, match=r"source\.txt cannot be read"):
        files.read(students)
    (students / "about.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match=r"about\.json cannot be read"):
        files.read(students)


def test_a_capstone_is_found_beside_the_notebook_by_its_variable_or_is_practice(
    folders, tmp_path, monkeypatch
):
    students, instructor = folders
    assert not files.find(tmp_path).graded
    assert files.find(students.parent).graded
    monkeypatch.setenv(files.VARIABLE, str(instructor))
    assert len(files.find(tmp_path).references) == 10
    monkeypatch.setenv(files.VARIABLE, str(tmp_path / "no"))
    with pytest.raises(ValueError, match="is no capstone's folder"):
        files.find()


# ------------------------------------------------------------------ files that cannot be scored


@pytest.mark.parametrize(
    "content",
    [
        b"One.\nTwo.\n",
        b"One.\nTwo.",
        b"One.\r\nTwo.\r\n",
        codecs.BOM_UTF8 + b"One.\nTwo.\n",
        b"One.\rTwo.\r",
    ],
)
def test_line_ends_and_byte_order_marks_do_not_matter(content):
    assert submission.lines_in(content) == ["One.", "Two."]


def test_characters_that_python_takes_for_line_ends_do_not_cut_a_line():
    assert submission.lines_in("a\u2028b\x0cc\nd\n".encode()) == ["a\u2028b\x0cc", "d"]


@pytest.mark.parametrize(
    ("content", "seems"),
    [
        ("안녕\n".encode("utf-16"), "UTF-16"),
        ("Hello.\n".encode("utf-16-le"), "another encoding"),
        ("café\n".encode("latin-1"), "another encoding"),
        ("안녕\n".encode("cp949"), "another encoding"),
    ],
)
def test_another_encoding_is_named_with_its_fix(content, seems):
    with pytest.raises(SubmissionError, match=rf"not in UTF-8.*{seems}.*encoding=\"utf-8\""):
        submission.lines_in(content)


def test_a_file_that_is_not_there(tmp_path):
    missing = r"There is no translations\.txt in .*notebook of lesson"
    with pytest.raises(SubmissionError, match=missing):
        submission.read_translations(tmp_path / "translations.txt")
    with pytest.raises(SubmissionError, match="cannot be read"):
        submission.read_translations(tmp_path)


SOURCES = [f"문장 {i}" for i in range(8)]
LINES = [f"Sentence {i}" for i in range(8)]


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        ([], ["should have 8 lines", "has 0", "It is empty"]),
        (LINES[:7], ["8 lines", "has 7", "left out"]),
        ([*LINES, "one more"], ["has 9", "line break"]),
        (LINES[:4], ["has 4", "both halves"]),
        ([*LINES[:3], "", *LINES[3:], " "], ["has 10", "Delete the empty lines (lines 4, 10)"]),
        ([*LINES[:7], " "], ["1 empty lines", "(line 8)", '"?"']),
        ([""] * 8, ["8 empty lines", "lines 1, 2, 3, 4, 5 and 3 more"]),
        (SOURCES, ["copies the source in 8 of 8 lines", "list of translations"]),
        ([*SOURCES[:4], *LINES[4:]], ["copies the source in 4 of 8"]),
        ([s.replace(" ", "  ") for s in SOURCES], ["copies the source in 8 of 8"]),
    ],
)
def test_a_fault_says_what_was_expected_what_came_and_what_mends_it(lines, parts):
    told = submission.fault(lines, SOURCES)
    assert told.startswith("translations.txt ")
    for part in parts:
        assert part in told


def test_a_good_file_has_no_fault_even_with_some_copies():
    assert submission.fault(LINES, SOURCES) == ""
    assert submission.fault([*SOURCES[:3], *LINES[3:]], SOURCES) == ""


# ------------------------------------------------------------------ scores and points


def test_scores_are_sacrebleus_on_all_references_of_the_half(made):
    lines = [made.references[s][0].replace("sentence", "word") for s in made.sources]
    for rows in (made.public, made.hidden):
        streams = [
            [made.references[made.sources[r]][0] for r in rows],
            [(made.references[made.sources[r]] + [None])[1] for r in rows],
        ]
        found = scoring.score(lines, made, rows)
        theirs = sacrebleu.corpus_bleu([lines[r] for r in rows], streams)
        assert found.bleu == pytest.approx(theirs.score)
        theirs = sacrebleu.corpus_chrf([lines[r] for r in rows], streams)
        assert found.chrf == pytest.approx(theirs.score)
        assert "case:mixed" in found.signature
        assert "tok:13a" in found.signature


def test_a_translation_that_is_any_of_the_references_is_perfect(made):
    assert scoring.score(right(made), made) == (100, 100, scoring.score(right(made), made)[2])
    half = [*right(made)[:5], *["nothing"] * 5]
    assert scoring.score(half, made).chrf == 100
    assert scoring.score(half, made, made.hidden).chrf < 20


def test_students_cannot_score_the_hidden_half(made, folders):
    theirs = files.read(folders[0])
    assert scoring.score(right(made), theirs).chrf == 100
    with pytest.raises(ValueError, match="with the instructor: score the public half"):
        scoring.score(right(made), theirs, theirs.hidden)


@pytest.mark.parametrize(
    ("value", "worth"), [(0, 0), (19.9, 0), (20, 2), (45, 4), (79.9, 6), (80, 8), (100, 8)]
)
def test_each_threshold_gives_an_equal_share(value, worth):
    assert scoring.points(value, (20, 40, 60, 80), 8) == worth


def test_the_hidden_half_alone_decides_the_points(made, folders, tmp_path):
    lines = right(made)
    full = scoring.grade(hand_in(lines, tmp_path), folders[1], 9)
    assert (full.points, full.most) == (9, 9)
    assert "4 of 4 thresholds are reached: 20, 40, 60, 80" in full.message
    only_public = [*lines[:5], *["nothing"] * 5]
    none = scoring.grade(hand_in(only_public, tmp_path), folders[1], 9)
    assert none.points == 0
    assert "public half: 100.0" in none.message
    only_hidden = [*["nothing"] * 5, *lines[5:]]
    assert scoring.grade(hand_in(only_hidden, tmp_path), folders[1], 9).points == 9


def test_a_partly_right_file_gets_a_part(made, folders, tmp_path):
    lines = right(made)
    lines[5:8] = ["nothing at all here"] * 3
    part = scoring.grade(hand_in(lines, tmp_path), folders[1], 8)
    assert 0 < part.points < 8


def test_a_file_that_cannot_be_scored_is_worth_nothing_and_says_why(made, folders, tmp_path):
    missing = scoring.grade(tmp_path / "translations.txt", folders[1], 9)
    assert missing.points == 0
    assert "There is no translations.txt" in missing.message
    short = scoring.grade(hand_in(right(made)[:-1], tmp_path), folders[1], 9)
    assert short.points == 0
    assert "has 9" in short.message
    path = tmp_path / "translations.txt"
    path.write_bytes("\n".join(right(made)).encode("utf-16"))
    assert "UTF-16" in scoring.grade(path, folders[1], 9).message


def test_an_instructors_folder_that_was_changed_is_an_error_and_no_mark(folders, tmp_path):
    about = folders[1] / "about.json"
    told = json.loads(about.read_text(encoding="utf-8"))
    about.write_text(json.dumps(told | {"lines": 11}), encoding="utf-8")
    with pytest.raises(ValueError, match="as it was given out"):
        scoring.grade(tmp_path / "translations.txt", folders[1], 9)


# ------------------------------------------------------------------ tools for the student


def test_the_nearest_training_sentence_answers():
    train = [
        Pair("저는 책을 샀어요.", "I bought a book."),
        Pair("저는 물을 마셔요.", "I drink water."),
        Pair("고양이가 잤어요.", "A cat slept."),
    ]
    asked = ["고양이가 잤어요?", "저는 책을 팔았어요.", "zzz"]
    assert baseline.nearest(asked, train) == ["A cat slept.", "I bought a book.", train[0].tgt]


def test_the_nearest_sentence_is_the_one_that_shares_most_pieces():
    """Compared with every training sentence, no shortcut."""
    pairs = corpus.korean_english(400, max_len=8, share=0.1)
    train, asked = pairs[:350], [p.src for p in pairs[350:]]

    def pieces(text):
        text = f"  {text} "
        return {text[i : i + 3] for i in range(len(text) - 2)}

    def likeness(a, b):
        return len(pieces(a) & pieces(b)) / len(pieces(a) | pieces(b))

    found = baseline.nearest(asked, train)
    best = [max(likeness(a, p.src) for p in train) for a in asked]
    reached = 0
    for sentence, answer, most in zip(asked, found, best, strict=True):
        ours = max(likeness(sentence, p.src) for p in train if p.tgt == answer)
        reached += ours == pytest.approx(most)
    assert reached >= 0.9 * len(asked)


@pytest.mark.parametrize(
    ("translation", "kind"),
    [
        ("", "nothing said"),
        ("?", "nothing said"),
        ("I bought a <unk> yesterday.", "unknown word"),
        ("I bought a a book yesterday.", "repeats itself"),
        ("I bought.", "too short"),
        ("I bought a book and a pen and then we went home.", "too long"),
        ("I sold a book yesterday.", "other words"),
    ],
)
def test_the_kind_of_an_error_is_guessed_from_its_words(translation, kind):
    assert capstone_errors.kind_of(translation, "I bought a book yesterday.") == kind


def test_the_worst_sentences_come_by_kind_and_right_ones_do_not():
    sources = [f"문장 {i}" for i in range(8)]
    known = {s: [f"This is the sentence number {i}.", "Or so."] for i, s in enumerate(sources)}
    made = Capstone([], sources, known, (50,))
    lines = ["Or so.", "This.", "This is a sentence number 2.", "?", *["x"] * 4]
    errors = capstone_errors.worst(lines, made)
    assert [(e.line, e.kind) for e in errors] == [
        (4, "nothing said"),
        (2, "too short"),
        (3, "other words"),
    ]
    assert errors[2].reference == "This is the sentence number 2."
    assert capstone_errors.worst(lines, made, most=1)[0].line == 4
    text = capstone_errors.table(errors)
    assert "too short: 1 of 3" in text
    assert "translation  This is a sentence number 2." in text


# ------------------------------------------------------------------ real sentences


@pytest.mark.parametrize("file", ["kor-eng/kor.txt", "fra-eng/fra.txt"])
def test_real_files_make_capstones(file, shared_data, tmp_path):
    pairs = read_pairs(shared_data / file)
    made = prepare.hold_out(pairs)
    assert len(made.sources) == 1000
    assert not set(made.sources) & {p.src for p in made.train}
    files.write(made, tmp_path / "capstone", tmp_path / "instructor")
    theirs = files.read(tmp_path / "capstone")
    assert theirs.sources == made.sources
    assert [p.attribution for p in theirs.train] == [p.attribution for p in made.train]
    lines = baseline.nearest(theirs.sources, theirs.train)
    graded = scoring.grade(hand_in(lines, tmp_path), tmp_path / "instructor", 6)
    assert graded.points == 1  # what no model is needed for
