"""Fast versions of lesson 5's searches, which find the same hypotheses.

Read `s2s_ref.decoding` first. What makes these faster also makes them harder to follow:

- All sentences are searched in one batch, and a sentence that is done leaves it.
- A sentence's rows share one copy of its encoder states (`AttendingRows`).
- A step of the beam sorts a few words, not the whole vocabulary (`beam_step`).
- On a CPU numpy finds the likeliest word.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from s2s_ref.attention import LuongDecoder, attend, with_keys
from s2s_ref.state import Hidden, Hypothesis, State
from s2s_ref.two_attentions import BahdanauDecoder


@torch.inference_mode()
def greedy_decode(
    decoder: nn.Module, state: State, bos_id: int, eos_id: int, max_len: int
) -> list[list[int]]:
    """Translate a batch as `decoding.greedy_decode` does."""
    hypotheses: list[list[int]] = [[] for _ in range(len(state.h))]
    going = hypotheses  # those of the rows that are left
    rows = rows_of(decoder, state)
    token = torch.full((len(going),), bos_id, device=state.h.device)
    for _ in range(max_len):
        token = _likeliest(rows.step(token))
        words = token.tolist()
        if eos_id in words:
            left = token.ne(eos_id).nonzero().squeeze(1)
            token = token[left]
            rows.keep(left, left)
            going, words = [going[row] for row in left.tolist()], token.tolist()
        if not words:
            break
        for hypothesis, word in zip(going, words, strict=True):
            hypothesis.append(word)
    return hypotheses


def _likeliest(logits: Float[Tensor, "rows vocab"]) -> Int[Tensor, " rows"]:
    """Return the likeliest token of each row."""
    if logits.device.type != "cpu":
        return logits.argmax(dim=-1)
    return torch.from_numpy(logits.numpy().argmax(axis=-1))


@torch.inference_mode()
def beam_search(
    decoder: nn.Module,
    state: State,
    bos_id: int,
    eos_id: int,
    beam_size: int,
    max_len: int,
    alpha: float = 0.0,
) -> list[list[Hypothesis]]:
    """Search as `decoding.beam_search` does, all sentences at once."""
    found: list[list[Hypothesis]] = [[] for _ in range(len(state.h))]
    going = found  # those of the sentences that are left
    rows = rows_of(decoder, state)
    # [sentence, beam]; a place of the beam with a score of -inf is free
    scores = torch.zeros(len(going), 1, device=state.h.device)
    words = torch.full((len(going), 1, 1), bos_id, device=state.h.device)
    for length in range(1, max_len + 1):
        logits = rows.step(words[:, :, -1].flatten()).unflatten(0, scores.shape)
        parents, tokens, scores = beam_step(scores, logits, beam_size)
        sentences = torch.arange(len(going), device=parents.device).unsqueeze(1)
        words = torch.cat([words[sentences, parents], tokens.unsqueeze(2)], dim=2)
        ended = tokens.eq(eos_id) & scores.isfinite()
        _collect(going, ended, words[:, :, 1:-1], scores, length**alpha)
        scores = scores.masked_fill(ended, -math.inf)
        alive = scores.isfinite().any(dim=1).tolist()
        left = [i for i in range(len(going)) if alive[i] and len(going[i]) < beam_size]
        going, kept = [going[i] for i in left], torch.tensor(left, dtype=torch.long)
        kept = kept.to(parents.device)
        scores, words = scores[kept], words[kept]
        if not left:
            break
        rows.keep((sentences * logits.shape[1] + parents)[kept].flatten(), kept)
    _collect(going, scores.isfinite(), words[:, :, 1:], scores, max_len**alpha)
    return [sorted(each, key=lambda h: h.score, reverse=True) for each in found]


def _collect(
    found: list[list[Hypothesis]], places: Tensor, words: Tensor, scores: Tensor, divisor: float
) -> None:
    """Add the hypotheses at these places, a mask [sentence, beam], to those of their sentences."""
    for sentence, place in places.nonzero().tolist():
        log_prob = scores[sentence, place].item()
        tokens = words[sentence, place].tolist()
        found[sentence].append(Hypothesis(tokens, log_prob, log_prob / divisor))


def beam_step(
    scores: Float[Tensor, "batch beam"], logits: Float[Tensor, "batch beam vocab"], beam_size: int
) -> tuple[
    Int[Tensor, "batch new_beam"], Int[Tensor, "batch new_beam"], Float[Tensor, "batch new_beam"]
]:
    """Extend the beams as `decoding.beam_step` does.

    Rank words by the best extension that ends in each. The best `beam_size` extensions then end in
    the best `beam_size` words, which `amax` finds quickly, so only those words are sorted.
    """
    totals = scores.unsqueeze(-1) + logits.log_softmax(dim=-1)
    _, words = totals.amax(dim=1).topk(min(beam_size, totals.shape[2]), dim=1)
    candidates = totals.gather(2, words.unsqueeze(1).expand(-1, totals.shape[1], -1)).flatten(1)
    best, places = candidates.topk(min(beam_size, candidates.shape[1]), dim=1)
    return places // words.shape[1], words.gather(1, places % words.shape[1]), best


class Rows:
    """The rows of a search, one or more for each sentence, side by side, and their decoder.

    This class knows nothing about the decoder, so each row has a copy of its sentence's source.
    """

    def __init__(self, decoder: nn.Module, state: State) -> None:
        """Begin with one row for each sentence."""
        self.decoder = decoder
        self.state = state

    def step(self, tokens: Int[Tensor, " rows"]) -> Float[Tensor, "rows vocab"]:
        """Read one token in each row; return the logits of the next ones."""
        logits: Tensor
        logits, self.state, *_ = self.decoder(tokens.unsqueeze(1), self.state)
        return logits[:, -1]

    def keep(
        self,
        rows: Int[Tensor, " kept"],
        sentences: Int[Tensor, " sentences"],  # noqa: ARG002 - for those that share
    ) -> None:
        """Keep these rows, which belong to these sentences."""
        self.state = self.state.select(rows)


class AttendingRows(Rows):
    """Rows that share one copy of their sentence's source, for a decoder with attention.

    They query it together, as if they were several target steps of one row, and a row that moves
    takes only its hidden state along.
    """

    decoder: LuongDecoder | BahdanauDecoder

    def __init__(self, decoder: LuongDecoder | BahdanauDecoder, state: State) -> None:
        """Begin with one row for each sentence."""
        self.decoder = decoder
        self.hidden: Hidden = state.hidden
        self.memory = with_keys(state, decoder.score)  # one row for each sentence, always

    def keep(self, rows: Int[Tensor, " kept"], sentences: Int[Tensor, " sentences"]) -> None:
        """Keep these rows, which belong to these sentences."""
        self.hidden = State(self.hidden).select(rows).hidden
        if len(sentences) < len(self.memory.h):
            self.memory = self.memory.select(sentences)

    def context(self, queries: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows hidden"]:
        """Return the context vector of every row's query."""
        together = queries.unflatten(0, (len(self.memory.h), -1))
        context, _ = attend(together, self.memory, self.decoder.score)
        return context.flatten(0, 1)


