"""Checks, cards, hints and progress, in a notebook and outside."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from s2s_ref.checks.card_text import ability
from s2s_ref.checks.judge import Judge
from s2s_ref.checks.prepare import prepare
from s2s_ref.checks.registry import find, load_all
from s2s_ref.rnn import one_hot, rnn_step, unroll
from s2s_ref.student import (
    CheckFailed,
    card,
    check,
    client,
    explain_missing_answers,
    hint,
    progress,
    record,
)
from s2s_ref.student.codec import decode, encode
from s2s_ref.student.observe import observe
from s2s_ref.student.protocol import Call, Observation, UnknownExercise
from s2s_ref.student.remote_judge import SOCKET_VARIABLE, SocketJudge


def tanh_forgotten(x, h, W_xh, W_hh, b):
    return x @ W_xh + h @ W_hh + b


def unwritten(*_):
    raise NotImplementedError


# ------------------------------------------------------------------ check


def test_a_pass_is_one_line_and_nothing_comes_back(capfd):
    assert check("rnn.rnn_step", rnn_step) is None
    out, err = capfd.readouterr()
    assert err == ""
    assert out.startswith("✓ rnn_step: it can now mix one word with what was read before: tanh(")
    assert "Checked: values, shapes, gradients, " in " ".join(out.split())


def test_a_failure_prints_its_card_and_raises_one_line(capfd):
    with pytest.raises(CheckFailed) as caught:
        check("rnn.rnn_step", tanh_forgotten)
    assert str(caught.value) == "rnn.rnn_step: the tanh is left out"
    out, err = capfd.readouterr()
    assert err == ""
    assert out.startswith("rnn_step: the tanh is left out")
    assert "(lesson 1, exercise 2)" in out.splitlines()[0]


def test_a_failed_check_is_an_assertion_error_as_nbgrader_expects():
    assert issubclass(CheckFailed, AssertionError)


def test_an_exercise_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match=r"no exercise 'rnn\.step'. Did you mean 'rnn\.rnn_step'"):
        check("rnn.step", rnn_step)


def test_a_check_draws_its_cases_once(monkeypatch):
    exercise, draws = find("rnn.rnn_step"), []

    def counting(draw, batch=2, embed=3, hidden=5):
        draws.append((batch, embed, hidden))
        return drawn(draw, batch, embed, hidden)

    drawn = exercise.draw
    monkeypatch.setattr(exercise, "draw", counting)
    prepare.cache_clear()
    check("rnn.rnn_step", rnn_step)
    once = len(draws)
    assert once > 0
    check("rnn.rnn_step", rnn_step)
    with pytest.raises(CheckFailed):
        check("rnn.rnn_step", tanh_forgotten)
    assert len(draws) == once
    prepare.cache_clear()


# ------------------------------------------------------------------ what must be fixed first


def test_an_earlier_exercise_that_fails_is_named_until_it_passes(capfd):
    def card_of_unroll():
        with pytest.raises(CheckFailed):
            check("rnn.unroll", unwritten)
        return " ".join(capfd.readouterr().out.split())

    told = "rnn.rnn_step does not pass yet, and this exercise calls it: fix that one first."
    assert told in card_of_unroll()
    with pytest.raises(CheckFailed):
        check("rnn.rnn_step", tanh_forgotten)
    assert told in card_of_unroll()
    check("rnn.rnn_step", rnn_step)
    assert told not in card_of_unroll()


def test_each_of_several_earlier_exercises_is_named(capfd):
    earlier = [f"attention.{name}" for name in ("dot_scores", "attention_weights")]
    with pytest.raises(CheckFailed):
        check("attention.LuongDecoder", unwritten)
    out = " ".join(capfd.readouterr().out.split())
    assert all(f"{name} does not pass yet" in out for name in earlier)
    check(earlier[0], find(earlier[0]).reference)
    with pytest.raises(CheckFailed):
        check("attention.LuongDecoder", unwritten)
    out = " ".join(capfd.readouterr().out.split())
    assert f"{earlier[0]} does not pass yet" not in out
    assert f"{earlier[1]} does not pass yet" in out


# ------------------------------------------------------------------ in a notebook


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """IPython in this process, without a history file."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_cell("from s2s_ref.student import check, explain_missing_answers, hint, progress")
    yield made
    InteractiveShell.clear_instance()


