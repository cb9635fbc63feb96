"""The interface of a contender: a model, a loss, a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from s2s_ref.training.batches import Batch


class Contender(Protocol):
    """A model of one package, behind two calls.

    `prepare` arranges a batch as the package expects it, which is not timed. `extra` counts the
    parameters that the package's design adds to the reference's model of the same kind, `twin`.
    """

    name: str
    model: nn.Module
    twin: str
    extra: int
    why_extra: str

    def prepare(self, batch: Batch) -> Any:
        """Make the arguments of `loss` and of the searches."""

    def loss(self, inputs: Any) -> Tensor:
        """Compute the mean loss of the target tokens, in nats; padding is not counted."""


class Decoding(Protocol):
    """A contender that also translates, always to the full length."""

    def greedy(self, inputs: Any, length: int) -> list[list[int]]:
        """Write `length` tokens for every sentence, the likeliest one each time."""

    def beam(self, inputs: Any, length: int, beam_size: int) -> list[list[int]]:
        """Write `length` tokens for every sentence; return the best hypothesis of each."""


@dataclass
class Step:
    """One update, the same for all: gradients to zero, loss, backward, clip, Adam."""

    contender: Contender
    fused: bool = True
    lr: float = 1e-3
    clip: float = 1.0

    def __post_init__(self) -> None:
        """Make the optimiser."""
        self.parameters = trained(self.contender.model)
        self.optimizer = torch.optim.Adam(self.parameters, lr=self.lr, fused=self.fused)

    def __call__(self, inputs: Any) -> float:
        """Do one update; return the loss before it."""
        self.optimizer.zero_grad()
        loss = self.contender.loss(inputs)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, self.clip)
        self.optimizer.step()
        return loss.item()


def trained(model: nn.Module) -> list[nn.Parameter]:
    """List what training changes; Keras keeps the state of its random numbers as parameters too."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def count_parameters(model: nn.Module) -> int:
    """Count the numbers that training changes."""
    return sum(parameter.numel() for parameter in trained(model))


def check_sizes(contenders: Sequence[Contender]) -> None:
    """Raise ValueError if a model has other than its twin's number of parameters and `extra`."""
    counts = {one.name: count_parameters(one.model) for one in contenders}
    for one in contenders:
        expected = counts[one.twin] + one.extra
        if counts[one.name] != expected:
            raise ValueError(f"{one.name} has {counts[one.name]:,} parameters, not {expected:,}.")
