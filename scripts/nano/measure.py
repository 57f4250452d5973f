"""Recall@1, MAP@R (leave one out) and zero-shot class accuracy, as `clipsim eval` measures them."""

import torch
import torch.nn.functional as F


def measure(vectors: torch.Tensor, labels: torch.Tensor, classes: torch.Tensor | None = None) -> dict[str, float]:
    """Unit `vectors` (n, d) with class numbers `labels` (n), and a unit vector for each class (c, d)."""
    similarity = vectors @ vectors.T
    similarity.fill_diagonal_(-2)
    order = similarity.argsort(dim=1, descending=True)[:, :-1]
    relevant = labels[order] == labels[:, None]
    count = relevant.sum(dim=1)
    rank = torch.arange(1, relevant.shape[1] + 1)
    within = relevant & (rank <= count[:, None])
    precision = within.cumsum(dim=1) / rank
    average = (precision * within).sum(dim=1) / count.clamp(min=1)
    judged = count > 0
    figures = {
        "recall_at_1": relevant[judged, 0].float().mean().item(),
        "map_at_r": average[judged].mean().item(),
    }
    if classes is not None:
        figures["zero_shot"] = ((vectors @ classes.T).argmax(dim=1) == labels).float().mean().item()
    return figures


def numbered(class_names: list[str]) -> tuple[list[str], torch.Tensor]:
    names = sorted(set(class_names))
    return names, torch.tensor([names.index(name) for name in class_names])


def mean_vectors(vectors: torch.Tensor, labels: torch.Tensor, count: int) -> torch.Tensor:
    sums = torch.zeros(count, vectors.shape[1]).index_add_(0, labels, vectors)
    return F.normalize(sums, dim=1)


def class_directions(vectors: torch.Tensor, labels: torch.Tensor, count: int, ridge: float = 1.0) -> torch.Tensor:
    """Unit vectors (count, d) that rank photos by their class: linear discriminant analysis with the covariance of all
    `vectors`, plus `ridge` times its mean variance. A class's mean vector ranks worse: it holds what all photos share,
    and so finds those that are near to everything."""
    mean = vectors.mean(dim=0)
    centred = vectors - mean
    covariance = centred.T @ centred / len(vectors)
    covariance += ridge * covariance.diagonal().mean() * torch.eye(len(mean))
    sums = torch.zeros(count, vectors.shape[1]).index_add_(0, labels, centred)
    return F.normalize(torch.linalg.solve(covariance, sums.T).T, dim=1)