def run(shell, source):
    """Run a cell and return its outcome with what it wrote and displayed."""
    with capture_output() as written:
        result = shell.run_cell(source, store_history=True)
    return result, written


WRONG = """\
def rnn_step(x, h, W_xh, W_hh, b):
    return x @ W_xh + h @ W_hh + b"""


def test_a_failure_in_a_notebook_is_a_card_and_a_one_line_traceback(shell):
    result, written = run(shell, WRONG + "\ncheck('rnn.rnn_step', rnn_step)")
    assert isinstance(result.error_in_exec, CheckFailed)
    assert written.stderr == ""
    assert written.stdout.strip() == "CheckFailed: rnn.rnn_step does not pass yet."
    (output,) = written.outputs
    assert output.data["text/plain"].startswith("rnn_step: the tanh is left out")
    assert "<strong>rnn_step: the tanh is left out</strong>" in output.data["text/html"]


def test_a_pass_in_a_notebook_is_displayed_and_is_no_cells_result(shell):
    result, written = run(shell, "from s2s_ref import rnn\ncheck('rnn.one_hot', rnn.one_hot)")
    assert result.success
    assert result.result is None
    assert (written.stdout, written.stderr) == ("", "")
    (output,) = written.outputs
    assert set(output.data) == {"text/plain", "text/html"}
    assert output.data["text/plain"].startswith("✓ one_hot: ")


def test_the_students_own_line_in_a_notebook_is_shown(shell):
    source = "def one_hot(ids, vocab_size):\n    wide = ids @ ids\n    return wide"
    _, written = run(shell, source + "\ncheck('rnn.one_hot', one_hot)")
    assert "line 2    wide = ids @ ids" in written.outputs[0].data["text/plain"]


@pytest.mark.parametrize("call", ['hint("rnn.unrol")', 'check("rnn.unrol", print)'])
def test_a_name_that_no_exercise_has_is_one_line_in_a_notebook(shell, call):
    _, written = run(shell, call)
    told = "UnknownExercise: There is no exercise 'rnn.unrol'. Did you mean 'rnn.unroll'?"
    assert written.stdout.strip() == told


MISSING = "unroll is not defined: its cell is missing or did not run."


@pytest.mark.parametrize(
    "cell", ['check("rnn.unroll", unroll)', "x = 1\nwalk = use('a.b', use(\"rnn.unroll\", unroll))"]
)
def test_an_answer_whose_cell_did_not_run_is_one_line_in_a_notebook(shell, cell):
    run(shell, "explain_missing_answers()")
    result, written = run(shell, "def use(name, yours):\n    return yours\n" + cell)
    assert isinstance(result.error_in_exec, NameError)
    assert str(result.error_in_exec) == MISSING
    assert written.stdout.strip() == f"NameError: {MISSING}"


def test_other_names_that_are_not_defined_keep_their_traceback(shell):
    run(shell, "explain_missing_answers()")
    for cell in ("y = unroll", "check(nothing, unroll)", 'check("rnn.unroll", len(unroll))'):
        result, written = run(shell, cell)
        assert str(result.error_in_exec).endswith("is not defined")
        assert "Traceback" in written.stdout


BROKEN = WRONG.replace("x @ W_xh", "torch.tanh(x @ W_xh") + "  # a parenthesis is missing"
MODULE = """\
class Encoder:
    def forward(self):
        return 1

    def other(self):
        return 2"""


def about_an_earlier_version(written):
    texts = [" ".join(text.split()) for text in written.outputs[0].data.values()]
    told = {"This is an earlier version of rnn_step: the cell" in text for text in texts}
    assert len(told) == 1
    return told.pop()


def test_a_check_says_that_the_cell_has_failed_since(shell):
    checked = "check('rnn.rnn_step', rnn_step)"
    for cell, earlier in (
        (WRONG, False),
        (BROKEN, True),
        ("x = 1", True),
        (f"1 / 0\n{WRONG} + 0", True),
        (f"1 / 0\n{WRONG}\n    return 0", True),
        (f"1 / 0\n{WRONG}  # a comment\n\n    # another one\n\nx = 3", False),
        (f"{WRONG}\n1 / 0", False),  # its lines count, although the cell failed later on
        (f"{BROKEN}\n", True),
        (f"%%time\n{WRONG} - 1", False),
        ("from s2s_ref.rnn import rnn_step", False),
    ):
        run(shell, cell)
        _, written = run(shell, checked)
        assert about_an_earlier_version(written) == earlier, cell