class LuongRows(AttendingRows):
    """The rows of a `LuongDecoder`."""

    decoder: LuongDecoder

    def step(self, tokens: Int[Tensor, " rows"]) -> Float[Tensor, "rows vocab"]:
        """Do what the decoder does in one step."""
        decoder, rnn = self.decoder, self.decoder.rnn
        word = decoder.embedding(tokens.unsqueeze(1)).squeeze(1)
        cell = getattr(torch, f"{rnn.mode.lower()}_cell")  # one step costs less than a layer
        self.hidden = cell(word, self.hidden, *rnn.all_weights[0])
        output = State(self.hidden).h
        both = torch.cat([self.context(output), output], dim=-1)
        logits: Tensor = decoder.output(torch.tanh(decoder.combine(both)))
        return logits


class BahdanauRows(AttendingRows):
    """The rows of a `BahdanauDecoder`."""

    decoder: BahdanauDecoder

    def step(self, tokens: Int[Tensor, " rows"]) -> Float[Tensor, "rows vocab"]:
        """Do what the decoder does in one step."""
        decoder = self.decoder
        word = decoder.embedding(tokens.unsqueeze(1)).squeeze(1)
        inputs = torch.cat([word, self.context(State(self.hidden).h)], dim=-1)
        self.hidden = decoder.rnn(inputs, self.hidden)
        logits: Tensor = decoder.output(State(self.hidden).h)
        return logits


KINDS: dict[type[nn.Module], type[Rows]] = {
    LuongDecoder: LuongRows,
    BahdanauDecoder: BahdanauRows,
}
"""The kind of rows for each class of decoder that shares sources, subclasses not included."""


def rows_of(decoder: nn.Module, state: State) -> Rows:
    """Begin a search with one row for each sentence of a state."""
    return KINDS.get(type(decoder), Rows)(decoder, state)
