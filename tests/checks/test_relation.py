"""How a wrong result relates to the right one, and for which cases it is wrong."""

import pytest
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from s2s_ref.checks.registry import EXERCISES, OF_NO_LESSON, exercise
from s2s_ref.student.client import try_check


@pytest.fixture(autouse=True)
def _forget():
    yield
    for name in [n for n, e in EXERCISES.items() if e.lesson == OF_NO_LESSON]:
        del EXERCISES[name]


def outer(
    rows: Float[Tensor, "batch tgt_len hidden"], columns: Float[Tensor, "batch src_len hidden"]
) -> Float[Tensor, "batch tgt_len src_len"]:
    """Multiply every row by every column."""
    return rows @ columns.transpose(1, 2)


@pytest.fixture(scope="module")
def made():
    @exercise(reference=outer, title="Made for a test")
    def scores(draw, batch=2, tgt_len=3, src_len=5, hidden=4):
        return {
            "rows": draw.normal(batch, tgt_len, hidden),
            "columns": draw.normal(batch, src_len, hidden),
        }

    return scores


def test_a_factor_is_called_by_the_axis_whose_size_it_is(made):
    found = said(made, lambda rows, columns: outer(rows, columns) / rows.shape[-1] ** 0.5)
    assert "divided by the square root of the size of the axis hidden" in found["relation"]


def said(made, code):
    EXERCISES[made.name] = made
    return try_check(made.name, code)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x.transpose(1, 2), "the axes tgt_len and src_len are exchanged"),
        (lambda x: x.flip(2), "in reverse order along the axis src_len"),
        (lambda x: x[:, :-1], "the last position of the axis tgt_len is missing"),
        (lambda x: x.unsqueeze(0), "an axis of length 1 too many"),
        (lambda x: x.sum(dim=1), "it is the sum over the axis tgt_len"),
        (lambda x: x[:, -1], "only the last position of the axis tgt_len came back"),
        (lambda x: x[:1], "only the first sentence came back"),
        (lambda x: x[:, :2] ** 2 if x.shape[1] > 1 else x, "the axis tgt_len is too short"),
        (lambda x: torch.cat([x[:1], 0 * x[1:]]), "everything but the first sentence is zero"),
        (lambda x: x.softmax(dim=-1), "there is one softmax too many"),
        (lambda x: -x, "the sign is wrong"),
        (lambda x: x / 2, "every value is multiplied by 1/2"),
        (lambda x: x + 1, "every value is 1 too large"),
        (lambda x: x.round(decimals=2), "the right result was rounded"),
        (lambda x: x.flatten(1), "the values are right, in another shape"),
        (lambda x: (x, None), "the first of several"),
        (lambda x: x.tolist(), "in a list instead of a tensor"),
        (lambda x: [row.exp() + 1 for row in x], "a list came back, not a tensor"),
        (lambda x: x.sum().item(), "a number came back, not a tensor"),
        (lambda x: x.double(), "the values are right, but they are float64, not float32"),
    ],
)
def test_a_relation_is_said_in_words(made, change, words):
    found = said(made, lambda rows, columns: change(outer(rows, columns)))
    assert words in found["relation"]
    assert words in found["headline"]
    assert found["question"].endswith("?")


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (1, "Only the first position of the axis tgt_len is right."),
        (-1, "Only the last position of the axis tgt_len is wrong."),
    ],
)
def test_which_part_is_right_is_said_below_the_place(made, right, words):
    def partly(rows, columns):
        scores = outer(rows, columns)
        if scores.shape[1] == 1:
            return scores
        return torch.cat([scores[:, :right], scores[:, right:] ** 2], dim=1)

    found = said(made, partly)
    assert words in found["why"]
    assert found["place"]
    assert found["relation"] in words.lower()


@pytest.mark.parametrize(
    "change", [lambda x: x**3, lambda x: x + 1 + torch.arange(x.shape[2]), lambda x: 1.7 * x]
)
def test_a_result_without_a_known_relation_has_none(made, change):
    assert not said(made, lambda rows, columns: change(outer(rows, columns)))["relation"]


def test_a_relation_must_hold_in_every_failing_case(made):
    def sometimes(rows, columns):
        right = outer(rows, columns)
        return right.flip(2) if rows.shape[1] > 1 else right + 1

    assert not said(made, sometimes)["relation"]


