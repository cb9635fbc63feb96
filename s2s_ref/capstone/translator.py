"""A translator for real sentences, from pairs to translations: what the lessons add up to.

The models are those of the lessons. New are only the usual helps against learning a small corpus by
heart: dropout, label smoothing, subwords, and one table of target words for reading and writing.
And several trained translators may write one translation together.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from s2s_ref.attention import DotScores, LuongDecoder
from s2s_ref.data.pairs import Pair
from s2s_ref.data.vocabulary import Vocabulary, spell_out
from s2s_ref.encoder_decoder import Decoder, shift_target
from s2s_ref.fast import KINDS, Rows, beam_search, greedy_decode, rows_of
from s2s_ref.padding import PackedEncoder, Translator, bucket_batches, pad
from s2s_ref.state import State
from s2s_ref.training.batches import Batch, padded_batches
from s2s_ref.training.history import History
from s2s_ref.training.loop import Loss, Validate, fit, set_seed
from s2s_ref.two_attentions import AdditiveScores, BidirectionalEncoder, GeneralScores

AT_ONCE = 100  # sentences that are decoded in one batch
ROOM = 10  # target tokens that a translation may have beyond twice its source's


@dataclass(frozen=True)
class Recipe:
    """The choices of one translator; the defaults suit some ten thousand short sentences.

    `unit` and `size` are those of `Vocabulary.build`, for each side; `size` is the most entries,
    `min_count` the fewest times that one was seen. `letters` says whether the source's Hangul is
    spelled out in letters before that. `hidden` is the size of all vectors, embeddings
    too. `score` is that of the attention, "none" for a decoder without one; `two_way` says whether
    the encoder reads in both directions. Pairs with a side of more than `longest` tokens are left
    out of training: a batch takes as long as its longest sentence. `dropout` drops single numbers,
    `word_dropout` whole tokens. `alpha` is the power of the length by which the beam's
    log-probabilities are divided.
    """

    src_unit: str = "subwords"
    tgt_unit: str = "subwords"
    src_size: int | None = 3000
    tgt_size: int | None = 3000
    min_count: int = 2
    letters: bool = False
    score: str = "general"
    two_way: bool = True
    longest: int = 40
    hidden: int = 256
    cell: str = "gru"
    dropout: float = 0.3
    word_dropout: float = 0.0
    smoothing: float = 0.1
    batch: int = 64
    lr: float = 2e-3
    fall: float = 0.8
    beam: int = 5
    alpha: float = 1.0


FEW_PAIRS = Recipe(
    letters=True,
    src_size=800,
    tgt_size=1000,
    dropout=0.4,
    word_dropout=0.15,
    batch=32,
    lr=1.5e-3,
)
"""For a few thousand Korean pairs, in which most words are seen once or twice: pieces that are seen
more often, and more to keep the model from learning them by heart."""


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
        for start in range(0, len(order), AT_ONCE):
            rows = order[start : start + AT_ONCE]
            best = self._search([ids[i] for i in rows], beam or self.recipe.beam)
            for i, tokens in zip(rows, best, strict=True):
                found[i] = self.target.decode(tokens)
        return found

    def source_ids(self, sentences: Iterable[str]) -> list[list[int]]:
        """Encode sources as the recipe wants them."""
        return self.source.encode_all(_sources(sentences, self.recipe))

    @torch.no_grad()
    def _search(self, ids: list[list[int]], beam: int) -> list[list[int]]:
        self.model.eval()
        device = next(self.model.parameters()).device
        lengths = torch.tensor([len(row) for row in ids])
        state = self.model.encode(pad(ids, self.source.pad_id).to(device), lengths.to(device))
        ends = (self.target.bos_id, self.target.eos_id)
        longest = 2 * int(lengths.max()) + ROOM
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
    return map(spell_out, texts) if recipe.letters else texts


def build(recipe: Recipe, src_entries: int, tgt_entries: int) -> Translator:
    """Build a recipe's model, with random weights."""
    hidden, cell = recipe.hidden, recipe.cell
    read = BidirectionalEncoder if recipe.two_way else PackedEncoder
    encoder = read(src_entries, hidden, hidden, cell)
    decoder: nn.Module = Decoder(tgt_entries, hidden, hidden, cell)
    if recipe.score != "none":
        decoder = LuongDecoder(tgt_entries, hidden, hidden, cell, _score(recipe.score, hidden))
    start_small(encoder)
    start_small(decoder)
    tie(decoder)
    add_dropout(encoder, recipe.dropout, recipe.word_dropout)
    add_dropout(decoder, recipe.dropout, recipe.word_dropout)
    return Translator(encoder, decoder)


def _score(name: str, hidden: int) -> nn.Module:
    if name == "general":
        return GeneralScores(hidden, hidden)
    if name == "additive":
        return AdditiveScores(hidden, hidden, hidden)
    if name != "dot":
        raise ValueError(f"There is no score {name!r}: choose none, dot, general or additive.")
    return DotScores()


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
    """Train a system on pairs for so many updates; the same seed gives the same training.

    The system stays on `device`, and translates there.
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
        fall=recipe.fall,
        seed=seed,
        device=device,
        validate=validate,
        every=every,
        label=label,
    )


class EnsembleState(State):
    """The state of several decoders that write the same sentences: in `hidden` that of each."""

    __slots__ = ()

    @classmethod
    def of(cls, states: Iterable[State]) -> "EnsembleState":
        """Join the states of decoders."""
        return cls(tuple(states))  # type: ignore[arg-type]

    @property
    def states(self) -> tuple[State, ...]:
        """The state of each decoder."""
        return cast("tuple[State, ...]", self.hidden)

    def select(self, rows: Int[Tensor, " rows"]) -> "EnsembleState":
        """Keep these rows of the batch in every state."""
        return EnsembleState.of(state.select(rows) for state in self.states)

    @property
    def h(self) -> Float[Tensor, "batch hidden"]:
        """The RNN's state of the first decoder."""
        return self.states[0].h


