"""A translator for real sentences, from pairs to translations: what the lessons add up to.

The models are those of the lessons. The only additions are the usual remedies for overfitting a
small corpus: dropout, label smoothing, subwords, and tied embeddings. Several trained translators
can form an ensemble.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from s2s_ref import models
from s2s_ref.capstone.ensemble import Ensemble
from s2s_ref.data.pairs import Pair
from s2s_ref.data.vocabulary import Vocabulary, to_jamo
from s2s_ref.encoder_decoder import shift_target
from s2s_ref.fast import beam_search, greedy_decode
from s2s_ref.padding import Translator, bucket_batches, pad
from s2s_ref.training.batches import Batch, padded_batches
from s2s_ref.training.history import History
from s2s_ref.training.loop import Loss, Validate, fit, set_seed

DECODING_BATCH = 100  # sentences
EXTRA_TOKENS = 10  # a translation may be this much longer than twice the longest source


@dataclass(frozen=True)
class Recipe:
    """The settings of one translator; the defaults suit some ten thousand short sentences.

    - `src_unit`, `src_size`, `tgt_unit`, `tgt_size`, `min_count`: the vocabularies, as for
      `Vocabulary.build`; a size is the most entries.
    - `jamo`: whether the source's Hangul is written in letters before that (`to_jamo`).
    - `score`: that of Luong's attention; "none" is a decoder without attention.
    - `bidirectional`: whether the encoder reads in both directions.
    - `longest`: training leaves out pairs with a side of more tokens, because a batch takes as long
      as its longest sentence.
    - `hidden`: the size of all vectors, embeddings too; `cell` is the recurrent layer.
    - `dropout`, `word_dropout`: the shares of single numbers and of whole tokens that are dropped.
    - `smoothing`: the share of label smoothing.
    - `batch`, `lr`, `lr_decay`: pairs in a batch, learning rate, and its decay (see `fit`).
    - `beam`, `alpha`: the beam's size, and the power of the length by which it divides
      log-probabilities.
    """

    src_unit: str = "subwords"
    tgt_unit: str = "subwords"
    src_size: int | None = 3000
    tgt_size: int | None = 3000
    min_count: int = 2
    jamo: bool = False
    score: str = "general"
    bidirectional: bool = True
    longest: int = 40
    hidden: int = 256
    cell: str = "gru"
    dropout: float = 0.3
    word_dropout: float = 0.0
    smoothing: float = 0.1
    batch: int = 64
    lr: float = 2e-3
    lr_decay: float = 0.8
    beam: int = 5
    alpha: float = 1.0


FEW_PAIRS = Recipe(
    jamo=True, src_size=800, tgt_size=1000, dropout=0.4, word_dropout=0.15, batch=32, lr=1.5e-3
)
"""For a few thousand Korean pairs, in which most words occur once or twice: smaller pieces, which
occur more often, and more regularisation."""


@dataclass
class System:
    """A translator with its vocabularies: Korean or French text in, English text out."""

    recipe: Recipe
    source: Vocabulary
    target: Vocabulary
    model: "Translator | Ensemble"

    def translate(self, sentences: Sequence[str], beam: int | None = None) -> list[str]:
        """Translate sentences, with the recipe's beam or another one; a beam of 1 is greedy."""
        ids = self.source_ids(sentences)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))  # less padding in a batch
        found = [""] * len(ids)
        for start in range(0, len(order), DECODING_BATCH):
            rows = order[start : start + DECODING_BATCH]
            best = self._search([ids[i] for i in rows], beam or self.recipe.beam)
            for i, tokens in zip(rows, best, strict=True):
                found[i] = self.target.decode(tokens)
        return found

    def source_ids(self, sentences: Iterable[str]) -> list[list[int]]:
        """Encode source sentences with the recipe's units."""
        return self.source.encode_all(_sources(sentences, self.recipe))

    @torch.no_grad()
    def _search(self, ids: list[list[int]], beam: int) -> list[list[int]]:
        self.model.eval()
        device = next(self.model.parameters()).device
        lengths = torch.tensor([len(row) for row in ids])
        state = self.model.encode(pad(ids, self.source.pad_id).to(device), lengths.to(device))
        ends = (self.target.bos_id, self.target.eos_id)
        longest = 2 * int(lengths.max()) + EXTRA_TOKENS
        if beam == 1:
            return greedy_decode(self.model.decoder, state, *ends, longest)
        found = beam_search(self.model.decoder, state, *ends, beam, longest, self.recipe.alpha)
        return [hypotheses[0].tokens for hypotheses in found]


