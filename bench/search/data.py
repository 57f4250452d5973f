"""The vectors that search is measured on."""

import pathlib
import subprocess

import numpy as np

DIMENSION = 128
NOISE = 0.7  # of a clustered vector, against its centre of length 1
REAL_NOISE = 0.3
IMAGES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"}


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clustered(count, queries, seed=1):
    """Unit vectors around random centres, a hundred a centre: what photos of things look like to a fine-tuned model."""
    rng = np.random.default_rng(seed)
    centres = unit(rng.standard_normal((max(10, count // 100), DIMENSION), dtype=np.float32))

    def draw(n):
        noise = rng.standard_normal((n, DIMENSION), dtype=np.float32) * (NOISE / np.sqrt(DIMENSION))
        return unit(centres[rng.integers(0, len(centres), n)] + noise)

    return draw(count), draw(queries)


def of_photos(program, folder, work):
    """Embeddings of the photos under a folder, by `clipsim embed`."""
    photos = sorted(str(p) for p in pathlib.Path(folder).rglob("*") if p.suffix.lower() in IMAGES)
    output = pathlib.Path(work) / "photos.npy"
    subprocess.run([program, "-q", "embed", "-o", output, *photos], check=True)
    return np.load(output).astype(np.float32)


def repeated(base, count, queries, seed=2):
    """Real vectors, repeated with a little noise until there are enough."""
    rng = np.random.default_rng(seed)

    def draw(n):
        rows = base[rng.integers(0, len(base), n)]
        noise = rng.standard_normal(rows.shape, dtype=np.float32) * (REAL_NOISE / np.sqrt(base.shape[1]))
        return unit(rows + noise)

    return draw(count), draw(queries)