def test_a_pass_says_too_that_the_cell_has_failed_since(shell):
    right = WRONG.replace("x @ W_xh + h @ W_hh + b", "(x @ W_xh + h @ W_hh + b).tanh()")
    run(shell, right)
    run(shell, BROKEN)
    _, written = run(shell, "check('rnn.rnn_step', rnn_step)")
    assert written.outputs[0].data["text/plain"].startswith("✓")
    assert about_an_earlier_version(written)


def test_the_versions_of_a_class_are_told_apart_by_all_its_methods(shell):
    run(shell, "from s2s_ref.student.notebook_hooks import is_earlier_version")
    for cell, earlier in (
        (MODULE, False),
        (MODULE.replace("return 2", "return (2"), True),
        (MODULE.replace("2", "3"), False),
        (f"1 / 0\n{MODULE.replace('1', '0')}", True),
    ):
        run(shell, cell)
        assert run(shell, "is_earlier_version(Encoder)")[0].result is earlier
    for value in ("'a'", "len", "[1]", "int"):
        assert run(shell, f"is_earlier_version({value})")[0].result is False


def test_importing_the_students_side_leaves_the_notebook_as_it_is(shell):
    before = shell.CustomTB
    run(shell, "import importlib, s2s_ref.student; importlib.reload(s2s_ref.student)")
    assert (shell.custom_exceptions, shell.CustomTB) == ((), before)


def test_outside_a_notebook_there_is_nothing_to_explain():
    assert explain_missing_answers() is None


def test_hints_and_progress_in_a_notebook(shell):
    _, written = run(shell, "hint('rnn.one_hot')\nprogress()")
    one, other = (output.data for output in written.outputs)
    assert one["text/plain"].startswith("Hint 1 of 3:")
    assert other["text/html"].startswith("<details open><summary>Lesson 0")


# ------------------------------------------------------------------ cards

VERDICT = {
    "exercise": "rnn.rnn_step",
    "lesson": 1,
    "number": 2,
    "passed": False,
    "headline": "<b>bold</b> & so on",
    "mistake": "",
    "kind": "value",
    "given": "x = '<script>alert(1)</script>'",
    "expected": "<eos>",
    "got": "<img src=x onerror=alert(1)>",
    "why": "a < b",
    "question": "Is <bos> there?",
    "after": ["rnn.<i>x</i>"],
    "printed": "<u>x</u>",
}


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.opened, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)
        assert {name for name, _ in attrs} <= {"style", "scope"}

    def handle_endtag(self, tag):
        assert tag in self.opened

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("passed", [False, True])
def test_html_is_escaped_and_says_the_same(passed):
    tags = Tags()
    tags.feed(card.html({**VERDICT, "passed": passed}))
    allowed = {"div", "strong", "span", "table", "tr", "th", "td", "code", "em", "pre"}
    assert set(tags.opened) <= allowed
    text = " ".join(tags.text)
    for part in (
        ("headline",)
        if passed
        else ("headline", "given", "expected", "got", "why", "question", "printed")
    ):
        assert VERDICT[part] in text


def test_backticks_become_code_in_html_and_nothing_of_a_student_becomes_html():
    made = card.html(
        {**VERDICT, "passed": False, "question": "What does `x<b>` do, `y`?", "got": "`z`"}
    )
    assert "What does <code>x&lt;b&gt;</code> do, <code>y</code>?" in made
    assert ">`z`</code>" in made


@pytest.mark.parametrize("passed", [False, True])
def test_the_text_of_a_card_has_the_colour_of_the_page(passed):
    """No other colour has a contrast of 4.5 on a light page and on a dark one."""
    made = card.html({**VERDICT, "passed": passed})
    assert "opacity" not in made
    assert set(re.findall(r"[^-\w]color:([^;\"]+)", made)) <= {"inherit"}


def test_the_rows_of_a_card_have_headings_and_its_code_is_plain():
    made = card.html(VERDICT)
    assert re.findall(r'<th scope="row"[^>]*>(\w+)</th>', made) == ["given", "expected", "got"]
    assert made.count("<tr") == made.count('<tr style="background:none"') == 3
    assert all(
        "background:none" in code for code in re.findall(r"<code[^>]*>", made.split("<em")[0])
    )


