"""The exercise `translate_sentence`: write a translation, a token at a time."""

import torch
from torch import Tensor

from s2s_ref import encoder_decoder
from s2s_ref.checks.draw import Draw, SpecialIds
from s2s_ref.checks.registry import exercise
from s2s_ref.state import State
from s2s_ref.student.observe import materialise
from s2s_ref.student.protocol import Model

MOST_DRAWS = 400
"""So many models are drawn at most until one says what a case needs."""


def table(draw: Draw, name: str, states: int, vocab: int, special: SpecialIds) -> Model:
    """Describe a toy model made of drawn tables; it says <eos> now and then, and never <bos>."""
    weights: dict[str, Tensor] = {"transitions": draw.ids(0, states, states, vocab)}
    if name == "TableDecoder":
        weights["logits"] = draw.normal(states, vocab)
        weights["logits"][:, special.eos] += 0.6
        weights["logits"][:, special.bos] -= 9
    sizes = {"states": states, "vocab_size": vocab}
    return Model(f"s2s_ref.student.table_models.{name}", sizes, weights)


@exercise(
    reference=encoder_decoder.translate_sentence,
    title="Six steps to a translation",
    steps={
        "state": (
            "the decoder's state",
            "Which state does the decoder start from, and which one does each step hand on?",
        ),
        "logits": ("the logits of a step", "Which word and which state does this step read?"),
    },
    returns="tokens",
    edges=[{"ends": 0}, {"src_len": 1}, {"max_len": 1}, {"words": 0}],
    hints=[
        "The decoder reads its own last word and says the next one. What has it already read at "
        "each step, and which two things end the sentence?",
        "The context [1, hidden] goes into a State, and that into the first call. One token a "
        "call: an input of shape [1, 1]. The logits are [1, 1, vocab]. The state that comes back "
        "goes into the next call, and it already knows all earlier words.",
        "With max_len = 3: read <bos>, say 7; read 7, say 9; read 9, say <eos>. Returned: [7, 9].",
    ],
)
def translate_sentence(draw: Draw, src_len=3, vocab=9, states=11, max_len=8, words=3, ends=1):
    """Draw an encoder and a decoder, as tables, and a sentence.

    The translation has at least three different words, or none if `words` is 0. It ends before
    `max_len`, or is cut there if `ends` is 0.
    """
    for _ in range(MOST_DRAWS):
        arguments = drawn_models(draw, src_len, vocab, states, max_len)
        said = encoder_decoder.translate_sentence(*materialise(arguments, {}).values())
        cut = len(said) == max_len
        enough = len(set(said)) >= min(words, max_len) if words else not said
        if enough and cut != bool(ends and max_len > words):
            break
    return arguments


def drawn_models(
    draw: Draw, src_len: int, vocab: int, states: int, max_len: int
) -> dict[str, object]:
    """Draw the arguments of one call, whatever its translation is."""
    special = draw.special_ids(vocab)
    source = torch.tensor([i for i in range(vocab) if i not in special])
    return {
        "encoder": table(draw, "TableEncoder", states, vocab, special),
        "decoder": table(draw, "TableDecoder", states, vocab, special),
        "src": source[draw.ids(0, len(source), 1, src_len)],
        "bos_id": special.bos,
        "eos_id": special.eos,
        "max_len": max_len,
    }


@translate_sentence.alternative
def translate_with_item(encoder, decoder, src, bos_id, eos_id, max_len):
    context = encoder(src)
    state, token, tokens = State(context), bos_id, []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


translate_sentence.edit(
    "word_drawn",
    "the next word is drawn at random, not the likeliest one",
    base=translate_with_item,
    replace={"argmax().item()": "softmax(dim=-1).multinomial(1).item()"},
    why="Drawing comes in lesson 5. Here the same sentence has the same translation every time.",
    question="Which of the words should the decoder say: any, or the one with the largest logit?",
)

translate_sentence.edit(
    "least_likely_word",
    "the least likely word is said, not the likeliest one",
    base=translate_with_item,
    replace={"argmax": "argmin"},
    why="The larger a logit, the likelier its word.",
    question="Which of the logits belongs to the likeliest word?",
)


translate_sentence.edit(
    "same_bos",
    "the decoder reads <bos> at every step",
    base=translate_with_item,
    replace={"[[token]]": "[[bos_id]]"},
    why="It never learns which word it has just said.",
    question="What does the decoder read in the second step?",
)

translate_sentence.edit(
    "state_reset",
    "the state is reset to the context at every step",
    base=translate_with_item,
    replace={"logits, state =": "logits, _ ="},
    why="The decoder forgets all but its last word, and tends to go round in circles.",
    question="Which state does the second call start from?",
)

translate_sentence.edit(
    "prefix_reread",
    "the words so far are read again from a state that has read them",
    base=translate_with_item,
    replace={"[[token]]": "[[bos_id, *tokens]]"},
    why="After three words the decoder has read the first one three times.",
    question="What does the state that came back already know?",
)

