"""The record of a training run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(repr=False)
class History:
    """The record of one training run, in plain lists that JSON can hold.

    - `losses`: nats per token, one for each update.
    - `seconds`, `tgt_tokens`: time and target tokens used up to and including each update, without
      validation.
    - `valid`: a series of numbers for each name that `validate` returned, measured after the
      updates in `valid_steps`.
    """

    label: str = ""
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    tgt_tokens: list[int] = field(default_factory=list)
    valid_steps: list[int] = field(default_factory=list)
    valid: dict[str, list[float]] = field(default_factory=dict)

    @property
    def steps(self) -> list[int]:
        """The number of each update, from 1."""
        return list(range(1, len(self.losses) + 1))

    def recent_loss(self, updates: int = 20) -> float:
        """Mean loss of the last updates, in nats per token; NaN before the first one."""
        recent = self.losses[-updates:]
        return sum(recent) / len(recent) if recent else math.nan

    def record(self, loss: float, seconds: float, tgt_tokens: int) -> None:
        """Add one update: its loss, and the seconds and target tokens that it took."""
        self.losses.append(loss)
        self.seconds.append((self.seconds[-1] if self.seconds else 0.0) + seconds)
        self.tgt_tokens.append((self.tgt_tokens[-1] if self.tgt_tokens else 0) + tgt_tokens)

    def record_validation(self, step: int, numbers: Mapping[str, float]) -> None:
        """Add what `validate` returned after an update. Raises ValueError if its names changed."""
        if self.valid_steps and set(numbers) != set(self.valid):
            raise ValueError(
                f"validate returned {sorted(numbers)} at step {step}, and {sorted(self.valid)} "
                "before: return the same names each time."
            )
        self.valid_steps.append(step)
        for name, number in numbers.items():
            self.valid.setdefault(name, []).append(float(number))

    def __repr__(self) -> str:
        """One line: updates, time, tokens, loss from first to last, the last validation."""
        name = f"History {self.label!r}" if self.label else "History"
        if not self.losses:
            return f"{name}: no updates yet"
        line = (
            f"{name}: {len(self.losses):,} updates, {self.seconds[-1]:.1f} s, "
            f"{self.tgt_tokens[-1]:,} target tokens, "
            f"loss {self.losses[0]:.3f} → {self.recent_loss():.3f} nats per token"
        )
        return ", ".join(
            [line, *(f"{key} {numbers[-1]:.3f}" for key, numbers in self.valid.items())]
        )
