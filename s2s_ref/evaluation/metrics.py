"""The measurements of the experiments: accuracies, distances, BLEU and chrF, alignment errors."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

Tokens = Sequence[Hashable]
Link = tuple[int, int]
Number = float | int  # in full, because checks at run time tell the two apart


class Score(NamedTuple):
    """A corpus score, 0 to 100, and sacrebleu's signature, which says how it was computed."""

    value: float
    signature: str


def accuracy_by_position(
    predicted: Sequence[Tokens] | Int[Tensor, "batch tgt_len"],
    gold: Sequence[Tokens] | Int[Tensor, "batch tgt_len"],
) -> list[float]:
    """Share of correct tokens at each target position, 0 to 1.

    Position t is averaged over the sentences whose gold target is that long. A prediction that has
    ended before t counts as wrong; tokens beyond the end of the gold target do not count.
    Raises ValueError if the numbers of sentences differ or there are none.
    """
    predicted, gold = _rows(predicted), _rows(gold)
    _check_same_count("predictions", predicted, "targets", gold)
    right: Counter[int] = Counter()
    total: Counter[int] = Counter()
    for guess, target in zip(predicted, gold, strict=True):
        for t, token in enumerate(target):
            total[t] += 1
            right[t] += t < len(guess) and guess[t] == token
    return [right[t] / total[t] for t in sorted(total)]


def accuracy_by_length(correct: Sequence[Number], lengths: Sequence[int]) -> dict[int, float]:
    """Mean of `correct` (right or wrong, or any score a sentence has) for each length, ascending.

    `lengths` can be source lengths, target lengths, or the number of steps since a token was read.
    Raises ValueError if the numbers of sentences differ or there are none.
    """
    _check_same_count("scores", correct, "lengths", lengths)
    scores: dict[int, list[float]] = defaultdict(list)
    for score, length in zip(correct, lengths, strict=True):
        scores[int(length)].append(float(score))
    return {length: sum(scores[length]) / len(scores[length]) for length in sorted(scores)}


def best_causal_guess(
    sources: Sequence[Tokens],
    targets: Sequence[Tokens],
    held_out: tuple[Sequence[Tokens], Sequence[Tokens]] | None = None,
) -> list[float]:
    """Best possible accuracy, 0 to 1, at each target position t given source words 1 to t only.

    Counted, not trained: the guess is the most frequent target word after each beginning of a
    source. No model that has read t words when it writes word t can do better *on these pairs*.

    On a small sample the number is too high, because a beginning seen once is always guessed right,
    and more so at later positions. Give many more pairs than there are beginnings: with hundreds of
    pairs for each beginning, a true value of 0.20 still comes out as 0.22. With other pairs as
    `held_out`, the guesses are counted on the first pairs and scored on the others, where an unseen
    beginning is wrong. That is too low on average, so the truth lies between the two numbers.
    Raises ValueError if sources and targets differ in number or there are none.
    """
    _check_same_count("sources", sources, "targets", targets)
    counts: dict[tuple[int, Tokens], Counter[Hashable]] = defaultdict(Counter)
    for source, target in zip(sources, targets, strict=True):
        for t, token in enumerate(target):
            counts[t, tuple(source[: t + 1])][token] += 1
    best = {beginning: seen.most_common(1)[0][0] for beginning, seen in counts.items()}
    sources, targets = held_out or (sources, targets)
    guesses = [
        [best.get((t, tuple(source[: t + 1])), _UNSEEN) for t in range(len(target))]
        for source, target in zip(sources, targets, strict=True)
    ]
    return accuracy_by_position(guesses, targets)


