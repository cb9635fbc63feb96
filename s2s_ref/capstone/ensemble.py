"""Several translators that translate as one: their probabilities are averaged at every token."""

from collections.abc import Iterable, Sequence
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from s2s_ref.fast import KINDS, Rows, rows_of
from s2s_ref.padding import Translator
from s2s_ref.state import State


class EnsembleState(State):
    """The states of several decoders that write the same sentences; `hidden` holds them."""

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
    """Several decoders as one: at every token, their probabilities are averaged."""

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

    They make different errors, and what only one of them predicts is outvoted.
    """

    def __init__(self, models: Sequence[Translator]) -> None:
        """Join translators with the same vocabularies."""
        super().__init__()
        self.models = nn.ModuleList(models)
        self.decoder = EnsembleDecoder([model.decoder for model in models])

    @property
    def members(self) -> list[Translator]:
        """The translators."""
        return cast("list[Translator]", list(self.models))

    def encode(
        self, src: Int[Tensor, "batch src_len"], src_lengths: Int[Tensor, " batch"]
    ) -> EnsembleState:
        """Encode the sources with each translator."""
        return EnsembleState.of(model.encode(src, src_lengths) for model in self.members)
