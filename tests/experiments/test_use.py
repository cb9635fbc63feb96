"""An experiment uses the student's work where it passes, and the course's own where it does not."""

import pytest
from small_course import mistake

from s2s_ref.exercises.start_here import encode_sentence
from s2s_ref.experiments.use import card_text, use
from s2s_ref.student import record
from s2s_ref.student.card import WIDTH

NAME = "start_here.encode_sentence"


def test_work_that_passes_is_used_without_a_word(capsys):
    alternative = encode_sentence.encode_sentence.alternatives[0]
    assert use(NAME, alternative) is alternative
    assert capsys.readouterr() == ("", "")


def raises(sentence, vocabulary):
    raise NotImplementedError


@pytest.mark.parametrize("yours", [mistake("bos_missing"), raises, None, "text"])
def test_work_that_does_not_pass_never_blocks(capsys, yours):
    assert use(NAME, yours) is encode_sentence.reference_encode_sentence
    out, err = capsys.readouterr()
    assert out == (
        "Your encode_sentence does not pass its check yet, so this experiment uses the course's "
        "own.\n"
    )
    assert err == ""


def test_an_experiment_notes_no_progress():
    use(NAME, mistake("bos_missing"))
    card_text(NAME, mistake("bos_missing"))
    assert record.load() == {"checks": {}, "hints": {}}


def test_what_the_check_would_say():
    text = card_text(NAME, mistake("nested"))
    assert "the right ids, in a list inside a list" in text
    assert all(len(line) <= WIDTH for line in text.splitlines())
    assert card_text(NAME, encode_sentence.reference_encode_sentence).startswith("✓")


def test_an_exercise_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match=r"no exercise 'start_here\.nonsense'"):
        use("start_here.nonsense", raises)