translate_sentence.edit(
    "past_eos",
    "it goes on past <eos>",
    base=translate_with_item,
    replace={"break": "continue"},
    why="The words after the end are noise: the decoder was never trained on them.",
    question="What should the loop do when the token is <eos>?",
)

translate_sentence.edit(
    "eos_kept",
    "<eos> is in the result",
    base=translate_with_item,
    replace={"break": "return [*tokens, token]"},
    why="It ends the sentence; it is not a word of it.",
    question="Do you look for <eos> before or after the token is kept?",
)

translate_sentence.edit(
    "bos_kept",
    "<bos> is in the result",
    base=translate_with_item,
    replace={"bos_id, []": "bos_id, [bos_id]"},
    why="It starts the decoder; nobody said it.",
    question="What is in your list before the first word is predicted?",
)

translate_sentence.edit(
    "both_kept",
    "<bos> and <eos> are in the result",
    base=translate_with_item,
    replace={"bos_id, []": "bos_id, [bos_id]", "break": "return [*tokens, token]"},
    why="They start and end the sentence; they are not words of it.",
    question="Which of the tokens in your list did the decoder say as a word?",
)

translate_sentence.edit(
    "returns_at_eos_only",
    "a sentence that reaches max_len gives None",
    base=translate_with_item,
    replace={"break": "return tokens", "\n    return tokens": ""},
    why="Such a sentence has no <eos>, and all that was written is lost.",
    question="What comes back when the loop ends and has met no <eos>?",
)

translate_sentence.edit(
    "no_limit",
    "nothing but <eos> ends the sentence",
    base=translate_with_item,
    replace={"for _ in range(max_len)": "while True"},
    why="A decoder that never says <eos> would write for ever.",
    question="What is `max_len` for?",
    raises="called more than",
)

translate_sentence.edit(
    "starts_with_eos",
    "the decoder starts with <eos> instead of <bos>",
    base=translate_with_item,
    replace={"State(context), bos_id": "State(context), eos_id"},
    why="In training every target began with <bos>, so that is the only beginning it knows.",
    question="Which id did the decoder read first in training?",
)

translate_sentence.edit(
    "limit_counts_bos",
    "a sentence of max_len tokens is cut one token short",
    base=translate_with_item,
    replace={"range(max_len)": "range(max_len - 1)"},
    why="Either <bos> counts as one of the tokens, or the last one is taken for <eos>.",
    question="What is in your list before the first word is predicted, and what is its last entry "
    "when no <eos> has come?",
)

translate_sentence.edit(
    "tokens_as_tensors",
    "the tokens are tensors, not numbers",
    base=translate_with_item,
    replace={
        "State(context), bos_id": "State(context), torch.tensor([[bos_id]])",
        "torch.tensor([[token]])": "token",
        "logits[0, -1].argmax().item()": "logits.argmax(dim=-1)",
    },
    why="A vocabulary finds a word by its id. A tensor is not a key that it knows.",
    question="How does a tensor with one number in it become a plain number?",
)

translate_sentence.edit(
    "tokens_as_vectors",
    "the tokens are tensors, not numbers",
    base=translate_with_item,
    replace={
        "State(context), bos_id": "State(context), torch.tensor([bos_id])",
        "torch.tensor([[token]])": "token.view(1, 1)",
        "logits[0, -1].argmax().item()": "logits[:, -1].argmax(dim=-1)",
    },
    why="A vocabulary finds a word by its id. A tensor is not a key that it knows.",
    question="How does a tensor with one number in it become a plain number?",
)

translate_sentence.edit(
    "context_not_wrapped",
    "the decoder got the bare context, not a State",
    base=translate_with_item,
    replace={"State(context)": "context"},
    why="Every decoder of the course takes a State, so that they are interchangeable.",
    question="What must the context be wrapped in before the decoder is called for the first time?",
    raises="has no attribute 'hidden'",
)


translate_sentence.edit(
    "one_too_many",
    "a translation that is cut has one token more than max_len",
    base=translate_with_item,
    replace={"range(max_len)": "range(max_len + 1)"},
    why="The limit is part of the signature, and who calls this relies on it.",
    question="How many tokens has the longest list that your loop can write?",
)

translate_sentence.edit(
    "argmax_over_length",
    "the largest logit was looked for among the steps, not among the words",
    base=translate_with_item,
    replace={"logits[0, -1].argmax().item()": "logits.argmax(dim=1)[0, 0].item()"},
    why="There is one step only, so the answer is 0 whatever the decoder says.",
    question="Which axis of the logits [1, 1, vocab] is the vocabulary?",
)

translate_sentence.edit(
    "starts_with_the_source",
    "the decoder first reads the last word of the source",
    base=translate_with_item,
    replace={"State(context), bos_id": "State(context), src[0, -1].item()"},
    why="In training every target began with <bos>, so that is the only beginning it knows.",
    question="Which id did the decoder read first in training?",
)

