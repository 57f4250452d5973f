"""Embedding a folder of photos: `clipsim index`, start to exit, against a loop over open_clip. See run.sh.

Of the peer the loop alone is timed: not Python's start, imports and loading the model, which take it seconds more. It reads
photos as people do, with open_clip's own preprocessing in a DataLoader whose workers are as many as the threads. Vectors are not all the
same: where an odd number of pixels is to be cropped away, open_clip's crop may lie one further than ours, which is Hugging
Face's.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import open_clip
import torch
from PIL import Image

MODEL = Path("models/clip-lite")


class Photos(torch.utils.data.Dataset):
    def __init__(self, files: list[Path], preprocess):
        self.files, self.preprocess = files, preprocess

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.preprocess(Image.open(self.files[index]).convert("RGB"))


@torch.inference_mode()
def peer(model, preprocess, files: list[Path], threads: int) -> tuple[float, np.ndarray]:
    started = time.perf_counter()
    loader = torch.utils.data.DataLoader(Photos(files, preprocess), batch_size=32, num_workers=threads)
    vectors = [
        model.encode_image(batch.contiguous(memory_format=torch.channels_last), normalize=True) for batch in loader
    ]
    return time.perf_counter() - started, torch.cat(vectors).numpy()


def index(program: str, photos: Path, threads: int) -> float:
    with tempfile.TemporaryDirectory() as output:
        command = [program, "index", photos, "--quiet", "--threads", str(threads)]
        started = time.perf_counter()
        subprocess.run(command + ["--set", f"model.clip={MODEL}", "--set", f"output_dir={output}"], check=True)
        return time.perf_counter() - started


def vectors_of(program: str, files: list[Path]) -> np.ndarray:
    with tempfile.TemporaryDirectory() as output:
        file = Path(output) / "v.npy"
        settings = ["--set", f"model.clip={MODEL}", "--set", f"output_dir={output}"]
        subprocess.run([program, "embed", "--quiet", "-o", file, "--space", "clip", *settings, *files], check=True)
        return np.load(file)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("photos", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    files = sorted(options.photos.glob("*/*.jpg"))
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{MODEL}")
    model.eval().to(memory_format=torch.channels_last)
    own, others = [], []
    for _ in range(options.rounds):
        own.append(index(options.program, options.photos, options.threads))
        seconds, vectors = peer(model, preprocess, files, options.threads)
        others.append(seconds)
    cosines = (vectors_of(options.program, files) * vectors).sum(axis=1)
    print(f"{len(files)} photos, {options.threads} threads, best of {options.rounds}; in seconds")
    print(f"clipsim index, start to exit    {min(own):6.2f}   ({', '.join(f'{s:.2f}' for s in own)})")
    print(f"open_clip, its loop alone       {min(others):6.2f}   ({', '.join(f'{s:.2f}' for s in others)})")
    print(f"clipsim is {min(others) / min(own):.2f} times faster")
    print(f"cosines of the vectors: median {np.median(cosines):.4f}, lowest {cosines.min():.4f}")


if __name__ == "__main__":
    main()
