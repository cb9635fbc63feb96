"""Random arguments for the cases of a check."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from s2s_ref.student.observe import build
from s2s_ref.student.protocol import Generator, Model
from s2s_ref.student.table_models import ThreeResults


class SpecialIds(NamedTuple):
    """The ids of the special tokens in one case, all different."""

    pad: int
    bos: int
    eos: int
    unk: int


class Draw:
    """A seeded source of random arguments: the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        """Start from this seed."""
        self._generator = torch.Generator().manual_seed(seed % 2**63)

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Draw float32 values from a normal distribution with this standard deviation."""
        return torch.randn(shape, generator=self._generator) * scale

    def ids(self, low: int, high: int, *shape: int) -> Tensor:
        """Draw ids from `low` to `high` - 1."""
        return torch.randint(low, high, shape, generator=self._generator)

    def integer(self, low: int, high: int) -> int:
        """Draw one number from `low` to `high` - 1."""
        return int(self.ids(low, high, 1))

    def chance(self, probability: float) -> bool:
        """Draw True with this probability."""
        return bool(torch.rand(1, generator=self._generator) < probability)

    def shuffled(self, items: list[Any]) -> list[Any]:
        """Return the items in a random order."""
        order = torch.randperm(len(items), generator=self._generator)
        return [items[i] for i in order]

    def distinct(self, low: int, high: int, count: int) -> list[int]:
        """Draw different numbers from `low` to `high` - 1, in a random order."""
        return self.shuffled(list(range(low, high)))[:count]

    def special_ids(self, vocab_size: int) -> SpecialIds:
        """Draw ids for the special tokens anywhere in a vocabulary; padding is never 0.

        They vary from case to case, so that code with ids written as numbers fails.
        """
        pad = self.integer(1, vocab_size)
        others = [token for token in range(vocab_size) if token != pad]
        return SpecialIds(pad, *self.shuffled(others)[:3])

    def lengths(self, batch: int, longest: int, shortest: int = 1) -> Tensor:
        """Draw the lengths of a batch. One is `longest`; of several, it is never the first."""
        others = [self.integer(shortest, max(shortest + 1, longest)) for _ in range(batch - 1)]
        later = self.shuffled([longest, *others[1:]])
        return torch.tensor([*others[:1], *later])

    def generator(self) -> Generator:
        """Describe a seeded generator."""
        return Generator(self.integer(0, 2**31))

    def weights(self, module: nn.Module, scale: float = 0.6) -> dict[str, Tensor]:
        """Draw a value for every parameter of a module: biases too, which start near zero."""
        return {n: self.normal(*p.shape, scale=scale) for n, p in module.named_parameters()}

    def model(self, cls: type[nn.Module], **sizes: Any) -> Model:
        """Describe a module of `s2s_ref` with drawn weights; `sizes` may hold descriptions."""
        built = {n: build(s) if isinstance(s, Model) else s for n, s in sizes.items()}
        weights = self.weights(cls(**built))
        return Model(f"{cls.__module__}.{cls.__qualname__}", sizes, weights)

    def with_third_result(self, decoder: Model) -> Model:
        """Describe a decoder that returns a third result, as those of later lessons do."""
        return Model(f"{ThreeResults.__module__}.{ThreeResults.__qualname__}", {"decoder": decoder})
