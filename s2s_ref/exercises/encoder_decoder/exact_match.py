"""The exercise `exact_match`: the share of sentences that are right."""

from s2s_ref import encoder_decoder
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=encoder_decoder.exact_match,
    title="Exact match",
    longhand="exact_match_in_long_hand",
    steps={
        "right": ("the hits", "When does a sentence count as right?"),
    },
    returns="share",
    edges=[{"group": 1}, {"group": 2}, {"group": 3}, {"group": 4}, {"group": 5}],
    plain_number=True,
    hints=[
        "A sentence counts when it equals its reference from the first word to the last. What "
        "share of the sentences counts?",
        "Two lists of lists come in, equally long; one number from 0 to 1 comes out.",
        "[[4, 5], [6]] against [[4, 5], [6, 7]]: the first is right, the second is too short: 0.5.",
    ],
)
def exact_match(draw: Draw, group=0, vocab=60):
    """Draw references, and hypotheses that are right or differ in one way each.

    `group` 0 has every kind of hypothesis. Kind number n is in group g from 1 to 4 if bit g - 1 of
    n is set: no two kinds are in the same groups, so no two mistakes look alike. In group 5 all
    hypotheses are right.
    """
    kinds = list(hypotheses_for([0, 0, 0], 0))
    numbered = [kind for n, kind in enumerate(kinds, 1) if not group or n >> (group - 1) & 1]
    chosen = ["right"] * 3 if group == 5 else draw.shuffled(numbered)
    references: list[list[int]] = [[3, 3, 3], [3, 3, 3]]
    hypotheses: list[list[int]] = [[3, 3, 3], [3, 3, 3]]
    for kind in chosen:
        *reference, other = draw.distinct(5, vocab, draw.integer(5, 7))
        options = hypotheses_for(reference, other) | {"neighbour": references[-1]}
        references.append(reference)
        hypotheses.append(options[kind])
    order = draw.shuffled(list(range(len(references))))
    return {
        "hypotheses": [hypotheses[i] for i in order],
        "references": [references[i] for i in order],
    }


