"""The exercise `translate_sentence`: its cases, hints, mistakes and other right answers."""

import torch
from torch import Tensor

from s2s_ref import encoder_decoder
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.state import State
from s2s_ref.student.protocol import Model

# ------------------------------------------------------------------ translate_sentence


def table(draw: Draw, name: str, states: int, vocab: int) -> Model:
    """Describe a toy model with drawn tables, in which <eos> comes now and then."""
    weights: dict[str, Tensor] = {"transitions": draw.ids(0, states, states, vocab)}
    if name == "TableDecoder":
        weights["logits"] = draw.normal(states, vocab)
        weights["logits"][:, 2] += 0.6
    sizes = {"states": states, "vocab_size": vocab}
    return Model(f"s2s_ref.student.table_models.{name}", sizes, weights)


@exercise(
    reference=encoder_decoder.translate_sentence,
    title="Six steps to a translation",
    returns="tokens",
    edges=[{"src_len": 1}, {"max_len": 1}],
    hints=[
        "The decoder reads its own last word and says the next one. What has it already read at "
        "each step, and which two things end the sentence?",
        "The context [1, hidden] goes into a State, and that into the first call. One token a "
        "call: an input of shape [1, 1]. The logits are [1, 1, vocab]. The state that comes back "
        "goes into the next call, and it already knows all earlier words.",
        "With max_len = 3: read <bos>, say 7; read 7, say 9; read 9, say <eos>. Returned: [7, 9].",
    ],
)
def translate_sentence(draw: Draw, src_len=3, vocab=7, states=11, max_len=8):
    """Draw an encoder and a decoder, as tables, and a sentence."""
    return {
        "encoder": table(draw, "TableEncoder", states, vocab),
        "decoder": table(draw, "TableDecoder", states, vocab),
        "src": draw.ids(4, vocab, 1, src_len),
        "bos_id": 1,
        "eos_id": 2,
        "max_len": max_len,
    }


@translate_sentence.mistake(
    "the decoder reads <bos> at every step",
    why="It never learns which word it has just said.",
    question="What does the decoder read in the second step?",
)
def same_bos(encoder, decoder, src, bos_id, eos_id, max_len):
    state, tokens = State(encoder(src)), []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[bos_id]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "the state is reset to the context at every step",
    why="The decoder forgets all but its last word, and tends to go round in circles.",
    question="Which state does the second call start from?",
)
def state_reset(encoder, decoder, src, bos_id, eos_id, max_len):
    context, token, tokens = State(encoder(src)), bos_id, []
    for _ in range(max_len):
        logits, _ = decoder(torch.tensor([[token]]), context)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "the words so far are read again from a state that has read them",
    why="After three words the decoder has read the first one three times.",
    question="What does the state that came back already know?",
)
def prefix_reread(encoder, decoder, src, bos_id, eos_id, max_len):
    state, tokens = State(encoder(src)), [bos_id]
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([tokens]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens[1:]


@translate_sentence.mistake(
    "it goes on past <eos>",
    why="The words after the end are noise: the decoder was never trained on them.",
    question="What should the loop do when the token is <eos>?",
)
def past_eos(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), bos_id, []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        if token != eos_id:
            tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "<eos> is in the result",
    why="It ends the sentence; it is not a word of it.",
    question="Do you look for <eos> before or after the token is kept?",
)
def eos_kept(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), bos_id, []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        tokens.append(token)
        if token == eos_id:
            break
    return tokens


@translate_sentence.mistake(
    "<bos> is in the result",
    why="It starts the decoder; nobody said it.",
    question="What is in your list before the first word is predicted?",
)
def bos_kept(encoder, decoder, src, bos_id, eos_id, max_len):
    state, tokens = State(encoder(src)), [bos_id]
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([tokens[-1:]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "<bos> and <eos> are in the result",
    why="They start and end the sentence; they are not words of it.",
    question="Which of the tokens in your list did the decoder say as a word?",
)
def both_kept(encoder, decoder, src, bos_id, eos_id, max_len):
    state, tokens = State(encoder(src)), [bos_id]
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([tokens[-1:]]), state)
        tokens.append(logits[0, -1].argmax().item())
        if tokens[-1] == eos_id:
            break
    return tokens


@translate_sentence.mistake(
    "a sentence that reaches max_len gives None",
    why="Such a sentence has no <eos>, and all that was written is lost.",
    question="What comes back when the loop ends and has met no <eos>?",
)
def returns_at_eos_only(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), bos_id, []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            return tokens
        tokens.append(token)


@translate_sentence.mistake(
    "nothing but <eos> ends the sentence",
    why="A decoder that never says <eos> would write for ever.",
    question="What is `max_len` for?",
    raises="called more than",
)
def no_limit(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), bos_id, []
    while True:
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            return tokens
        tokens.append(token)


@translate_sentence.mistake(
    "the decoder starts with <eos> instead of <bos>",
    why="In training every target began with <bos>, so that is the only beginning it knows.",
    question="Which id did the decoder read first in training?",
)
def starts_with_eos(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), eos_id, []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "a sentence of max_len tokens is cut one token short",
    why="<bos> was counted among the tokens, and it is not one of the translation's.",
    question="What is in your list before the first word is predicted?",
)
def limit_counts_bos(encoder, decoder, src, bos_id, eos_id, max_len):
    state, tokens = State(encoder(src)), [bos_id]
    while len(tokens) < max_len:
        logits, state = decoder(torch.tensor([tokens[-1:]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens[1:]


@translate_sentence.mistake(
    "the tokens are tensors, not numbers",
    why="A list of ids is looked up word by word, and a tensor is no key of a vocabulary.",
    question="How does a tensor with one number in it become a plain number?",
)
def tokens_as_tensors(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), torch.tensor([[bos_id]]), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = logits.argmax(dim=-1)
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "the tokens are tensors, not numbers",
    why="A list of ids is looked up word by word, and a tensor is no key of a vocabulary.",
    question="How does a tensor with one number in it become a plain number?",
)
def tokens_as_vectors(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), torch.tensor([bos_id]), []
    for _ in range(max_len):
        logits, state = decoder(token.view(1, 1), state)
        token = logits[:, -1].argmax(dim=-1)
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "the decoder got the bare context, not a State",
    why="Every decoder of the course takes a State, so that they can be exchanged.",
    question="In what must the context be wrapped before the first call of the decoder?",
    raises="has no attribute 'hidden'",
)
def context_not_wrapped(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = encoder(src), bos_id, []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.alternative
def translate_from_the_start(encoder, decoder, src, bos_id, eos_id, max_len):
    context, tokens = State(encoder(src)), [bos_id]
    while len(tokens) <= max_len:
        logits, _ = decoder(torch.tensor([tokens]), context)
        token = int(logits[0, -1].softmax(dim=-1).argmax())
        if token == eos_id:
            break
        tokens.append(token)
    return tokens[1:]