def test_the_cases_that_fail_are_described(made):
    def for_one_only(rows, columns):
        return outer(rows[:1], columns[:1]).expand(len(rows), -1, -1).clone()

    found = said(made, for_one_only)
    assert found["relation"] == "it is the same for every sentence"
    assert "right only for a batch of one" in found["why"]


def parts(
    scores: Float[Tensor, "batch len"],
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"], Int[Tensor, " batch"]]:
    """Return the sum, the largest value and where it stands."""
    return scores.sum(dim=1), *scores.max(dim=1)


def test_results_in_another_order_are_seen_so():
    @exercise(reference=parts, title="Made for a test")
    def summary(draw, batch=3, len=4):
        return {"scores": draw.normal(batch, len)}

    def moved(scores):
        first, *others = parts(scores)
        return *others, first

    assert said(summary, moved)["relation"] == "the results are in the wrong order"


def positive(scores: Float[Tensor, "batch len"]) -> Bool[Tensor, "batch len"]:
    """Tell which scores are above zero."""
    return scores > 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (lambda scores: scores <= 0, "True and False are the wrong way round"),
        (lambda scores: (scores <= 0).float(), "True and False are the wrong way round"),
        (lambda scores: (scores > 0).long(), "the values are right, but they are int64, not bool"),
    ],
)
def test_truth_values_have_relations_of_their_own(code, words):
    @exercise(reference=positive, title="Made for a test")
    def signs(draw, batch=3, len=4):
        return {"scores": draw.normal(batch, len)}

    assert said(signs, code)["relation"] == words


def listing(names: list[str]) -> str:
    """Write each name on a line of its own, and `-` for one that is empty."""
    return "".join(f"{name or '-'}\n" for name in names)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (lambda names: listing(sorted(names)), "the right lines, in another order"),
        (lambda names: listing([name for name in names if name]), "some lines are missing"),
        (lambda names: "".join(f"{name}\n" for name in names), "some lines are empty"),
        (lambda names: listing([name[:3] for name in names]), "some lines end too early"),
        (
            lambda names: listing([name and f"{name}?" for name in names]),
            "hold more than they should",
        ),
        (lambda names: listing(names).splitlines(), "a list came back, not a text"),
    ],
)
def test_texts_are_compared_line_by_line(code, words):
    @exercise(reference=listing, title="Made for a test")
    def text(draw, batch=3, len=4):
        del batch, len
        return {"names": ["seoul", "", *draw.shuffled(["jeju", "busan", "daegu"])]}

    assert words in said(text, code)["relation"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (lambda names: [name if name else "None" for name in names], "a text stands"),
        (lambda names: [torch.tensor(1) for _ in names], "a tensor stands"),
    ],
)
def test_items_of_a_list_have_kinds_too(code, words):
    def known(names: list[str]) -> list[str | None]:
        return [name or None for name in names]

    @exercise(reference=known, title="Made for a test")
    def known_names(draw, batch=3, len=4):
        del batch, len
        return {"names": ["", *draw.shuffled(["jeju", "busan", "daegu"])]}

    found = said(known_names, code)
    assert found["relation"] == f"{words} in the list instead of None"


def weigh(
    scores: Float[Tensor, "batch len"], mask: Bool[Tensor, "batch len"]
) -> Float[Tensor, " batch"]:
    """Average over the real positions."""
    return (scores * mask).sum(dim=1) / mask.sum(dim=1)


def test_a_special_case_is_called_so():
    @exercise(reference=weigh, title="Made for a test", skip=["padding"])
    def means(draw, batch=3, len=4):
        lengths = torch.arange(batch) % len + 1
        mask = torch.arange(len) < lengths.unsqueeze(1)
        return {"scores": draw.normal(batch, len), "mask": mask}

    def squeezed(scores, mask):
        return weigh(scores, mask).squeeze()

    found = said(means, squeezed)
    assert not found["passed"]
    assert "It is wrong only for a batch of one." in found["why"]


def test_two_results_with_two_faults_are_told_by_the_first():
    def ends(rows: Float[Tensor, "batch len"]) -> tuple[Float[Tensor, "batch len"], Tensor]:
        return rows * 2, rows[:, -1]

    @exercise(reference=ends, title="Made for a test", returns=("doubled", "last"))
    def both(draw, batch=2, len=4):
        return {"rows": draw.normal(batch, len)}

    found = said(both, lambda rows: (rows[:, :-1] * 2, rows[:, 0] ** 2))
    assert found["relation"] == "the last position of the axis len is missing"
