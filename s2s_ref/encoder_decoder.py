"""Lesson 2: one RNN reads the sentence, another one writes its translation."""

from collections.abc import Sequence

from jaxtyping import Float, Int
from torch import Tensor, nn

from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import Hidden, State, from_rnn, to_rnn


def shift_target(
    tgt: Int[Tensor, "batch full_len"],
) -> tuple[Int[Tensor, "batch tgt_len"], Int[Tensor, "batch tgt_len"]]:
    """Split targets, `<bos>` … `<eos>`, into the decoder's input and output, one step apart.

    The output at step t is the input at step t + 1.
    """
    return tgt[:, :-1], tgt[:, 1:]


class Encoder(nn.Module):
    """Read a source sentence of any length into one vector of fixed size, the context vector."""

    def __init__(
        self, vocab_size: int, embed_size: int, hidden_size: int, cell: str = "gru"
    ) -> None:
        """Make an encoder with the recurrent layer `cell`: "rnn", "gru" or "lstm"."""
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src: Int[Tensor, "batch src_len"]) -> Hidden:
        """Return the state after the last word; the outputs are not used."""
        _, final = self.rnn(self.embedding(src))
        return from_rnn(final)


class Decoder(nn.Module):
    """A language model of the target that starts from the context vector."""

    def __init__(
        self, vocab_size: int, embed_size: int, hidden_size: int, cell: str = "gru"
    ) -> None:
        """Make a decoder with the recurrent layer `cell`: "rnn", "gru" or "lstm"."""
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(
        self, tgt_input: Int[Tensor, "batch tgt_len"], state: State
    ) -> tuple[Float[Tensor, "batch tgt_len vocab"], State]:
        """Read one or many target tokens; return the logits of the next ones and the next state."""
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        return self.output(outputs), State(from_rnn(hidden))


class Seq2Seq(nn.Module):
    """An encoder and a decoder: the decoder starts where the encoder stopped."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        """Join the two; both must have the same cell and hidden size."""
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def forward(
        self, src: Int[Tensor, "batch src_len"], tgt_input: Int[Tensor, "batch tgt_len"]
    ) -> Float[Tensor, "batch tgt_len vocab"]:
        """Return the logits of every target token, given the right tokens before it."""
        logits: Tensor
        logits, _ = self.decoder(tgt_input, State(self.encoder(src)))
        return logits


def translate_sentence(
    encoder: nn.Module,
    decoder: nn.Module,
    src: Int[Tensor, "1 src_len"],
    bos_id: int,
    eos_id: int,
    max_len: int,
) -> list[int]:
    """Translate one sentence, a token at a time, always taking the likeliest one.

    Returns the ids that were written, at most `max_len`, without `<bos>` and `<eos>`.
    """
    state = State(encoder(src))
    token, tokens = bos_id, []
    for _ in range(max_len):
        logits, state = decoder(src.new_tensor([[token]]), state)
        token = int(logits[0, -1].argmax())
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


def exact_match(hypotheses: Sequence[Sequence[int]], references: Sequence[Sequence[int]]) -> float:
    """Return the share of sentences, 0 to 1, that equal their reference from end to end."""
    pairs = zip(hypotheses, references, strict=True)
    return sum(list(hyp) == list(ref) for hyp, ref in pairs) / len(references)
