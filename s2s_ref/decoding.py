"""Lesson 5: from a model's probabilities to a sentence."""

import math
from collections.abc import Callable, Sequence
from itertools import zip_longest

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from s2s_ref.state import Hypothesis, State


def trim_at_eos(tokens: Sequence[int], eos_id: int) -> list[int]:
    """Keep the tokens before the first `<eos>`, all of them where there is none."""
    tokens = list(tokens)
    return tokens[: tokens.index(eos_id)] if eos_id in tokens else tokens


@torch.inference_mode()
def greedy_decode(
    decoder: nn.Module, state: State, bos_id: int, eos_id: int, max_len: int
) -> list[list[int]]:
    """Translate a batch, always taking the likeliest token; each sentence stops at its `<eos>`."""
    return _decode(decoder, state, bos_id, eos_id, max_len, _likeliest)


@torch.inference_mode()
def sample_decode(
    decoder: nn.Module,
    state: State,
    bos_id: int,
    eos_id: int,
    max_len: int,
    temperature: float,
    generator: torch.Generator,
) -> list[list[int]]:
    """Translate a batch by drawing every token from the model's distribution.

    Logits are divided by `temperature` first: below 1 likely tokens become likelier, above 1 less
    likely ones do, and towards 0 it becomes greedy decoding.
    """

    def draw(logits: Tensor) -> Tensor:
        probabilities = (logits / temperature).softmax(dim=-1)
        return torch.multinomial(probabilities, 1, generator=generator).squeeze(1)

    return _decode(decoder, state, bos_id, eos_id, max_len, draw)


def _decode(
    decoder: nn.Module,
    state: State,
    bos_id: int,
    eos_id: int,
    max_len: int,
    choose: Callable[[Tensor], Tensor],
) -> list[list[int]]:
    """Write token by token; a sentence that is done leaves the batch."""
    hypotheses: list[list[int]] = [[] for _ in range(len(state.h))]
    going = hypotheses  # those of the rows that are left
    token = torch.full((len(going),), bos_id, device=state.h.device)
    for _ in range(max_len):
        logits, state, *_ = decoder(token.unsqueeze(1), state)
        token = choose(logits[:, -1])
        words = token.tolist()
        if eos_id in words:
            rows = token.ne(eos_id).nonzero().squeeze(1)
            token, state = token[rows], state.select(rows)
            going, words = [going[row] for row in rows.tolist()], token.tolist()
        if not words:
            break
        for hypothesis, word in zip(going, words, strict=True):
            hypothesis.append(word)
    return hypotheses


def _likeliest(logits: Tensor) -> Tensor:
    """Pick the likeliest token of each row; on a CPU numpy does it ten times as fast as PyTorch."""
    if logits.device.type != "cpu":
        return logits.argmax(dim=-1)
    return torch.from_numpy(logits.numpy().argmax(axis=-1))


def beam_step(
    scores: Float[Tensor, "batch beam"], logits: Float[Tensor, "batch beam vocab"], beam_size: int
) -> tuple[
    Int[Tensor, "batch new_beam"], Int[Tensor, "batch new_beam"], Float[Tensor, "batch new_beam"]
]:
    """Extend every beam by every token and keep the `beam_size` best of each sentence.

    Returns the parents (which beam each one extends), the tokens, and the log-probabilities so
    far, in nats, best first (Sutskever et al. 2014, section 3.2). Where there are fewer than
    `beam_size` extensions, all of them are kept.
    """
    totals = scores.unsqueeze(-1) + logits.log_softmax(dim=-1)
    # An extension among the best ends in one of the `beam_size` best words, where a word is as good
    # as its best extension. So most of the vocabulary is looked at by amax, which is fast.
    _, words = totals.amax(dim=1).topk(min(beam_size, totals.shape[2]), dim=1)
    candidates = totals.gather(2, words.unsqueeze(1).expand(-1, totals.shape[1], -1)).flatten(1)
    best, places = candidates.topk(min(beam_size, candidates.shape[1]), dim=1)
    return places // words.shape[1], words.gather(1, places % words.shape[1]), best


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
    """Keep the `beam_size` likeliest beginnings of each sentence; return what they came to.

    Hypotheses are ranked by log-probability / length ** alpha, best first; the length counts
    `<eos>`. A sentence ends when `beam_size` of its hypotheses have, or after `max_len` tokens,
    where beginnings that never ended are returned too. A hypothesis that is done leaves the beam.
    """
    done: list[list[Hypothesis]] = [[] for _ in range(len(state.h))]
    sharing = rows_share_sources(decoder)
    # a grid: one row for each sentence that goes on, one place for each of its beginnings
    sentences = list(range(len(done)))
    words = torch.full((len(done), 1, 1), bos_id, device=state.h.device)
    score = torch.zeros(len(done), 1, device=state.h.device)
    for step in range(1, max_len + 1):
        logits, state, *_ = decoder(words[:, :, -1:].flatten(0, 1), state)
        grid = logits[:, -1].unflatten(0, score.shape)
        parent, token, score = beam_step(score, grid, beam_size)
        row = torch.arange(len(parent), device=parent.device).unsqueeze(1)
        words = torch.cat([words[row, parent], token.unsqueeze(2)], dim=2)
        parent = row * grid.shape[1] + parent
        ends = token.eq(eos_id) & score.isfinite()
        for i, place in ends.nonzero().tolist():
            found = _hypothesis(words[i, place, :-1], score[i, place], step, alpha)
            done[sentences[i]].append(found)
        score = score.masked_fill(ends, -math.inf)  # its place is free at the next step
        alive = score.isfinite().any(dim=1).tolist()
        going = [i for i, s in enumerate(sentences) if alive[i] and len(done[s]) < beam_size]
        kept = None
        if len(going) < len(sentences):
            kept = torch.tensor(going, dtype=torch.long).to(parent.device)
            sentences = [sentences[i] for i in going]
            words, score, parent = words[kept], score[kept], parent[kept]
        if not sentences:
            break
        state = state.branch(parent.flatten(), kept) if sharing else state.select(parent.flatten())
    for i, place in score.isfinite().nonzero().tolist():
        found = _hypothesis(words[i, place], score[i, place], max_len, alpha)
        done[sentences[i]].append(found)
    return [sorted(d, key=lambda hypothesis: -hypothesis.score) for d in done]


def rows_share_sources(decoder: nn.Module) -> bool:
    """Whether a decoder can read several rows of a sentence from one copy of its source."""
    return getattr(decoder, "rows_share_sources", False)


def _hypothesis(words: Tensor, score: Tensor, length: int, alpha: float) -> Hypothesis:
    log_prob = score.item()
    return Hypothesis(words[1:].tolist(), log_prob, log_prob / length**alpha)


def corpus_bleu(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Return BLEU, 0 to 100, of translations that may have several references each.

    It is sacrebleu's with its defaults: cased, on text as people read it (Post 2018, section 3).
    """
    import sacrebleu

    # sacrebleu wants every first reference, every second one, …; None where a source has fewer
    streams = list(zip_longest(*references))
    return float(sacrebleu.corpus_bleu(list(hypotheses), streams).score)
