"""The command s2s: what it prints, where it prints errors, and how it ends."""

import io
import json
import subprocess
import sys
import unicodedata

import pytest

import s2s_ref
from s2s_ref.cli import main as cli
from s2s_ref.data import corpus
from s2s_ref.workspace import doctor, lab
from s2s_ref.workspace.doctor import Finding, Status


@pytest.fixture
def s2s(capsys):
    """Run the command in this process; returns its exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def pairs_file(tmp_path):
    path = tmp_path / "pairs.txt"
    lines = [f"Sentence {i}.\t문장 {i}.\tCC-BY someone #{i}\n" for i in range(20)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_version_and_help(s2s):
    assert s2s("--version") == (0, f"s2s {s2s_ref.__version__}\n", "")
    code, out, _ = s2s("--help")
    assert code == 0
    assert all(name in out for name in ("lab", "doctor", "data", "Exit codes"))


def test_a_hint_by_name_and_without(s2s, tmp_path, monkeypatch):
    monkeypatch.setenv("S2S_STATE", str(tmp_path))
    assert s2s("hint", "rnn.unroll")[1].startswith("Hint 1 of 3: ")
    code, out, _ = s2s("hint")
    assert code == 0
    assert out.startswith("No check has failed. Name an exercise")
    code, out, err = s2s("hint", "unrol")
    assert (code, out) == (2, "")
    assert "There is no exercise 'unrol'. Did you mean 'rnn.unroll'?" in err


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["data", "nonsense"], ["doctor", "--nonsense"], ["data", "show"]]
)
def test_bad_usage_ends_with_2_and_says_so_on_stderr(s2s, arguments):
    code, out, err = s2s(*arguments)
    assert (code, out) == (2, "")
    assert "--help" in err


def test_help_imports_nothing_heavy():
    program = (
        "import sys\n"
        "from s2s_ref.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = 'torch numpy matplotlib nbgrader nbformat jupyterlab IPython tokenizers tqdm'\n"
        "print('HEAVY', sorted(set(heavy.split()) & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_data_list_names_every_corpus(s2s):
    code, out, _ = s2s("data", "list")
    assert code == 0
    assert all(entry.name in out for entry in corpus.available())


def test_data_show_prints_source_gloss_and_target(s2s):
    code, out, _ = s2s("data", "show", "korean-english", "-n", "3")
    assert code == 0
    expected = corpus.load("korean-english", count=3, seed=0)
    assert [line for line in out.splitlines() if not line.startswith(" ")] == [
        pair.src for pair in expected
    ]
    assert all(f"→ {pair.tgt}" in out and " ".join(pair.gloss) in out for pair in expected)


def test_data_show_draws_by_the_seed(s2s, pairs_file):
    first, again, other = (
        s2s("data", "show", str(pairs_file), "-n", "4", "--seed", seed)[1] for seed in "112"
    )
    assert first == again
    assert first != other
    assert first.count("→") == 4
    assert "CC-BY someone" in first


def test_data_get_of_a_built_in_corpus_says_so(s2s):
    code, out, _ = s2s("data", "get", "sums")
    assert code == 0
    assert "built in" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data", "show", "koraen-english"], "Did you mean 'korean-english'"),
        (["data", "show", "absent.txt"], "absent.txt"),
        (["data", "get", "nonsense"], "no download called 'nonsense'"),
    ],
)
def test_bad_input_is_one_sentence_on_stderr(s2s, arguments, message):
    code, out, err = s2s(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("s2s: ")
    assert message in err
    assert "Traceback" not in err


def test_s2s_debug_shows_where_an_error_came_from(monkeypatch):
    monkeypatch.setenv("S2S_DEBUG", "1")
    with pytest.raises(ValueError, match="nonsense"):
        cli.main(["data", "get", "nonsense"])


def test_a_fault_that_is_not_ours_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(corpus, "available", lambda: json.loads("not json"))
    with pytest.raises(json.JSONDecodeError):
        cli.main(["data", "list"])


def test_a_file_that_cannot_be_written_is_named(s2s, tmp_path):
    (tmp_path / "lessons" / "00_start").mkdir(parents=True)
    (tmp_path / "lessons" / "00_start" / "a.ipynb").write_text("a")
    (tmp_path / "file").write_text("")
    folders = ["--lessons", str(tmp_path / "lessons"), "--work", str(tmp_path / "file" / "work")]
    code, _, err = s2s("lab", *folders)
    assert code == 2
    assert err.startswith("s2s: ")
    assert "file" in err


def test_lab_says_what_it_copies_and_passes_options_on(s2s, tmp_path, monkeypatch):
    lesson, work = tmp_path / "lessons" / "00_start", tmp_path / "work"
    lesson.mkdir(parents=True)
    (lesson / "a.ipynb").write_text("a")
    folders = ["--lessons", str(tmp_path / "lessons"), "--work", str(work)]
    code, out, _ = s2s("lab", *folders, "--dry-run", "--no-browser", "--port", "9")
    assert code == 0
    assert "00_start" in out
    assert out.rstrip().endswith("--no-browser --port 9")
    assert not work.exists()

    opened = []
    monkeypatch.setattr(lab, "open_lab", lambda folder, options: opened.append([folder, *options]))
    assert s2s("lab", *folders, "--no-browser")[0] == 0
    assert opened == [[work, "--no-browser"]]
    assert (work / "00_start" / "a.ipynb").read_text() == "a"
    _, out, _ = s2s("lab", *folders)
    assert "00_start, as you have it" in out


def test_lab_without_a_repository_says_what_is_missing(s2s, tmp_path, monkeypatch):
    from s2s_ref.workspace import repository

    monkeypatch.setattr(
        repository, "__file__", str(tmp_path / "s2s_ref" / "workspace" / "repository.py")
    )
    monkeypatch.chdir(tmp_path)
    code, _, err = s2s("lab")
    assert code == 2
    assert "Clone the repository" in err


def test_lab_works_from_a_folder_inside_the_repository(s2s, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "seq2seq-course"\n')
    (tmp_path / "lessons" / "00_start").mkdir(parents=True)
    (tmp_path / "lessons" / "00_start" / "a.ipynb").write_text("a")
    monkeypatch.chdir(tmp_path / "lessons" / "00_start")
    code, out, _ = s2s("lab", "--dry-run")
    assert code == 0
    assert f"--ServerApp.root_dir={tmp_path / 'work'}" in out


FINDINGS = [Finding("fine", Status.OK, "1.0"), Finding("odd", Status.WARN, "[slow]", "do [this]")]
MISSING = Finding("gone", Status.MISSING, "not here", "pip install gone")


@pytest.mark.parametrize(("findings", "expected"), [(FINDINGS, 0), ([*FINDINGS, MISSING], 1)])
def test_doctor_ends_with_1_only_if_something_needed_is_missing(
    s2s, monkeypatch, findings, expected
):
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    code, out, _ = s2s("doctor")
    assert code == expected
    assert "fix: do [this]" in out
    assert ("pip install gone" in out) == bool(expected)

    code, out, _ = s2s("doctor", "--json")
    assert code == expected
    told = json.loads(out)
    assert told["healthy"] == (not expected)
    assert [finding["status"] for finding in told["findings"]][:2] == ["ok", "warn"]


def test_a_terminal_without_hangul_gets_question_marks_not_an_error(monkeypatch):
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="ascii"))
    with pytest.raises(SystemExit) as ended:
        cli.main(["data", "show", "korean-english", "-n", "1"])
    assert not ended.value.code
    sys.stdout.flush()
    assert b"?" in printed.getvalue()


def test_korean_comes_out_composed_and_whole(s2s, pairs_file):
    _, out, _ = s2s("data", "show", str(pairs_file), "-n", "20")
    assert out == unicodedata.normalize("NFC", out)
    assert all(f"문장 {i}." in out for i in range(20))


def test_output_cut_off_by_another_command_is_no_error(pairs_file):
    program = "import sys, s2s_ref.cli.main; s2s_ref.cli.main.main(sys.argv[1:])"
    command = [sys.executable, "-c", program, "data", "show", str(pairs_file), "-n", "20"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert errors == b""
    assert process.returncode == 1
