"""The exercise `exact_match`: the share of sentences that are right."""

from s2s_ref import encoder_decoder
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=encoder_decoder.exact_match,
    title="Exact match",
    returns="share",
    edges=[{"sentences": 1}],
    hints=[
        "A sentence counts when it equals its reference from the first word to the last. What "
        "share of the sentences counts?",
        "Two lists of lists come in, equally long; one number from 0 to 1 comes out.",
        "[[4, 5], [6]] against [[4, 5], [6, 7]]: the first is right, the second is too short: 0.5.",
    ],
)
def exact_match(draw: Draw, sentences=9, length=3, vocab=6):
    """Draw references, and hypotheses that are right, too short, too long, reordered or wrong."""
    references: list[list[int]] = []
    hypotheses: list[list[int]] = []
    for _ in range(sentences):
        reference = [4, 5, *draw.ids(4, 4 + vocab, length).tolist()]
        other = [*reference[:-1], 3]
        options = [reference, reference, reference[:-1], [*reference, 4], reference[::-1], other]
        options += references[-1:]  # the reference of the sentence before
        references.append(reference)
        hypotheses.append(options[draw.integer(0, len(options))])
    return {"hypotheses": hypotheses, "references": references}


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
