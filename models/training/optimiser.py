"""What changes the weights, how fast, and the average that is shipped."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

MOMENTUM: Final = 0.95
# Coefficients of the quintic Newton-Schulz iteration of Muon (Jordan et al. 2024): all singular values go to about 1.
QUINTIC: Final = (3.4445, -4.7750, 2.0315)
ROUNDS: Final = 4
DECAY: Final = 0.03


class Muon(torch.optim.Optimizer):
    """Momentum whose matrix per convolution (outputs x everything else) is made orthogonal before each step."""

    def __init__(self, parameters: Iterable[Tensor], rate: float, decay: float = DECAY) -> None:
        super().__init__(parameters, {"lr": rate, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # noqa: ANN401 - torch's own signature
        """One step along the orthogonal momentum."""
        if closure is not None:
            raise ValueError("Muon takes no closure; compute the gradients before the step")
        for group in self.param_groups:
            for weight in group["params"]:
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                momentum.lerp_(weight.grad, 1 - MOMENTUM)
                change = weight.grad.lerp(momentum, MOMENTUM)  # Nesterov's look ahead
                rows = change.shape[0]
                scale = max(1.0, rows / (change.numel() / rows)) ** 0.5
                weight.mul_(1 - group["lr"] * group["decay"])
                weight.add_(orthogonal(change.reshape(rows, -1)).view_as(change), alpha=-group["lr"] * scale)


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest matrix with orthonormal rows (or columns), same shape."""
    a, b, c = QUINTIC
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = (x / (x.norm() + 1e-7)).bfloat16()  # the iteration forgives it, and it takes a third of the time
    for _ in range(ROUNDS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    flat: Tensor = x.T if tall else x
    return flat.to(matrix.dtype)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Warm-up, steady, and from `cooldown_from` on linearly down to nothing over `cooldown` pictures.

    Warmup-stable-decay (Hu et al. 2024): a training may go on for ever, and be cooled down from any of its states.
    """

    warmup: int  # pictures
    cooldown: int = 0
    cooldown_from: int = 0

    def factor(self, seen: int) -> float:
        """The share of the full rate after `seen` pictures."""
        up = min(1.0, (seen + 1) / self.warmup)
        down = 1.0 - (seen - self.cooldown_from) / self.cooldown if self.cooldown else 1.0
        return up * min(1.0, max(0.0, down))


def optimisers(network: nn.Module, kind: str, rate: float, *, fused: bool = True) -> list[torch.optim.Optimizer]:
    """AdamW for everything, or Muon for the convolutions and AdamW for the rest; `rate` is that of AdamW."""
    matrices = [p for p in network.parameters() if p.ndim > 1]
    rest = [p for p in network.parameters() if p.ndim <= 1]
    if kind == "adamw":
        groups = [{"params": matrices, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0.0}]
        return [torch.optim.AdamW(groups, lr=rate, fused=fused)]
    if kind != "muon":
        raise ValueError(f"no optimiser {kind!r}; there are: adamw, muon")
    last = [p for p in matrices if p.shape[0] < 8]  # the few outputs: their rows have sizes that matter
    inner = [p for p in matrices if p.shape[0] >= 8]
    return [
        Muon(inner, rate * 5),
        torch.optim.AdamW([{"params": [*rest, *last], "weight_decay": 0.0}], lr=rate, fused=fused),
    ]


class Average:
    """The exponential moving average of a network's weights and statistics."""

    def __init__(self, network: nn.Module, decay: float = 0.999) -> None:
        self.decay, self.steps = decay, 0
        self.state = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take one more step's weights in; the first ones count for little."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        mine, theirs = [], []
        for name, value in network.state_dict().items():
            if value.dtype.is_floating_point:
                mine.append(self.state[name])
                theirs.append(value)
            else:
                self.state[name].copy_(value)
        torch._foreach_lerp_(mine, theirs, 1 - decay)