def gradient_norm_by_distance(
    rnn: Callable[[Tensor], Any],
    inputs: Float[Tensor, "batch src_len embed"],
    last_loss: Callable[[Tensor], Float[Tensor, " batch"]],
) -> list[float]:
    """Gradient of the loss at the last step with respect to the input d steps earlier, d = 0, 1, …

    `rnn` reads embedded inputs, batch first, and returns its outputs, or a tuple that begins with
    them (as torch.nn.RNN, GRU and LSTM do). `last_loss` gets the outputs of the last step and
    returns one loss for each sentence (`reduction="none"`). Entry d is the Euclidean norm of
    d loss / d input, in nats per unit of embedding, averaged over the sentences.
    Bengio et al. 1994; Pascanu et al. 2013, section 2.
    Raises ValueError if `last_loss` does not give one number for each sentence.
    """
    inputs = inputs.detach().requires_grad_()
    # cuDNN differentiates an RNN in train mode only; torch's own kernels do so in either mode.
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        outputs = rnn(inputs)
        outputs = outputs[0] if isinstance(outputs, tuple) else outputs
        losses = last_loss(outputs[:, -1])
        if losses.shape != inputs.shape[:1]:
            raise ValueError(
                f"last_loss must give {len(inputs)} losses, one for each sentence, got shape "
                f'{list(losses.shape)}: use reduction="none".'
            )
        (gradient,) = torch.autograd.grad(losses.sum(), inputs)
    by_step: list[float] = gradient.norm(dim=-1).mean(dim=0).tolist()
    return by_step[::-1]


@torch.no_grad()
def context_shift_by_position(
    encode: Callable[[Int[Tensor, "batch src_len"]], Float[Tensor, "batch hidden"]],
    src: Int[Tensor, "batch src_len"],
    replacement: Int[Tensor, "batch src_len"],
) -> list[float]:
    """How far the context moves when source word i becomes that of `replacement`, for each i.

    The unit is the mean distance between the contexts of neighbours in the batch, so 1 is as far as
    to another sentence. Pass sentences in random order, and replacements of the same kind (a noun
    for a noun). Only sentences whose word i changes count for position i.
    Raises ValueError if some position never changes, or if all contexts are equal.
    """
    return _shifts(lambda ids: encode(ids).unsqueeze(1), src, replacement)[:, 0].tolist()


@torch.no_grad()
def state_shift_by_position(
    encode: Callable[[Int[Tensor, "batch src_len"]], Float[Tensor, "batch src_len hidden"]],
    src: Int[Tensor, "batch src_len"],
    replacement: Int[Tensor, "batch src_len"],
) -> Float[Tensor, "src_len src_len"]:
    """How far the state after word j (column) moves when word i (row) is replaced.

    `encode` returns the state after every word. Units and arguments are those of
    `context_shift_by_position`: 1 is the mean distance, at that place, to another sentence.
    Raises ValueError if some position never changes, or if all states after a word are equal.
    """
    return _shifts(encode, src, replacement)


def _shifts(
    encode: Callable[[Tensor], Tensor], src: Tensor, replacement: Tensor
) -> Float[Tensor, "src_len places"]:
    """How far the output of `encode` at each place moves when word i is replaced, for each i."""
    vectors = encode(src)
    apart = (vectors - vectors.roll(1, dims=0)).norm(dim=-1).mean(dim=0)
    if (apart == 0).any():
        raise ValueError("All contexts are equal: pass at least two different sentences.")
    rows = []
    for i in range(src.shape[1]):
        changed = src[:, i] != replacement[:, i]
        if not changed.any():
            raise ValueError(f"The replacement has the same word {i} in every sentence.")
        swapped = src.clone()
        swapped[:, i] = replacement[:, i]
        moved = (encode(swapped) - vectors).norm(dim=-1)[changed]
        rows.append(moved.mean(dim=0) / apart)
    return torch.stack(rows)


class Projection(NamedTuple):
    """Points in a plane, and the share of the variance (0 to 1) that each axis shows."""

    points: Float[Tensor, "count 2"]
    shares: Float[Tensor, "2"]


def project(vectors: Float[Tensor, "count hidden"]) -> Projection:
    """The two principal components of the vectors (PCA), the same picture at every call.

    The sign of a principal axis is arbitrary; here its largest entry is positive.
    Raises ValueError for fewer than 3 vectors or fewer than 2 dimensions.
    """
    if len(vectors) < 3 or vectors.shape[1] < 2:
        raise ValueError(
            f"A projection needs 3 vectors of 2 dimensions or more, got {list(vectors.shape)}."
        )
    centred = vectors.detach().double().cpu()
    centred = centred - centred.mean(dim=0)
    _, sizes, axes = torch.linalg.svd(centred, full_matrices=False)
    axes = axes[:2]
    largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
    variance = sizes.square()
    shares = variance[:2] / variance.sum().clamp(min=torch.finfo(variance.dtype).tiny)
    return Projection((centred @ (axes * largest.sign()).T).float(), shares.float())


