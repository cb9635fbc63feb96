"""The exercise `exact_match`: the share of sentences that are right."""

from s2s_ref import encoder_decoder
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=encoder_decoder.exact_match,
    title="Exact match",
    returns="share",
    edges=[{"sentences": 1}, {"sentences": 3, "right": 1}],
    plain_number=True,
    hints=[
        "A sentence counts when it equals its reference from the first word to the last. What "
        "share of the sentences counts?",
        "Two lists of lists come in, equally long; one number from 0 to 1 comes out.",
        "[[4, 5], [6]] against [[4, 5], [6, 7]]: the first is right, the second is too short: 0.5.",
    ],
)
def exact_match(draw: Draw, sentences=0, right=0, vocab=60):
    """Draw references, and hypotheses that are right or differ in one way each.

    With `sentences` 0 there is every kind of hypothesis, once or twice; with `right` 1, all of
    them are right.
    """
    kinds = [*hypotheses_for([0, 0, 0], 0), "right"]
    chosen = [*kinds, *(kind for kind in kinds if draw.chance(0.4))]
    chosen = ["right"] * sentences if right else chosen
    references: list[list[int]] = [[3, 3, 3]]
    hypotheses: list[list[int]] = [[3, 3, 3]]
    for kind in draw.shuffled(chosen)[: sentences or None]:
        *reference, other = draw.distinct(3, vocab, draw.integer(5, 7))
        options = hypotheses_for(reference, other) | {"neighbour": references[-1]}
        references.append(reference)
        hypotheses.append(options[kind])
    if not sentences:  # two sources may have the same translation
        references.append(references[1])
        hypotheses.append(references[1])
    order = draw.shuffled(list(range(len(references))))[: sentences or None]
    return {
        "hypotheses": [hypotheses[i] for i in order],
        "references": [references[i] for i in order],
    }


def hypotheses_for(reference: list[int], other: int) -> dict[str, list[int]]:
    """Return what a model may have said, by how it differs from the reference."""
    first, second, third, *rest = reference
    return {
        "right": reference,
        "inside": [first, other, third, *rest],
        "last": [*reference[:-1], other],
        "order": [first, third, second, *rest],
        "counts": [first, second, second, third, *rest],
        "repeated": [first, second, first, *rest],
        "shorter": reference[:-1],
        "longer": [*reference, other],
        "nothing": [],
        "neighbour": reference,
    }


@exact_match.mistake(
    "words were counted, not sentences",
    why="One wrong verb spoils a translation; a share of words hides that.",
    question="When does a sentence count as right?",
)
def share_of_words(hypotheses, references):
    right = total = 0
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        right += sum(h == r for h, r in zip(hypothesis, reference, strict=False))
        total += len(reference)
    return right / total


@exact_match.mistake(
    "the comparison ends with the shorter sentence",
    why="'I' would count as a right translation of 'I am a student'.",
    question="What does `zip` do when one list is longer?",
)
def shorter_counts(hypotheses, references):
    pairs = zip(hypotheses, references, strict=True)
    right = [all(h == r for h, r in zip(hyp, ref, strict=False)) for hyp, ref in pairs]
    return sum(right) / len(references)


@exact_match.mistake(
    "the order of the words is ignored",
    why="'The dog chased the cat' and 'the cat chased the dog' have the same words.",
    question="What is lost when you sort a list or make it a set?",
)
def order_ignored(hypotheses, references):
    pairs = zip(hypotheses, references, strict=True)
    return sum(sorted(hyp) == sorted(ref) for hyp, ref in pairs) / len(references)


@exact_match.mistake(
    "this is a count, not a share",
    why="A count cannot be compared between test sets of different sizes.",
    question="By what must the number of right sentences be divided?",
)
def counted(hypotheses, references):
    return sum(hyp == ref for hyp, ref in zip(hypotheses, references, strict=True))


@exact_match.mistake(
    "the share is in percent",
    why="In this course a share is a number from 0 to 1. Only the figures show percent.",
    question="What is the largest value that a share can have?",
)
def percent(hypotheses, references):
    right = sum(hyp == ref for hyp, ref in zip(hypotheses, references, strict=True))
    return 100 * right / len(references)


@exact_match.mistake(
    "a hypothesis counts when it equals any reference",
    why="Each hypothesis must be compared with the reference of its own source.",
    question="Which reference belongs to the third hypothesis?",
)
def any_reference(hypotheses, references):
    return sum(hyp in references for hyp in hypotheses) / len(references)