@pytest.mark.parametrize(
    ("number", "kind", "place"),
    [(2, "value", "exercise 2"), (3, "prediction", "prediction 3"), (0, "value", "bonus")],
)
def test_a_card_counts_as_the_notebook_does(number, kind, place):
    verdict = {**VERDICT, "number": number, "kind": kind}
    assert card.text(verdict).splitlines()[0].endswith(f"(lesson 1, {place})")
    assert f"(lesson 1, {place})" in card.html(verdict)


def test_long_lines_are_broken_at_83_columns():
    long = dict.fromkeys(("headline", "given", "got", "why", "question"), "word " * 60 + "x" * 200)
    lines = card.text({**VERDICT, **long}).splitlines()
    assert max(map(len, lines)) == 83
    passed = card.text({**VERDICT, **long, "passed": True}).splitlines()
    assert max(map(len, passed)) <= 83


def test_the_parts_of_a_card_stand_in_order_and_empty_ones_are_left_out():
    text = card.text({**VERDICT, "given": "", "after": []})
    labels = [line.split()[0] for line in text.splitlines()[1:]]
    assert labels == ["expected", "got", "a", "Is", "For", "Your", "<u>x</u>"]


def test_a_long_row_is_folded_and_whole_inside():
    long = "x = [" + ", ".join(map(str, range(300))) + "]"
    made = card.html({**VERDICT, "given": long})
    begin, whole = re.findall(r"<details><summary>(.*?)</summary>(.*?)</details>", made)[0]
    assert long in whole
    assert "…" in begin
    assert len(begin) < 600 < len(long)
    assert made.count("<details") == 1
    assert " ".join(long.split()) in " ".join(card.text({**VERDICT, "given": long}).split())


# ------------------------------------------------------------------ what a pass says

VERBS = (
    "average|continue|compare|cut|do|extend|group|keep|let|look|mark|mix|put|read|return|reverse|"
    "score|see|split|translate|turn|write"
)


@pytest.mark.parametrize(
    "exercise", [e for e in load_all() if e.kind != "prediction"], ids=lambda e: e.name
)
def test_a_pass_says_what_works_now(exercise):
    """\"It can now\" needs the verb of an imperative, and one clause."""
    words = ability(exercise)
    assert re.match(f"({VERBS}) ", words)
    assert not words.endswith((".", " "))
    assert ";" not in words
    assert "19" not in words
    assert "20" not in words


# ------------------------------------------------------------------ hints


def test_hints_come_one_by_one_below_those_taken_and_then_whom_to_ask(capfd):
    hints = find("rnn.rnn_step").hints
    told = [f"Hint {i} of 3: {' '.join(text.split())}" for i, text in enumerate(hints, 1)]
    for expected in (told[:1], told[:2], told, [*told, client.NO_MORE_HINTS]):
        hint("rnn.rnn_step")
        out = capfd.readouterr().out
        assert " ".join(out.split()) == " ".join(expected)
        assert max(map(len, out.splitlines())) <= card.WIDTH
    hint("rnn.unroll")
    assert capfd.readouterr().out.startswith("Hint 1 of 3:")


def test_an_exercise_without_hints_says_so(capfd):
    hint("rnn.positions")
    assert capfd.readouterr().out == "There is no hint for rnn.positions.\n"


def first_words(capfd):
    return capfd.readouterr().out.split(":")[0]


def test_without_a_name_the_exercise_that_failed_last_gets_its_hint(capfd):
    for name in ("rnn.rnn_step", "rnn.unroll", "rnn.rnn_step", "rnn.positions"):
        with pytest.raises(CheckFailed):
            check(name, unwritten)
    capfd.readouterr()
    hint()
    assert first_words(capfd) == "Hint 1 of 3 for rnn.rnn_step"
    check("rnn.rnn_step", rnn_step)
    capfd.readouterr()
    hint()
    assert first_words(capfd) == "Hint 1 of 3 for rnn.unroll"