def neighbour_agreement(
    vectors: Float[Tensor, "count hidden"], labels: Sequence[Hashable]
) -> tuple[float, float]:
    """How often a vector's nearest neighbour has its label, and how often by chance: 0 to 1.

    Chance is the share of all other vectors with the same label, averaged. Agreement far above it
    means that the vectors are grouped by label, even if a picture in 2-D does not show it.
    Raises ValueError for fewer than 2 vectors, or another number of labels.
    """
    _check_same_count("vectors", range(len(vectors)), "labels", labels)
    if len(vectors) < 2:
        raise ValueError("A lone vector has no neighbour: pass at least 2.")
    distances = torch.cdist(vectors.detach().double(), vectors.detach().double())
    nearest = distances.fill_diagonal_(torch.inf).argmin(dim=1).tolist()
    same = sum(labels[i] == labels[j] for i, j in enumerate(nearest)) / len(labels)
    counts = Counter(labels)
    chance = sum(counts[label] - 1 for label in labels) / (len(labels) * (len(labels) - 1))
    return same, chance


def bleu(hypotheses: Sequence[str], references: Sequence[str | Sequence[str]]) -> Score:
    """Corpus BLEU, 0 to 100, with sacrebleu's defaults: cased, detokenised text, 13a tokens.

    `references` holds for each hypothesis one text or a list of one or more. Papineni et al. 2002;
    Post 2018. Raises ValueError if the numbers differ or a sentence has no reference.
    """
    from sacrebleu.metrics.bleu import BLEU

    # force: sacrebleu would otherwise log to stderr about text that looks tokenised.
    return _corpus_score(BLEU(force=True), hypotheses, references)


def chrf(hypotheses: Sequence[str], references: Sequence[str | Sequence[str]]) -> Score:
    """Corpus chrF2, 0 to 100, with sacrebleu's defaults: characters, cased (Popović 2015).

    It gives credit for words that are nearly right, which BLEU does not. Arguments and errors as in
    `bleu`.
    """
    from sacrebleu.metrics.chrf import CHRF

    return _corpus_score(CHRF(), hypotheses, references)


def alignment_error_rate(
    found: Sequence[Collection[Link]],
    sure: Sequence[Collection[Link]],
    possible: Sequence[Collection[Link]],
) -> float:
    """AER over all sentences, 0 (best) to 1: 1 − (|A∩S| + |A∩P|) / (|A| + |S|).

    One collection of links (source word, target word) for each sentence. P is `sure` and
    `possible` together, so that a `Pair`'s fields can be passed as they are.
    Och and Ney 2003, section 4.2.
    Raises ValueError if the numbers of sentences differ or there is no link at all.
    """
    _check_same_count("sentences with found links", found, "with sure links", sure)
    _check_same_count("sentences with found links", found, "with possible links", possible)
    hits = links = 0
    for a, s, p in zip(map(set, found), map(set, sure), map(set, possible), strict=True):
        hits += len(a & s) + len(a & (s | p))
        links += len(a) + len(s)
    if links == 0:
        raise ValueError("There is neither a found nor a sure link, so nothing to measure.")
    return 1 - hits / links


_UNSEEN = object()  # equal to no token


def _rows(tokens: Sequence[Tokens] | Tensor) -> Sequence[Tokens]:
    return tokens.tolist() if isinstance(tokens, Tensor) else tokens


def _check_same_count(first: str, a: Sequence[Any], second: str, b: Sequence[Any]) -> None:
    if len(a) != len(b):
        raise ValueError(f"Expected as many {first} as {second}, got {len(a)} and {len(b)}.")
    if len(a) == 0:
        raise ValueError(f"There are no {first} to measure.")


def _corpus_score(
    metric: Any, hypotheses: Sequence[str], references: Sequence[str | Sequence[str]]
) -> Score:
    """Score with references by sentence, which sacrebleu wants by number, padded with None."""
    _check_same_count("hypotheses", hypotheses, "sentences with references", references)
    lists = [[refs] if isinstance(refs, str) else list(refs) for refs in references]
    for row, refs in enumerate(lists):
        if not refs:
            raise ValueError(f"Sentence {row} has no reference.")
    width = max(map(len, lists))
    streams = [[refs[k] if k < len(refs) else None for refs in lists] for k in range(width)]
    value = float(metric.corpus_score(list(hypotheses), streams).score)
    return Score(min(value, 100.0), str(metric.get_signature()))
