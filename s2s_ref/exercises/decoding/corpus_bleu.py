"""The exercise `corpus_bleu`: BLEU of translations that may have several references each."""

from collections.abc import Sequence
from typing import Any

import sacrebleu

from s2s_ref import decoding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise

ENGLISH = "I you we the a my your old red new book dog cat house tea read saw sold found bought"
"""Words of made-up sentences, which only BLEU reads."""


def sentence_of(words: Sequence[str]) -> str:
    """Write words as people do: a capital letter first, a full stop last."""
    text = " ".join(words)
    return f"{text[0].upper()}{text[1:]}."


@exercise(
    reference=decoding.corpus_bleu,
    title="BLEU of a corpus",
    steps={
        "streams": (
            "the references as sacrebleu takes them",
            "What does the first list hold: all references of the first sentence, or the "
            "first reference of all sentences?",
        ),
    },
    returns="BLEU",
    edges=[{"sentences": 1}, {"most": 1}, {"most": 5}, {"short": 1}, {"poor": 1}, {"brief": 1}],
    hints=[
        "sacrebleu does the counting. It wants the translations first. How does it want the "
        "references: sorted by sentence, or sorted by who wrote them?",
        "Ours: one list for each sentence, [[a1, a2], [b1]]. sacrebleu's: one list for each "
        "translator, as long as the corpus, with None where a translator is missing: "
        "[[a1, b1], [a2, None]]. The score is an attribute of what comes back.",
        "Translations ['I read it now.', 'We sold a book.'] with the references "
        "[['I read it now.'], ['You sold it.', 'We sold a book.']] score 100.",
    ],
)
def corpus_bleu(draw: Draw, sentences=6, most=3, short=0, poor=0, brief=0):
    """Draw one or more references for each source, and translations that differ in some words.

    A translation begins like the last of its references. The first sentence has fewer references
    than another. Short ones have no four words in a row; poor ones share no four words with a
    reference; brief translations are much shorter than their references.
    """
    if short or poor:
        return few_matches(draw, sentences, most, 2 if short else 7)
    words, references, hypotheses = ENGLISH.split(), list[list[str]](), list[str]()
    richest = draw.integer(min(1, sentences - 1), sentences)  # never the first of several
    for row in range(sentences):
        first = [words[i] for i in draw.ids(0, len(words), draw.integer(6, 10)).tolist()]
        begun = draw.distinct(0, len(words), most - 1)
        changed = [[words[i], *first[1:4], *draw.shuffled(first[4:])] for i in begun]
        count = most if row == richest else draw.integer(1, most) if most > 1 else 1
        versions = [first, *changed][:count]
        references.append([sentence_of(other) for other in versions])
        written = [
            *versions[-1][: draw.integer(4, 7)],
            words[draw.integer(0, len(words))],
            *first[5:],
        ]
        loud = draw.integer(1, 4)  # capitals count
        written[loud] = written[loud].upper()
        hypotheses.append(sentence_of(written[: 3 if brief else None]))
    return {"hypotheses": hypotheses, "references": references}


def few_matches(draw: Draw, sentences: int, most: int, length: int) -> dict[str, Any]:
    """Draw translations whose words all stand in the first reference, in the reverse order."""
    words, references, hypotheses = ENGLISH.split(), list[list[str]](), list[str]()
    for _ in range(sentences):
        drawn = [[words[i] for i in draw.distinct(0, len(words), length)] for _ in range(most)]
        references.append([sentence_of(other) for other in drawn[: draw.integer(1, most + 1)]])
        hypotheses.append(sentence_of(drawn[0][::-1]))
    return {"hypotheses": hypotheses, "references": references}


@corpus_bleu.alternative
def bleu_by_metric(hypotheses, references):
    most = max(map(len, references))
    streams = [[r[i] if i < len(r) else None for r in references] for i in range(most)]
    return sacrebleu.BLEU().corpus_score(hypotheses, streams).score


corpus_bleu.edit(
    "rounded",
    "the score was rounded",
    base=bleu_by_metric,
    replace={
        "sacrebleu.BLEU().corpus_score(hypotheses, streams).score": (
            "round(sacrebleu.BLEU().corpus_score(hypotheses, streams).score, 1)"
        )
    },
    why="Papers round when they print. Two systems that are close would look alike.",
    question="Which digits of the score have you thrown away?",
)


@corpus_bleu.mistake(
    "translations and references are exchanged",
    why="BLEU is not symmetric: it punishes translations that are too short, not references.",
    question="Which of the two does sacrebleu take first?",
)
def swapped(hypotheses, references):
    first = [refs[0] for refs in references]
    return sacrebleu.corpus_bleu(first, [list(hypotheses)]).score


@corpus_bleu.mistake(
    "the references are grouped by sentence, not by translator",
    why="sacrebleu reads the first list as the first translator's references for the whole corpus. "
    "It compares a few sentences with the wrong references, and gives no warning.",
    question="How long is each of the lists that sacrebleu wants?",
)
def not_turned(hypotheses, references):
    return sacrebleu.corpus_bleu(list(hypotheses), [list(refs) for refs in references]).score


@corpus_bleu.mistake(
    "the list of references is not nested: each character was taken for a reference",
    why="A string is a sequence of characters, so sacrebleu compares sentences with single ones.",
    question="What does sacrebleu find inside each element of the list that you gave it?",
)
def not_nested(hypotheses, references):
    return sacrebleu.corpus_bleu(list(hypotheses), [refs[0] for refs in references]).score


@corpus_bleu.mistake(
    "only the first reference of each sentence counts",
    why="A translation that agrees with another right reference is punished for it.",
    question="What happens to the second reference of a sentence?",
)
def first_only(hypotheses, references):
    return sacrebleu.corpus_bleu(list(hypotheses), [[refs[0] for refs in references]]).score


