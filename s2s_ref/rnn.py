"""Lesson 1: one RNN that reads a word and writes a word."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

RNN_LAYERS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
"""PyTorch's recurrent layers, by the name that `cell=` takes everywhere in the course."""


def one_hot(ids: Int[Tensor, "batch len"], vocab_size: int) -> Float[Tensor, "batch len vocab"]:
    """Write every id as a vector of zeros with a single 1 at the id's place."""
    vectors = torch.zeros(*ids.shape, vocab_size, device=ids.device)
    return vectors.scatter(-1, ids.unsqueeze(-1), 1.0)


def rnn_step(
    x: Float[Tensor, "batch embed"],
    h: Float[Tensor, "batch hidden"],
    W_xh: Float[Tensor, "embed hidden"],
    W_hh: Float[Tensor, "hidden hidden"],
    b: Float[Tensor, " hidden"],
) -> Float[Tensor, "batch hidden"]:
    """Mix one word with what was read before: tanh(x W_xh + h W_hh + b) (Elman 1990)."""
    return torch.tanh(x @ W_xh + h @ W_hh + b)


def unroll(
    inputs: Float[Tensor, "batch len embed"],
    h: Float[Tensor, "batch hidden"],
    W_xh: Float[Tensor, "embed hidden"],
    W_hh: Float[Tensor, "hidden hidden"],
    b: Float[Tensor, " hidden"],
) -> Float[Tensor, "batch len hidden"]:
    """Read a sentence word by word with `rnn_step` and keep the state after every word.

    The state before the first word is not among them.
    """
    states = []
    for x in inputs.unbind(dim=1):
        h = rnn_step(x, h, W_xh, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1)


class SingleRNN(nn.Module):
    """Translate with one RNN: embedding, RNN, affine layer, one word out for every word in."""

    def __init__(
        self, src_vocab_size: int, tgt_vocab_size: int, embed_size: int, hidden_size: int
    ) -> None:
        """Make the layers; the forward pass only has to join them."""
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src: Int[Tensor, "batch len"]) -> Float[Tensor, "batch len tgt_vocab"]:
        """Return one vector of logits for every source position."""
        states, _ = self.rnn(self.embedding(src))
        logits: Tensor = self.output(states)
        return logits


def token_accuracy(
    logits: Float[Tensor, "batch len vocab"], tgt: Int[Tensor, "batch len"]
) -> float:
    """Return the share of tokens, 0 to 1, at which the likeliest word is the right one."""
    return (logits.argmax(dim=-1) == tgt).float().mean().item()


def gru_step(
    x: Float[Tensor, "batch embed"],
    h: Float[Tensor, "batch hidden"],
    W_x: Float[Tensor, "embed three_hidden"],
    W_h: Float[Tensor, "hidden three_hidden"],
    b_x: Float[Tensor, " three_hidden"],
    b_h: Float[Tensor, " three_hidden"],
) -> Float[Tensor, "batch hidden"]:
    """Do one step of a gated recurrent unit, in PyTorch's form (Cho et al. 2014, section 2.3).

    The weights of the reset gate, the update gate and the candidate lie side by side, in this
    order. The new state is (1 - update) * candidate + update * h.
    """
    x_reset, x_update, x_candidate = (x @ W_x + b_x).chunk(3, dim=-1)
    h_reset, h_update, h_candidate = (h @ W_h + b_h).chunk(3, dim=-1)
    reset = torch.sigmoid(x_reset + h_reset)
    update = torch.sigmoid(x_update + h_update)
    candidate = torch.tanh(x_candidate + reset * h_candidate)
    return (1 - update) * candidate + update * h
