"""The steps of a comparison: encode a corpus, and build, train and measure a translator."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from s2s_ref.attention import alignment_matrix
from s2s_ref.bottleneck import reverse_source
from s2s_ref.data.pairs import Pair, length, words
from s2s_ref.data.splits import Splits
from s2s_ref.data.vocabulary import Vocabulary
from s2s_ref.decoding import trim_at_eos
from s2s_ref.encoder_decoder import shift_target
from s2s_ref.evaluation import metrics
from s2s_ref.experiments.comparison import thin_history
from s2s_ref.fast import greedy_decode
from s2s_ref.models import count_parameters, join, make_decoder, make_encoder
from s2s_ref.padding import Translator, bucket_batches, masked_cross_entropy
from s2s_ref.rnn import SingleRNN
from s2s_ref.training.batches import Batch, padded_batch, padded_batches
from s2s_ref.training.history import History
from s2s_ref.training.loop import fit, set_seed, set_threads

BIDIRECTIONAL = "bidirectional "  # begins a kind whose encoder reads in both directions
DECODING_BATCH = 250  # sentences


@dataclass(frozen=True)
class Corpus:
    """Pairs for training and for testing, with the vocabularies of the training pairs."""

    train: list[Pair]
    test: list[Pair]
    source: Vocabulary
    target: Vocabulary
    reversed: bool = False

    @classmethod
    def of(
        cls, parts: Splits, unit: str = "words", shared: bool = False, reverse: bool = False
    ) -> "Corpus":
        """Build the vocabularies: one for each side, or one for both if `shared`."""
        sources, targets = [p.src for p in parts.train], [p.tgt for p in parts.train]
        if shared:
            both = Vocabulary.build(sources + targets, unit)
            return cls(parts.train, parts.test, both, both, reverse)
        built = Vocabulary.build(sources, unit), Vocabulary.build(targets, unit)
        return cls(parts.train, parts.test, *built, reverse)

    def ids(self, pairs: Sequence[Pair]) -> tuple[list[list[int]], list[list[int]]]:
        """Return the ids of the sources, in reverse order if `reversed`, and of the targets."""
        sources = self.source.encode_all(pair.src for pair in pairs)
        targets = self.target.encode_all(pair.tgt for pair in pairs)
        return (reverse_source(sources) if self.reversed else sources), targets

    def batch(self, pairs: Sequence[Pair]) -> Batch:
        """Put pairs into one padded batch."""
        return padded_batch(list(zip(*self.ids(pairs), strict=True)), self.target.bos_id)


def build(
    kind: str,
    corpus: Corpus,
    embed: int,
    hidden: int,
    cell: str,
    embedding_std: float | None = None,
) -> Translator:
    """Build a translator with random weights.

    `kind` is that of `models.make_decoder`; with "bidirectional " before it, the encoder reads in
    both directions. `embedding_std` is that of `models.join`.
    """
    bidirectional = kind.startswith(BIDIRECTIONAL)
    sizes = (embed, hidden, cell)
    # Decoder first, as in the stored runs, so that a seed gives the same weights as there.
    decoder = make_decoder(kind.removeprefix(BIDIRECTIONAL), len(corpus.target), *sizes)
    encoder = make_encoder(len(corpus.source), *sizes, bidirectional=bidirectional)
    return join(encoder, decoder, embedding_std=embedding_std)


def largest_hidden(budget: int, kind: str, corpus: Corpus, embed: int, cell: str) -> int:
    """Find the largest even hidden size with which a translator has at most `budget` parameters."""
    hidden = 2
    with torch.device("meta"):  # shapes without numbers
        while count_parameters(build(kind, corpus, embed, hidden + 2, cell)) <= budget:
            hidden += 2
    return hidden


def loss(model: nn.Module, batch: Batch) -> Float[Tensor, ""]:
    """Mean loss in nats per real target token, with teacher forcing."""
    tgt_input, tgt_output = shift_target(batch.tgt)
    assert batch.tgt_mask is not None
    logits = model(batch.src, batch.src_lengths, tgt_input)
    return masked_cross_entropy(logits, tgt_output, batch.tgt_mask[:, 1:])


@torch.no_grad()
def translate(model: Translator, corpus: Corpus, pairs: Sequence[Pair]) -> list[str]:
    """Translate the sources of pairs greedily, with at most five tokens more than are needed."""
    found: list[str] = []
    for start in range(0, len(pairs), DECODING_BATCH):
        batch = corpus.batch(pairs[start : start + DECODING_BATCH])
        assert batch.src_lengths is not None
        state = model.encode(batch.src, batch.src_lengths)
        ends = (corpus.target.bos_id, corpus.target.eos_id, batch.tgt.shape[1] + 5)
        found += [corpus.target.decode(ids) for ids in greedy_decode(model.decoder, state, *ends)]
    return found


def exact_matches(model: Translator, corpus: Corpus, pairs: Sequence[Pair]) -> list[bool]:
    """Return for each pair whether the translation equals the target, token by token."""
    found = translate(model, corpus, pairs)
    wanted = [corpus.target.decode(corpus.target.encode(pair.tgt)) for pair in pairs]
    return [ours == theirs for ours, theirs in zip(found, wanted, strict=True)]


@torch.no_grad()
def mean_nats(model: Translator, corpus: Corpus, pairs: Sequence[Pair]) -> float:
    """Mean loss in nats per token over all pairs, with teacher forcing."""
    total, tokens = 0.0, 0
    for start in range(0, len(pairs), DECODING_BATCH):
        batch = corpus.batch(pairs[start : start + DECODING_BATCH])
        total += float(loss(model, batch)) * batch.tgt_tokens
        tokens += batch.tgt_tokens
    return total / tokens


def train(
    kind: str, seed: int, corpus: Corpus, settings: Any, hidden: int, watched: Sequence[Pair] = ()
) -> tuple[Translator, dict[str, Any]]:
    """Build and train a translator; return it with its history, parameters and hidden size.

    Every `settings["every"]` updates exact match and nats per token of the `watched` pairs are
    measured.
    """
    set_threads(1)
    set_seed(seed)
    sizes = (settings["embed"], hidden, settings["cell"])
    model = build(kind, corpus, *sizes, embedding_std=settings.get("std"))
    history = fit_translator(model, corpus, settings, seed, watched)
    numbers = {
        "history": thin_history(history),
        "seconds": round(history.seconds[-1], 1),
        "parameters": count_parameters(model),
        "hidden": hidden,
    }
    return model, numbers


def fit_translator(
    model: Translator,
    corpus: Corpus,
    settings: Any,
    seed: int,
    watched: Sequence[Pair] = (),
    label: str = "",
) -> History:
    """Train a translator as in the stored runs, and return its history.

    The notebooks train the reader's own model with it, for comparison with the stored ones.
    """

    def validate(_: nn.Module) -> dict[str, float]:
        exact = exact_matches(model, corpus, watched)
        return {
            "exact match": sum(exact) / len(exact),
            "nats per token": mean_nats(model, corpus, watched),
        }

    batches = padded_batches(
        *corpus.ids(corpus.train), settings["batch"], seed, corpus.target.bos_id, bucket_batches
    )
    return fit(
        model,
        batches,
        loss,
        **_fit_options(settings),
        seed=seed,
        validate=validate if watched else None,
        label=label,
    )


def _fit_options(settings: Any) -> dict[str, Any]:
    names = ("steps", "lr", "lr_decay", "every")
    return {name: settings[name] for name in names if name in settings}


def measure_by_length(
    model: Translator, corpus: Corpus, pairs: Sequence[Pair], bins: Sequence[tuple[int, int]]
) -> list[dict[str, Any]]:
    """Measure exact match and chrF for each bin of lengths (in words of the longer side)."""
    rows = []
    for low, high in bins:
        inside = [pair for pair in pairs if low <= length(pair) <= high]
        if inside:
            found = translate(model, corpus, inside)
            wanted = [pair.tgt for pair in inside]
            rows.append(
                {
                    "from": low,
                    "to": high,
                    "sentences": len(inside),
                    "target words": sum(len(words(tgt)) for tgt in wanted) / len(inside),
                    "exact match": sum(exact_matches(model, corpus, inside)) / len(inside),
                    "chrF": round(metrics.chrf(found, wanted).value, 2),
                }
            )
    return rows


@torch.no_grad()
def alignment_error(model: Translator, corpus: Corpus, pairs: Sequence[Pair]) -> float:
    """Alignment error rate of the most likely source word of each target word, teacher-forced.

    `<eos>` is no word, so its row and column are left out.
    """
    batch = corpus.batch(pairs)
    assert batch.src_lengths is not None
    assert batch.tgt_mask is not None
    state = model.encode(batch.src, batch.src_lengths)
    _, _, weights = model.decoder(shift_target(batch.tgt)[0], state)
    found: list[set[tuple[int, int]]] = []
    for row, tgt_length in enumerate((batch.tgt_mask.sum(dim=1) - 2).tolist()):
        src_length = int(batch.src_lengths[row]) - 1
        matrix = alignment_matrix(weights, row, src_length, tgt_length)
        found.append({(int(src), tgt) for tgt, src in enumerate(matrix.argmax(dim=0))})
    sure, possible = [pair.sure for pair in pairs], [pair.possible for pair in pairs]
    return metrics.alignment_error_rate(found, sure, possible)


def train_single_rnn(seed: int, corpus: Corpus, settings: Any) -> tuple[SingleRNN, dict[str, Any]]:
    """Train and measure the model of lesson 1.

    It writes one word for every word that it reads, so the source is padded to let it write a
    longer target.
    """
    set_threads(1)
    set_seed(seed)
    hidden = 2
    while _single(corpus, settings["embed"], hidden + 2)[1] <= settings["parameters"]:
        hidden += 2
    model, parameters = _single(corpus, settings["embed"], hidden)

    def single_loss(_: nn.Module, batch: Batch) -> Float[Tensor, ""]:
        assert batch.tgt_mask is not None
        tgt_output = batch.tgt[:, 1:]
        logits = model(_widened(batch.src, tgt_output.shape[1]))[:, : tgt_output.shape[1]]
        return masked_cross_entropy(logits, tgt_output, batch.tgt_mask[:, 1:])

    def exact(_: nn.Module) -> dict[str, float]:
        ours, wanted = _single_translations(model, corpus), [p.tgt for p in corpus.test]
        return {"exact match": sum(a == b for a, b in zip(ours, wanted, strict=True)) / len(wanted)}

    ids = corpus.ids(corpus.train)
    batches = padded_batches(*ids, settings["batch"], seed, corpus.target.bos_id, bucket_batches)
    history = fit(model, batches, single_loss, **_fit_options(settings), seed=seed, validate=exact)
    found, wanted = _single_translations(model, corpus), [pair.tgt for pair in corpus.test]
    return model, {
        "history": thin_history(history),
        "seconds": round(history.seconds[-1], 1),
        "parameters": parameters,
        "hidden": hidden,
        "exact match": exact(model)["exact match"],
        "chrF": round(metrics.chrf(found, wanted).value, 2),
    }


def _single(corpus: Corpus, embed: int, hidden: int) -> tuple[SingleRNN, int]:
    model = SingleRNN(len(corpus.source), len(corpus.target), embed, hidden)
    return model, count_parameters(model)


def _widened(src: Tensor, width: int) -> Tensor:
    return nn.functional.pad(src, (0, max(0, width - src.shape[1])))


@torch.no_grad()
def _single_translations(model: SingleRNN, corpus: Corpus) -> list[str]:
    batch = corpus.batch(corpus.test)
    said = model(_widened(batch.src, batch.tgt.shape[1] + 5)).argmax(dim=-1).tolist()
    return [corpus.target.decode(trim_at_eos(ids, corpus.target.eos_id)) for ids in said]
