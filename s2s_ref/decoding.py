"""Lesson 5: from a model's probabilities to a sentence."""

from collections.abc import Sequence
from itertools import zip_longest

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from s2s_ref.state import Hypothesis, State


def trim_at_eos(tokens: Sequence[int], eos_id: int) -> list[int]:
    """Keep the tokens before the first `<eos>`, or all of them if there is none."""
    tokens = list(tokens)
    return tokens[: tokens.index(eos_id)] if eos_id in tokens else tokens


@torch.no_grad()
def greedy_decode(
    decoder: nn.Module, state: State, bos_id: int, eos_id: int, max_len: int
) -> list[list[int]]:
    """Translate a batch, always taking the likeliest token; each sentence stops at its `<eos>`."""
    written = torch.full((len(state.h), 1), bos_id, device=state.h.device)
    for _ in range(max_len):
        logits, state, *_ = decoder(written[:, -1:], state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        written = torch.cat([written, token], dim=1)
        if (written[:, 1:] == eos_id).any(dim=1).all():  # every sentence has ended
            break
    return [trim_at_eos(tokens, eos_id) for tokens in written[:, 1:].tolist()]


@torch.no_grad()
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
    written = torch.full((len(state.h), 1), bos_id, device=state.h.device)
    for _ in range(max_len):
        logits, state, *_ = decoder(written[:, -1:], state)
        probabilities = (logits[:, -1] / temperature).softmax(dim=-1)
        token = torch.multinomial(probabilities, 1, generator=generator)
        written = torch.cat([written, token], dim=1)
        if (written[:, 1:] == eos_id).any(dim=1).all():
            break
    return [trim_at_eos(tokens, eos_id) for tokens in written[:, 1:].tolist()]


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
    vocab_size = logits.shape[-1]
    candidates = (scores.unsqueeze(-1) + logits.log_softmax(dim=-1)).flatten(1)
    best, places = candidates.topk(min(beam_size, candidates.shape[1]), dim=1)
    return places // vocab_size, places % vocab_size, best


@torch.no_grad()
def beam_search(
    decoder: nn.Module,
    state: State,
    bos_id: int,
    eos_id: int,
    beam_size: int,
    max_len: int,
    alpha: float = 0.0,
) -> list[list[Hypothesis]]:
    """Extend the `beam_size` likeliest prefixes of each sentence; return the hypotheses found.

    Hypotheses are ranked by log-probability / length ** alpha, best first; the length counts
    `<eos>`. A hypothesis that ends leaves the beam. The search stops when `beam_size` hypotheses
    have ended, or after `max_len` tokens; prefixes that have not ended are then returned too.
    """
    results = []
    for sentence in torch.arange(len(state.h), device=state.h.device):
        beams = state.select(sentence.unsqueeze(0))  # its rows are this sentence's prefixes
        written = torch.full((1, 1), bos_id, device=state.h.device)
        scores = torch.zeros(1, device=state.h.device)
        finished = []
        for length in range(1, max_len + 1):
            logits, beams, *_ = decoder(written[:, -1:], beams)
            step = beam_step(scores.unsqueeze(0), logits[:, -1].unsqueeze(0), beam_size)
            parents, tokens, scores = (part.squeeze(0) for part in step)
            written = torch.cat([written[parents], tokens.unsqueeze(1)], dim=1)
            possible = scores.isfinite()  # a token of probability 0 makes no hypothesis
            ended = possible & (tokens == eos_id)
            for words, log_prob in zip(written[ended], scores[ended].tolist(), strict=True):
                score = log_prob / length**alpha
                finished.append(Hypothesis(words[1:-1].tolist(), log_prob, score))
            going = possible & (tokens != eos_id)
            written, scores = written[going], scores[going]
            if len(finished) >= beam_size or len(written) == 0:
                break
            beams = beams.select(parents[going])
        else:
            for words, log_prob in zip(written, scores.tolist(), strict=True):
                score = log_prob / max_len**alpha
                finished.append(Hypothesis(words[1:].tolist(), log_prob, score))
        results.append(sorted(finished, key=lambda hypothesis: hypothesis.score, reverse=True))
    return results


def corpus_bleu(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Return BLEU, 0 to 100, of translations that may have several references each.

    It is sacrebleu's with its defaults: cased, on text as people read it (Post 2018, section 3).
    """
    import sacrebleu

    # sacrebleu wants every first reference, every second one, …; None where a source has fewer
    streams = list(zip_longest(*references))
    return float(sacrebleu.corpus_bleu(list(hypotheses), streams).score)