def hypotheses_for(reference: list[int], other: int) -> dict[str, list[int]]:
    """Return what a model may have said, by how it differs from the reference."""
    first, second, third, *rest = reference
    return {
        "right": reference,
        "first": [other, second, third, *rest],
        "inside": [first, other, third, *rest],
        "last": [*reference[:-1], other],
        "order": [first, third, second, *rest],
        "counts": [first, second, second, third, *rest],
        "repeated": [first, second, first, *rest],
        "sum": [first - 1, second + 1, third, *rest],
        "shorter": reference[:-1],
        "without first": reference[1:],
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
    "the result is 1 if every sentence is right, and 0 otherwise",
    base=exact_match_with_loop,
    replace={"right / len": "right // len"},
    why="A share lies anywhere between 0 and 1: three right sentences of four make 0.75.",
    question="Which step makes one answer, or a whole number, of all the sentences?",
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


exact_match.edit(
    "prefix_counts",
    "a hypothesis counts when it only begins like its reference",
    base=exact_match_with_loop,
    replace={
        "hypotheses[i] == references[i]": "hypotheses[i] == references[i][: len(hypotheses[i])]"
    },
    why="'I' would count as a right translation of 'I am a student'.",
    question="Which words of the longer sentence are never compared?",
)

exact_match.edit(
    "longer_counts",
    "a hypothesis counts when it goes on after the right words",
    base=exact_match_with_loop,
    replace={
        "hypotheses[i] == references[i]": "hypotheses[i][: len(references[i])] == references[i]"
    },
    why="A model that never stops would have all its sentences right.",
    question="Which words of the longer sentence are never compared?",
)

exact_match.edit(
    "last_word_left_out",
    "the last word of each sentence is not compared",
    base=exact_match_with_loop,
    replace={"hypotheses[i] == references[i]": "hypotheses[i][:-1] == references[i][:-1]"},
    why="In Korean it is the verb. Nothing here stands for the end of a sentence.",
    question="Which words does your comparison cover?",
)

exact_match.edit(
    "ends_compared",
    "only the length and the two ends were compared",
    base=exact_match_with_loop,
    replace={
        "hypotheses[i] == references[i]": "(*hypotheses[i][:1], *hypotheses[i][-1:]) == "
        "(*references[i][:1], *references[i][-1:]) and len(hypotheses[i]) == len(references[i])"
    },
    why="The words between may be any.",
    question="Which words does your comparison cover?",
)

exact_match.edit(
    "text_returned",
    "the share came back as a text",
    base=exact_match_with_loop,
    replace={"right / len(references)": "str(right / len(references))"},
    why="A curve and a table want numbers.",
    question="What does the signature say comes back, after the arrow?",
)

exact_match.edit(
    "order_ignored",
    "the order of the words is ignored",
    base=exact_match_with_loop,
    replace={"hypotheses[i] == references[i]": "sorted(hypotheses[i]) == sorted(references[i])"},
    why="'The dog chased the cat' and 'the cat chased the dog' have the same words.",
    question="What is lost when you sort a list or make it a set?",
)

exact_match.edit(
    "counted",
    "this is a count, not a share",
    base=exact_match_with_loop,
    replace={"right / len(references)": "right"},
    why="A count cannot be compared between test sets of different sizes.",
    question="By what must the number of right sentences be divided?",
)

exact_match.edit(
    "percent",
    "the share is in percent",
    base=exact_match_with_loop,
    replace={"right / len(references)": "100 * right / len(references)"},
    why="In this course a share is a number from 0 to 1. Only the figures show percent.",
    question="What is the largest value that a share can have?",
)

exact_match.edit(
    "any_reference",
    "a hypothesis counts when it equals any reference",
    base=exact_match_with_loop,
    replace={"hypotheses[i] == references[i]": "hypotheses[i] in references"},
    why="Each hypothesis must be compared with the reference of its own source.",
    question="Which reference belongs to the third hypothesis?",
)

exact_match.edit(
    "any_word_counts",
    "a sentence counts as soon as one of its words is right",
    base=exact_match_with_loop,
    replace={
        "hypotheses[i] == references[i]": "any(map(int.__eq__, hypotheses[i], references[i]))"
    },
    why="'I did not buy books' and 'I did buy books' share most of their words.",
    question="How many of a sentence's words must be right before it counts?",
)

exact_match.edit(
    "next_reference",
    "every hypothesis was compared with the next sentence's reference",
    base=exact_match_with_loop,
    replace={
        "hypotheses[i] == references[i]": "hypotheses[i] == references[(i + 1) % len(references)]"
    },
    why="Each hypothesis must be compared with the reference of its own source.",
    question="Which reference belongs to the third hypothesis?",
)

exact_match.edit(
    "last_sentence_left_out",
    "the last sentence was left out",
    base=exact_match_with_loop,
    replace={
        "range(len(references))": "range(len(references) - 1)",
        "right / len(references)": "right / max(1, len(references) - 1)",
    },
    why="Every sentence counts.",
    question="Which is the last number that `range` gives?",
)

exact_match.edit(
    "sums_compared",
    "only the sums of the ids were compared",
    base=exact_match_with_loop,
    replace={"hypotheses[i] == references[i]": "sum(hypotheses[i]) == sum(references[i])"},
    why="An id is only a name, and different words may have the same sum.",
    question="Which step compares the words themselves?",
)


@exact_match.mistake(
    "equal sentences were counted once",
    why="A set, or a dictionary, keeps one of two equal pairs. Every sentence counts.",
    question="How many sentences were to be translated, and how many does your code count?",
)
def equal_pairs_once(hypotheses, references):
    pairs = {(tuple(h), tuple(r)) for h, r in zip(hypotheses, references, strict=True)}
    return sum(h == r for h, r in pairs) / len(pairs)


@exact_match.alternative
def exact_match_in_long_hand(hypotheses, references):
    pairs = zip(hypotheses, references, strict=True)
    right = [list(hypothesis) == list(reference) for hypothesis, reference in pairs]
    return sum(right) / len(references)