translate_sentence.edit(
    "tensor_returned",
    "a tensor came back, not a list",
    base=translate_with_item,
    replace={"\n    return tokens": "\n    return torch.tensor(tokens)"},
    why="A vocabulary finds a word by its id. A tensor is not a key that it knows.",
    question="What does the signature say comes back, after the arrow?",
)

translate_sentence.edit(
    "ids_as_numbers",
    "the ids of <bos> and <eos> are written as numbers",
    base=translate_with_item,
    replace={"State(context), bos_id": "State(context), 1", "== eos_id": "== 2"},
    why="Each vocabulary gives its own ids, and 2 may be any word.",
    question="Which of the arguments hold the two ids?",
)

translate_sentence.edit(
    "last_word_lost",
    "the last word is lost",
    base=translate_with_item,
    replace={"\n    return tokens": "\n    return tokens[:-1]"},
    why="The loop has left <eos> out already, so there is nothing more to cut off.",
    question="What does your list hold when <eos> has come?",
)

translate_sentence.edit(
    "first_word_lost",
    "the first word is lost",
    base=translate_with_item,
    replace={"\n    return tokens": "\n    return tokens[1:]"},
    why="<bos> is not in the list, so there is nothing to cut off in front.",
    question="What is in your list before the first word is predicted?",
)

translate_sentence.edit(
    "returns_in_the_loop",
    "it returns after the first word",
    base=translate_with_item,
    replace={"\n    return tokens": "\n        return tokens\n    return tokens"},
    why="The rest of the translation is never written.",
    question="How far is your `return` indented: does it belong to the loop, or come after it?",
)

translate_sentence.edit(
    "probability_for_a_word",
    "the list holds the largest logits, not the words that they belong to",
    base=translate_with_item,
    replace={"tokens.append(token)": "tokens.append(logits.max().item())"},
    why="A logit says how likely a word is. Its place says which word it is.",
    question="What does `max` give, and what does `argmax` give?",
)


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


translate_sentence.edit(
    "stops_at_a_repeat",
    "it stops where a word comes a second time",
    base=translate_with_item,
    replace={"token == eos_id": "token == eos_id or token in tokens"},
    why="A sentence may say a word twice.",
    question="Which two things end a translation in the six steps?",
)

translate_sentence.edit(
    "list_in_a_list",
    "the right tokens, in a list inside a list",
    base=translate_with_item,
    replace={"\n    return tokens": "\n    return [tokens]"},
    why="That is how a list of several sentences looks. This function returns one sentence.",
    question="How many pairs of brackets does your result have, and how many should it have?",
)

translate_sentence.edit(
    "special_ids_never_said",
    "words with the ids 0 to 3 were left out",
    base=translate_with_item,
    replace={"tokens.append(token)": "tokens += [token] * (token > 3)"},
    why="Each vocabulary gives its own ids, and 3 may be any word.",
    question="Which of the arguments hold the two ids that no translation has?",
)

translate_sentence.edit(
    "stops_at_the_same_word",
    "it stops where the same word comes twice in a row",
    base=translate_with_item,
    replace={"token == eos_id": "token == eos_id or token in tokens[-1:]"},
    why="A sentence may say a word twice.",
    question="Which two things end a translation in the six steps?",
)

translate_sentence.edit(
    "length_of_the_source",
    "the translation is cut at the length of the source",
    base=translate_with_item,
    replace={"range(max_len)": "range(src.shape[1])"},
    why="The two lengths have nothing to do with each other.",
    question="Which argument says how many tokens a translation may have?",
)

translate_sentence.edit(
    "token_without_an_axis",
    "the token went in without one of its two axes",
    base=translate_with_item,
    replace={"[[token]]": "[token]"},
    why="The decoder wants a tensor of shape [1, 1]: one sentence, one token.",
    question="Which of the two axes does your tensor have?",
    raises="[Dd]imension",
)

translate_sentence.edit(
    "token_as_a_number",
    "the token went in as a number, not as a tensor",
    base=translate_with_item,
    replace={"torch.tensor([[token]])": "token"},
    why="The decoder wants a tensor of shape [1, 1]: one sentence, one token.",
    question="What does the line of the text that begins with `torch.tensor` make of a number?",
    raises="'int'",
)

translate_sentence.edit(
    "bos_read_twice",
    "<bos> is read twice",
    base=translate_with_item,
    replace={
        "    for _ in": "    _, state = decoder(torch.tensor([[token]]), state)\n    for _ in"
    },
    why="A call before the loop has read it already, and its logits are lost.",
    question="Which token does the decoder read in its first call, and which in its second?",
)

translate_sentence.edit(
    "source_backwards",
    "the source is read backwards",
    base=translate_with_item,
    replace={"encoder(src)": "encoder(src.flip(1))"},
    why="An encoder must read in translation as it read in training, and this one read forwards.",
    question="Which word does the encoder read first?",
)
