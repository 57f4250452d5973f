"""Muon: momentum whose matrices are made orthogonal before the step (K. Jordan et al., "Muon: An optimizer for hidden
layers in neural networks", 2024), with steps as large as AdamW's (J. Liu et al., "Muon is Scalable for LLM Training",
2025). torch.optim.Muon computes in bfloat16, which takes seconds a step on a CPU without such instructions."""

import torch

NEWTON_SCHULZ_STEPS = 5


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """(n, rows, columns), rows <= columns: each with its singular values near 1. The paper's coefficients."""
    x = matrices / (matrices.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = 3.4445 * x + (2.0315 * gram @ gram - 4.7750 * gram) @ x
    return x


class Muon:
    def __init__(self, matrices: list[torch.Tensor], weight_decay: float, momentum: float = 0.95):
        self.by_shape: dict[tuple[int, int], list[torch.Tensor]] = {}
        for matrix in matrices:
            self.by_shape.setdefault(tuple(sorted(matrix.shape)), []).append(matrix)
        self.averages = {shape: torch.zeros(len(group), *shape) for shape, group in self.by_shape.items()}
        self.weight_decay, self.momentum = weight_decay, momentum

    @torch.no_grad()
    def step(self, rate: float) -> None:
        for shape, group in self.by_shape.items():
            turned = [matrix.shape != shape for matrix in group]  # those with more rows than columns
            gradients = torch.stack([m.grad.T if turn else m.grad for m, turn in zip(group, turned)])
            average = self.averages[shape].lerp_(gradients, 1 - self.momentum)
            updates = orthogonal(torch.lerp(gradients, average, self.momentum)) * (0.2 * max(shape) ** 0.5)
            for matrix, turn, update in zip(group, turned, updates):
                matrix.mul_(1 - rate * self.weight_decay).sub_(rate * (update.T if turn else update))
