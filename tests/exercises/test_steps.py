"""The steps of every exercise: the answers compute them, and two mistakes have the first's name."""

import itertools
import re
import tomllib
from pathlib import Path

import pytest

from s2s_ref.checks.locate import traced_case
from s2s_ref.checks.place import given_values, longhand, named_quantities, step_of
from s2s_ref.checks.prepare import prepare, seed_of
from s2s_ref.checks.registry import find, load_all
from s2s_ref.checks.source import edited_together
from s2s_ref.checks.values import values_of
from s2s_ref.student.client import try_check
from s2s_ref.student.protocol import Step
from s2s_ref.student.trace import trace

LACKING = tomllib.loads(Path(__file__).with_name("lacking_steps.toml").read_text(encoding="utf-8"))
"""By exercise and answer, the steps that an answer takes in another way, or not at all."""

WITH_STEPS = [e for e in load_all() if e.steps]
"""One operation is no way: `dot_scores` and others like it have no steps."""


def lacking(exercise):
    """Return the steps that the reference and the other answers lack on an ordinary case."""
    ready = prepare(exercise.name, seed_of(b"practice", exercise.name))
    call = ready.cases[traced_case(ready, range(len(ready.cases)))].call
    base = longhand(exercise)
    given = values_of([Step(name, value) for name, value in given_values(call).items()])
    quantities = named_quantities(exercise, base, trace(base, call), given)
    steps = [q for q in quantities if step_of(exercise, q)]
    assert {q.bare for q in steps} == {re.split(r"[ .\[]", name)[0] for name in exercise.steps}
    found = {}
    for answer in [exercise.reference, *exercise.alternatives]:
        values = values_of(trace(answer, call))
        names = [q.bare for q in steps if not any(value.equals(q) for value in values)]
        if names:
            found[answer.__name__] = list(dict.fromkeys(names))
    return found


@pytest.mark.parametrize("exercise", WITH_STEPS, ids=lambda e: e.name)
def test_the_answers_take_the_steps_or_are_listed(exercise):
    assert lacking(exercise) == LACKING.get(exercise.name, {})


@pytest.mark.parametrize("exercise", WITH_STEPS, ids=lambda e: e.name)
def test_a_step_has_words_for_a_card_and_a_question(exercise):
    for words, question in exercise.steps.values():
        assert words.startswith("the ")
        assert question.endswith("?")
        assert question[0].isupper()


COMBINED = [
    *("rnn.one_hot", "rnn.token_accuracy", "rnn.gru_step", "encoder_decoder.exact_match"),
    *("padding.pad", "padding.masked_cross_entropy", "teacher_forcing.perplexity"),
    *("decoding.trim_at_eos", "decoding.beam_step", "bottleneck.score_by_length"),
    *("attention.attention_weights", "attention.alignment_matrix", "translate.translation_file"),
]


def with_two_mistakes(exercise, count):
    """Yield some answers with the changes of two edits of one base, and the names of both."""
    pairs = itertools.combinations(exercise.edits.items(), 2)
    of_one_base = (pair for pair in pairs if pair[0][1][0] is pair[1][1][0])
    made = (
        ((one, other), edited_together(base, exercise.short, [changes, more]))
        for (one, (base, changes)), (other, (_, more)) in of_one_base
    )
    yield from itertools.islice(((names, code) for names, code in made if code), count)


@pytest.mark.parametrize("name", COMBINED)
def test_of_two_mistakes_at_once_one_is_named(name):
    exercise = find(name)
    answers = list(with_two_mistakes(exercise, 4))
    assert len(answers) == 4
    for names, code in answers:
        assert try_check(name, code)["mistake"] in names, names