def prepare(pairs: Sequence[Pair], recipe: Recipe, seed: int = 0) -> System:
    """Build the vocabularies of training pairs, and a model with random weights."""
    sources = _sources((pair.src for pair in pairs), recipe)
    source = Vocabulary.build(sources, recipe.src_unit, recipe.min_count, recipe.src_size)
    target = Vocabulary.build(
        [pair.tgt for pair in pairs], recipe.tgt_unit, recipe.min_count, recipe.tgt_size
    )
    set_seed(seed)
    model = build(recipe, len(source), len(target))
    return System(recipe, source, target, model)


def _sources(texts: Iterable[str], recipe: Recipe) -> Iterable[str]:
    return map(to_jamo, texts) if recipe.jamo else texts


def build(recipe: Recipe, src_entries: int, tgt_entries: int) -> Translator:
    """Build a recipe's model, with random weights.

    Raises ValueError for an unknown score.
    """
    sizes = (recipe.hidden, recipe.hidden, recipe.cell)
    encoder = models.make_encoder(src_entries, *sizes, bidirectional=recipe.bidirectional)
    decoder = models.make_decoder("fixed", tgt_entries, *sizes)
    if recipe.score != "none":
        # The plain decoder is not used then, but its random numbers have been drawn: without them,
        # the published scores would belong to other seeds.
        decoder = models.make_decoder(f"luong {recipe.score}", tgt_entries, *sizes)
    return models.join(
        encoder,
        decoder,
        embedding_std=recipe.hidden**-0.5,  # vectors of a length of about 1
        tied=True,
        dropout=recipe.dropout,
        word_dropout=recipe.word_dropout,
    )


def train(
    system: System,
    pairs: Sequence[Pair],
    steps: int,
    seed: int = 0,
    validate: Validate | None = None,
    every: int = 500,
    label: str = "",
    device: str | torch.device = "cpu",
) -> History:
    """Train a system for `steps` updates; the same seed gives the same training.

    `validate`, `every` and `label` are those of `fit`. The system stays on `device`.
    """
    recipe = system.recipe
    sources = system.source_ids(pair.src for pair in pairs)
    targets = system.target.encode_all(pair.tgt for pair in pairs)
    short = [
        (src, tgt)
        for src, tgt in zip(sources, targets, strict=True)
        if max(len(src), len(tgt)) <= recipe.longest
    ]
    batches = padded_batches(
        [src for src, _ in short],
        [tgt for _, tgt in short],
        recipe.batch,
        seed,
        system.target.bos_id,
        bucket_batches,
    )
    return fit(
        system.model,
        batches,
        smoothed_loss(recipe.smoothing),
        steps=steps,
        lr=recipe.lr,
        lr_decay=recipe.lr_decay,
        seed=seed,
        device=device,
        validate=validate,
        every=every,
        label=label,
    )


def ensemble(systems: Sequence[System]) -> System:
    """Join several systems that were trained on the same pairs, each with another seed.

    Raises:
        ValueError: their vocabularies differ, or there is none.
    """
    if not systems:
        raise ValueError("An ensemble needs at least one system.")
    first = systems[0]
    if any((each.source, each.target) != (first.source, first.target) for each in systems):
        raise ValueError(
            "These systems have different vocabularies. Prepare all of them from the same pairs "
            "and the same recipe."
        )
    members = [
        model
        for each in systems
        for model in (each.model.members if isinstance(each.model, Ensemble) else [each.model])
    ]
    return System(first.recipe, first.source, first.target, Ensemble(members))


def smoothed_loss(smoothing: float) -> Loss:
    """Make a loss that spreads a share of the target probability over all words.

    It keeps a model from growing certain of what it saw once (Szegedy et al. 2016, section 7).
    """

    def loss(model: nn.Module, batch: Batch) -> Float[Tensor, ""]:
        tgt_input, tgt_output = shift_target(batch.tgt)
        assert batch.tgt_mask is not None
        real = batch.tgt_mask[:, 1:]
        with without_output(dict(model.named_children())["decoder"]) as output:
            outputs = model(batch.src, batch.src_lengths, tgt_input)
        return nn.functional.cross_entropy(
            output(outputs[real]), tgt_output[real], label_smoothing=smoothing
        )

    return loss


@contextmanager
def without_output(decoder: nn.Module) -> Iterator[nn.Module]:
    """Make a decoder return the inputs of its output layer, and yield that layer.

    With thousands of words, no product is larger than that of the output layer. This way, a loss
    can skip it at padding.
    """
    output = dict(decoder.named_children())["output"]
    decoder.output = nn.Identity()
    try:
        yield output
    finally:
        decoder.output = output