@exact_match.alternative
def exact_match_with_loop(hypotheses, references):
    right = 0
    for i in range(len(references)):
        if hypotheses[i] == references[i]:
            right += 1
    return right / len(references)


exact_match.edit(
    "every_with_every",
    "every hypothesis was compared with every reference",
    base=exact_match_with_loop,
    replace={
        "hypotheses[i] == references[i]": "hypotheses[i] in references",
        "right += 1": "right += references.count(hypotheses[i])",
    },
    why="Each hypothesis must be compared with the reference of its own source.",
    question="Which reference belongs to the third hypothesis?",
)

exact_match.edit(
    "same_object",
    "`is` compares objects, not what they hold",
    base=exact_match_with_loop,
    replace={"hypotheses[i] == references[i]": "hypotheses[i] is references[i]"},
    why="Two lists with the same words are two objects, so nothing is ever right.",
    question="Which operator asks whether two lists hold the same?",
)

exact_match.edit(
    "divided_by_words",
    "the number of right sentences was divided by the number of words",
    base=exact_match_with_loop,
    replace={"right / len(references)": "right / sum(len(row) for row in references)"},
    why="Even where all sentences are right, the share would be far below 1.",
    question="How many answers did the model give: one for each sentence, or one for each word?",
)

exact_match.edit(
    "returns_in_the_loop",
    "it returns after the first sentence",
    base=exact_match_with_loop,
    replace={"\n    return": "\n        return"},
    why="The other sentences are never compared.",
    question="How far is your `return` indented: does it belong to the loop, or come after it?",
)

exact_match.edit(
    "counts_ignored",
    "only the sets of words were compared",
    base=exact_match_with_loop,
    replace={"hypotheses[i] == references[i]": "set(hypotheses[i]) == set(references[i])"},
    why="'The dog chased the cat' and 'the cat chased the dog' have the same words.",
    question="What is lost when you sort a list or make it a set?",
)

exact_match.edit(
    "lengths_compared",
    "only the lengths were compared",
    base=exact_match_with_loop,
    replace={"hypotheses[i] == references[i]": "len(hypotheses[i]) == len(references[i])"},
    why="A translation with as many words may have none of the right ones.",
    question="Which step compares the words themselves?",
)

exact_match.edit(
    "error_rate",
    "this is the share of wrong sentences",
    base=exact_match_with_loop,
    replace={"hypotheses[i] == references[i]": "hypotheses[i] != references[i]"},
    why="It falls while the model learns; a share of right ones rises.",
    question="Which of the two do you count: sentences that are right, or that are not?",
)

exact_match.edit(
    "whole_number",
    "the share was rounded down to a whole number",
    base=exact_match_with_loop,
    replace={"right / len": "right // len"},
    why="`//` drops what stands behind the point, so only a perfect model has more than 0.",
    question="What is 3 // 4, and what is 3 / 4?",
)

exact_match.edit(
    "rounded",
    "the share was rounded",
    base=exact_match_with_loop,
    replace={"right / len(references)": "round(right / len(references), 2)"},
    why="Two models that differ a little would look the same.",
    question="Which step changes the number only to make it shorter?",
)

exact_match.edit(
    "empty_left_out",
    "sentences for which the model said nothing were left out",
    base=exact_match_with_loop,
    replace={"right / len(references)": "right / sum(map(bool, hypotheses))"},
    why="A model could raise its share by staying silent.",
    question="How many sentences were to be translated?",
)


@exact_match.mistake(
    "this is the mean share of right words",
    why="One wrong verb spoils a translation; a share of words hides that.",
    question="What does each sentence add to the count: 0 or 1, or something between?",
)
def mean_of_shares(hypotheses, references):
    shares = []
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        right = sum(h == r for h, r in zip(hypothesis, reference, strict=False))
        shares.append(right / max(len(hypothesis), len(reference)))
    return sum(shares) / len(shares)


@exact_match.mistake(
    "words were counted, not sentences",
    why="One wrong verb spoils a translation; a share of words hides that.",
    question="When does a sentence count as right?",
    raises="division",
)
def words_up_to_the_shorter(hypotheses, references):
    right = total = 0
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        for said, wanted in zip(hypothesis, reference, strict=False):
            right += said == wanted
            total += 1
    return right / total


exact_match.edit(
    "mean_share_of_the_references",
    "this is the mean share of right words",
    base=mean_of_shares,
    replace={"max(len(hypothesis), len(reference))": "len(reference)"},
    why="One wrong verb spoils a translation; a share of words hides that.",
    question="What does each sentence add to the count: 0 or 1, or something between?",
)