def test_without_a_name_and_without_a_failure_the_names_are_listed(capfd):
    hint()
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == 'No check has failed. Name an exercise, as in hint("rnn.unroll"):'
    assert lines[1] == "  lesson 0: start_here.encode_sentence, start_here.decode_ids"
    assert "rnn.positions" not in " ".join(lines)
    assert max(map(len, lines)) <= card.WIDTH


@pytest.mark.parametrize("wrong", ["unrol", "unroll", "rnn.unrol", unroll])
def test_a_wrong_name_brings_the_nearest(wrong):
    with pytest.raises(UnknownExercise, match=r"Did you mean 'rnn\.unroll'\?"):
        hint(wrong)


def test_a_name_like_none_brings_the_way_to_all_names():
    with pytest.raises(UnknownExercise, match=r"progress\(\) lists them all"):
        hint("xyzzy")
    with pytest.raises(UnknownExercise, match=r"Its lesson has rnn\.one_hot, rnn\.rnn_step,"):
        hint("rnn.qqqqqqqqqqqqqqqqq")


def test_a_card_that_asked_the_first_hint_is_followed_by_the_second(capfd):
    """A card shows the first hint if there is no better question."""
    with pytest.raises(CheckFailed):
        check("attention.dot_scores", lambda q, k: q.cumsum(1) @ k.transpose(1, 2) ** 3)
    assert " ".join(find("attention.dot_scores").hints[0].split()) in " ".join(
        capfd.readouterr().out.split()
    )
    hint("attention.dot_scores")
    out = capfd.readouterr().out
    assert "Hint 1 of 3" in out
    assert "Hint 2 of 3" in out


def test_what_is_not_written_yet_does_not_take_the_first_hint_away(capfd):
    with pytest.raises(CheckFailed):
        check("rnn.rnn_step", unwritten)
    out = " ".join(capfd.readouterr().out.split())
    assert "What should come back for the example in the text above the cell?" in out
    assert find("rnn.rnn_step").hints[0][:40] not in out
    hint("rnn.rnn_step")
    assert first_words(capfd) == "Hint 1 of 3"


# ------------------------------------------------------------------ progress


def lines_of_progress(capfd):
    capfd.readouterr()
    progress()
    return capfd.readouterr().out.splitlines()


def test_progress_shows_what_passes_and_what_is_next(capfd):
    assert lines_of_progress(capfd)[-1] == "Next: lesson 0, A sentence as ids."
    first = find("start_here.encode_sentence")
    check(first.name, first.reference)
    with pytest.raises(CheckFailed):
        check("rnn.rnn_step", tanh_forgotten)
    lines = lines_of_progress(capfd)
    shown = {" ".join(line.split()) for line in lines}
    assert "✓ A sentence as ids start_here.encode_sentence" in shown
    assert "Lesson 0 █░░ 1 of 3" in shown
    assert "✗ One step of an RNN rnn.rnn_step" in shown
    assert "· Reading a whole sentence rnn.unroll" in shown
    assert "· One step of a GRU (bonus) rnn.gru_step" in shown
    assert max(map(len, lines)) <= card.WIDTH
    assert lines[-1] == "Next: lesson 0, Ids as a sentence."


def test_other_lessons_than_the_next_and_the_last_checked_are_folded(capfd, shell):
    check("attention.dot_scores", find("attention.dot_scores").reference)
    text = "\n".join(lines_of_progress(capfd))
    assert "  · A sentence as ids" in text
    assert "  ✓ How well do two states agree?" in text
    assert "one_hot" not in text
    assert "Lesson 1  ░░░░░░░░░░░░░  0 of 13\nLesson 2  " in text
    progress(everything=True)
    assert "  · Words as one-hot vectors" in capfd.readouterr().out
    _, written = run(shell, "progress()")
    html = written.outputs[0].data["text/html"]
    unfolded = re.findall(r"<details open><summary>Lesson (\d)", html)
    assert (unfolded, html.count("<details>")) == (["0", "7"], 8)
    assert all(html.count(exercise.name + "</td>") == 1 for exercise in load_all())
    assert html.count('aria-label="passes"') == 1


def test_progress_with_everything_passed(capfd):
    for exercise in load_all():
        if not exercise.bonus:
            record.note_check(exercise.name, True, "")
    assert lines_of_progress(capfd)[-1] == "Every exercise passes."