class EnsembleDecoder(nn.Module):
    """Several decoders that agree on every token: their probabilities are averaged."""

    def __init__(self, decoders: Sequence[nn.Module]) -> None:
        """Join decoders with the same target vocabulary."""
        super().__init__()
        self.decoders = nn.ModuleList(decoders)

    def forward(
        self, tgt_input: Int[Tensor, "batch tgt_len"], state: EnsembleState
    ) -> tuple[Float[Tensor, "batch tgt_len vocab"], EnsembleState]:
        """Return the logarithms of the mean probabilities, and the next states."""
        made = [
            decoder(tgt_input, own)
            for decoder, own in zip(self.decoders, state.states, strict=True)
        ]
        logits = averaged([logits for logits, *_ in made])
        return logits, EnsembleState.of(own for _, own, *_ in made)


def averaged(logits: Sequence[Float[Tensor, "*batch vocab"]]) -> Float[Tensor, "*batch vocab"]:
    """Return the logarithms of the mean of several models' probabilities."""
    return torch.stack([each.softmax(dim=-1) for each in logits]).mean(dim=0).log()


class EnsembleRows(Rows):
    """The rows of an `EnsembleDecoder` in a fast search: those of every decoder."""

    def __init__(self, decoder: EnsembleDecoder, state: EnsembleState) -> None:
        """Begin with one row for each sentence."""
        self.members = list(map(rows_of, decoder.decoders, state.states))

    def step(self, tokens: Int[Tensor, " rows"]) -> Float[Tensor, "rows vocab"]:
        """Read one token in each row; return the logits of the next ones."""
        return averaged([rows.step(tokens) for rows in self.members])

    def keep(self, rows: Int[Tensor, " kept"], sentences: Int[Tensor, " sentences"]) -> None:
        """Keep these rows, which belong to these sentences."""
        for member in self.members:
            member.keep(rows, sentences)


KINDS[EnsembleDecoder] = EnsembleRows


class Ensemble(nn.Module):
    """Several trained translators that translate as one (Sutskever et al. 2014, section 3.6).

    Each has errors of its own, and what only one of them believes is outvoted.
    """

    def __init__(self, models: Sequence[Translator]) -> None:
        """Join translators with the same vocabularies."""
        super().__init__()
        self.models = nn.ModuleList(models)
        self.decoder = EnsembleDecoder([model.decoder for model in models])

    @property
    def members(self) -> list[Translator]:
        """Its translators."""
        return cast("list[Translator]", list(self.models))

    def encode(
        self, src: Int[Tensor, "batch src_len"], src_lengths: Int[Tensor, " batch"]
    ) -> EnsembleState:
        """Let each one read the sources."""
        return EnsembleState.of(model.encode(src, src_lengths) for model in self.members)


def together(systems: Sequence[System]) -> System:
    """Make one system of several that were trained on the same pairs, each from its own seed.

    Raises:
        ValueError: their vocabularies differ, or there is none.
    """
    if not systems:
        raise ValueError("together needs at least one system.")
    first = systems[0]
    if any((each.source, each.target) != (first.source, first.target) for each in systems):
        raise ValueError(
            "These systems have different vocabularies. Prepare all of them from the same pairs "
            "and the same recipe."
        )
    models = [
        model
        for each in systems
        for model in (each.model.members if isinstance(each.model, Ensemble) else [each.model])
    ]
    return System(first.recipe, first.source, first.target, Ensemble(models))


def smoothed_loss(smoothing: float) -> Loss:
    """Make a loss that asks for a share of probability on all words, not on the right one only.

    So a model is not driven to be certain of what it saw once (Szegedy et al. 2016, section 7).
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
    """Let a decoder return what its last layer would read, and lend that layer meanwhile.

    With thousands of words the last layer is the largest product of all, and this way it need not
    be done for padding.
    """
    output = dict(decoder.named_children())["output"]
    decoder.output = nn.Identity()
    try:
        yield output
    finally:
        decoder.output = output


def add_dropout(part: nn.Module, share: float, words: float = 0.0) -> None:
    """Drop a share of a part's embeddings, and of what its output layer reads, while training.

    A share `words` of the tokens is dropped as a whole (Gal and Ghahramani 2016, section 4.2).
    """
    layers = dict(part.named_children())
    # a channel of Dropout1d is a token here: its whole vector is dropped, or none of it
    part.embedding = nn.Sequential(layers["embedding"], nn.Dropout1d(words), nn.Dropout(share))
    if "output" in layers:
        part.output = nn.Sequential(nn.Dropout(share), layers["output"])


def tie(decoder: nn.Module) -> None:
    """Let a decoder write with the table with which it reads (Press and Wolf 2017, section 3).

    A word that is rare in the corpus is then learned in both ways at once.
    """
    layers = dict(decoder.named_children())
    layers["output"].weight = layers["embedding"].weight


def start_small(part: nn.Module) -> None:
    """Draw embeddings whose vectors have a length of about 1, in place of PyTorch's N(0, 1)."""
    embedding = dict(part.named_children())["embedding"]
    assert isinstance(embedding, nn.Embedding)
    nn.init.normal_(embedding.weight, std=embedding.embedding_dim**-0.5)


def count_parameters(model: nn.Module) -> int:
    """Count the numbers that training changes; shared ones count once."""
    return sum(parameter.numel() for parameter in model.parameters())