@corpus_bleu.mistake(
    "this is the mean of the sentences' BLEU scores",
    why="BLEU counts over the whole corpus first and divides once. A mean of sentence scores is "
    "another number, and cannot be compared with those in papers.",
    question="How often does sacrebleu have to be called?",
)
def mean_of_sentences(hypotheses, references):
    pairs = zip(hypotheses, references, strict=True)
    scores = [sacrebleu.sentence_bleu(hypothesis, list(refs)).score for hypothesis, refs in pairs]
    return sum(scores) / len(scores)


@corpus_bleu.mistake(
    "the whole corpus was joined into one sentence",
    why="Words of different sentences then match each other, across any distance.",
    question="How does BLEU know which translation belongs to which reference?",
)
def glued(hypotheses, references):
    first = " ".join(refs[0] for refs in references)
    return sacrebleu.corpus_bleu([" ".join(hypotheses)], [[first]]).score


corpus_bleu.edit(
    "as_share",
    "this is a share, from 0 to 1",
    base=bleu_by_metric,
    replace={".score": ".score / 100"},
    why="BLEU is given from 0 to 100 everywhere, so 0.27 would be read as a very bad score.",
    question="What is the largest value that the docstring allows?",
)

corpus_bleu.edit(
    "whole_report",
    "sacrebleu's whole report came back, not the score",
    base=bleu_by_metric,
    replace={".score": ""},
    why="The report holds the score and the numbers that it is made of. Here one number is wanted.",
    question="Which attribute of the report is the score?",
)


def bleu_option(name: str, option: str, message: str, **words: str) -> None:
    """Add a mistake that passes an option to sacrebleu."""
    corpus_bleu.edit(
        name, message, base=bleu_by_metric, replace={"BLEU()": f"BLEU({option})"}, **words
    )


DEFAULTS = {
    "why": "Scores can only be compared if all count alike. The course, like most papers, uses "
    "sacrebleu's defaults.",
    "question": "Which options does the docstring name?",
}

bleu_option(
    "effective_order",
    "effective_order=True",
    "the longest word groups were left out where there were none",
    **DEFAULTS,
)
bleu_option("lower_case", "lowercase=True", "capitals do not count", **DEFAULTS)
bleu_option("by_spaces", 'tokenize="none"', "full stops were not separated from words", **DEFAULTS)
bleu_option("unsmoothed", 'smooth_method="none"', "the smoothing was changed", **DEFAULTS)
bleu_option("smoothed_by_one", 'smooth_method="add-k"', "the smoothing was changed", **DEFAULTS)

corpus_bleu.edit(
    "characters_compared",
    "this is chrF, not BLEU",
    base=bleu_by_metric,
    replace={"sacrebleu.BLEU": "sacrebleu.CHRF"},
    why="chrF compares groups of characters, and gives other numbers.",
    question="Which of sacrebleu's functions has the name of the score?",
)

corpus_bleu.edit(
    "full_stops_removed",
    "the full stops were removed first",
    base=bleu_by_metric,
    replace={
        "hypotheses, streams": (
            '[h.rstrip(".") for h in hypotheses], '
            '[[r and r.rstrip(".") for r in refs] for refs in streams]'
        )
    },
    why="sacrebleu takes text as people read it, and a full stop is a token that counts.",
    question="What does your code do to the texts before it compares them?",
)

corpus_bleu.edit(
    "none_missing",
    "it fails where a sentence has fewer references than another",
    base=bleu_by_metric,
    replace={"r[i] if i < len(r) else None": "r[i]"},
    why="sacrebleu wants None where a translator is missing.",
    question="What stands at the place of a second reference that does not exist?",
    raises="out of range",
)

corpus_bleu.edit(
    "gaps_are_empty_texts",
    "missing references are empty texts, and count as the shortest ones",
    base=bleu_by_metric,
    replace={"else None": 'else ""'},
    why="The penalty compares a translation with the reference whose length is nearest. For a "
    "short translation that is an empty text.",
    question="What does sacrebleu want where a translator wrote nothing?",
)

corpus_bleu.edit(
    "as_many_as_the_first",
    "the first sentence's number of references is taken for all",
    base=bleu_by_metric,
    replace={"max(map(len, references))": "len(references[0])"},
    why="Where another sentence has more references, the last ones are lost.",
    question="Which sentence has the most references?",
)

corpus_bleu.edit(
    "as_many_as_all_have",
    "only as many references count as every sentence has",
    base=bleu_by_metric,
    replace={"max(map(len, references))": "min(map(len, references))"},
    why="`zip` stops with the shortest of its arguments. Where one sentence has a single "
    "reference, the second ones of all others are lost.",
    question="How long is what `zip` makes of a list of 1 and a list of 3?",
)

corpus_bleu.edit(
    "last_translator_lost",
    "the last translator is left out",
    base=bleu_by_metric,
    replace={"range(most)": "range(max(most - 1, 1))"},
    why="`range(n)` stops before n already.",
    question="How many lists does sacrebleu get, if a sentence has three references?",
)


@corpus_bleu.mistake(
    "only the best reference of each sentence counts",
    why="BLEU compares with all of them at once: each piece may stand in another reference.",
    question="How many references of a sentence does sacrebleu get to see?",
)
def best_only(hypotheses, references):
    best = [
        max(refs, key=lambda one: sacrebleu.sentence_bleu(hypothesis, [one]).score)
        for hypothesis, refs in zip(hypotheses, references, strict=True)
    ]
    return sacrebleu.corpus_bleu(list(hypotheses), [best]).score