def test_a_later_failure_is_noted_too(capfd):
    check("rnn.one_hot", one_hot)
    with pytest.raises(CheckFailed):
        check("rnn.one_hot", unwritten)
    assert any("✗ Words as one-hot vectors" in line for line in lines_of_progress(capfd))


def test_progress_survives_a_restart():
    check("rnn.unroll", unroll)
    hint("rnn.unroll")
    program = "from s2s_ref.student import hint, progress; progress(); hint('rnn.unroll')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ
    )
    assert "  ✓ Reading a whole sentence" in done.stdout
    assert "Hint 2 of 3" in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        '{"checks": {}}',
        '{"checks": [], "hints": {}}',
        '{"checks": {"rnn.one_hot": 3}, "hints": {}}',
        '{"checks": {"rnn.one_hot": {}}, "hints": {}}',
        '{"checks": {}, "hints": {"rnn.one_hot": "two"}}',
        b"\xff\xfe",
    ],
)
def test_a_corrupt_record_is_set_aside_and_not_lost(text, capfd):
    folder = record.state_folder()
    for number in (1, 2):
        folder.mkdir(parents=True, exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode()
        (folder / "progress.json").write_bytes(data)
        check("rnn.one_hot", one_hot)
        assert (folder / f"progress.unreadable-{number}.json").read_bytes() == data
        assert record.load()["checks"]["rnn.one_hot"]["passed"]
    assert any("✓ Words as one-hot vectors" in line for line in lines_of_progress(capfd))


# ------------------------------------------------------------------ the judge over bytes


class Spy:
    """A judge that records all messages."""

    def __init__(self):
        self.judge, self.messages = Judge(b"another key"), []

    def ask(self, request):
        answer = self.judge.ask(request)
        self.messages += [decode(request), decode(answer)]
        return answer


def test_only_plain_messages_cross_and_no_expected_value_is_sent(monkeypatch):
    spy = Spy()
    monkeypatch.setattr(client, "_judge", spy)
    check("rnn.rnn_step", rnn_step)
    asked, cases, observed, verdict = spy.messages
    assert asked == {"do": "cases", "exercise": "rnn.rnn_step"}
    assert set(cases) == {"ticket", "kind", "calls"}
    assert {type(call) for call in cases["calls"]} == {Call}
    assert {type(seen) for seen in observed["observations"]} == {Observation}
    assert verdict["passed"] is True
    call = cases["calls"][0]
    expected = rnn_step(*call.arguments.values())
    sent = [*call.arguments.values(), *call.cotangents.values()]
    assert not any(t.shape == expected.shape and torch.allclose(t, expected) for t in sent)


def test_the_judge_counts_the_observations():
    judge = Judge()
    asked = decode(judge.ask(encode({"do": "cases", "exercise": "rnn.one_hot"})))
    request = {"do": "verdict", "ticket": asked["ticket"], "observations": []}
    verdict = decode(judge.ask(encode(request)))
    assert not verdict["passed"]
    assert verdict["headline"] == "the answer has a form that no check sends"


def test_two_keys_draw_other_cases():
    request = encode({"do": "cases", "exercise": "rnn.rnn_step"})
    one, other = (decode(Judge(key).ask(request))["calls"][0] for key in (b"a", b"b"))
    assert not torch.equal(one.arguments["x"], other.arguments["x"])


def test_malformed_requests_are_refused_as_they_are_when_grading():
    for request in (encode({"do": "shutdown"}), encode(["cases"]), b"", b"\x80\x04K\x01."):
        assert decode(Judge().ask(request))["refused"].endswith(".")


def test_a_ticket_is_good_for_one_verdict():
    judge = Judge()
    asked = decode(judge.ask(encode({"do": "cases", "exercise": "rnn.one_hot"})))
    seen = [observe(one_hot, call) for call in asked["calls"]]
    request = encode({"do": "verdict", "ticket": asked["ticket"], "observations": seen})
    assert decode(judge.ask(request))["passed"]
    assert "was answered" in decode(judge.ask(request))["refused"]


def test_one_variable_says_which_judge_answers(monkeypatch):
    monkeypatch.setattr(client, "_judge", None)
    assert isinstance(client.judge(), Judge)
    monkeypatch.setattr(client, "_judge", None)
    monkeypatch.setenv(SOCKET_VARIABLE, "/nowhere")
    assert isinstance(client.judge(), SocketJudge)
