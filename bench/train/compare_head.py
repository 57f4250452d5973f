"""Training of the head alone, clipsim against pytorch-metric-learning: the same photos, split and cached features.

Both train a 128-D linear head with the same start (the principal directions of the features), loss, batches of 8 classes
x 4 photos, AdamW, warm-up, cosine and number of epochs, measure the held-out photos after each epoch (the peer with its
AccuracyCalculator) and keep the best head by MAP@R. Timed is that loop: features are made beforehand, for both. In the
end the peer's calculator measures both heads. They take turns at being first, seed by seed.

    bench/train/head.sh PHOTOS [--seeds 1,2,3,4,5] [--loss triplet] [--epochs 15] [--threads 2]
"""

import argparse
import json
import logging
import math
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy
import torch
from pytorch_metric_learning import losses, samplers
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from clipsim_split import held_out
from safetensors.torch import load_file
from torch.nn.functional import normalize

DIMENSION, CLASSES, EACH, RATE, DECAY, WARMUP, VALIDATION = 128, 8, 4, 1e-3, 0.01, 0.1, 0.2
LOSSES = {
    "triplet": lambda: losses.TripletMarginLoss(margin=0.2),
    "supcon": lambda: losses.SupConLoss(temperature=0.1),
}


def train_peer(features, labels, chosen, loss_name, epochs, seed):
    """The head and the seconds that its loop took."""
    torch.manual_seed(seed)
    numpy.random.seed(seed)  # MPerClassSampler draws from it
    train, validation = features[~chosen], features[chosen]
    train_labels, validation_labels = labels[~chosen], labels[chosen]
    head = torch.nn.Linear(features.shape[1], DIMENSION, bias=False)
    with torch.no_grad():
        head.weight.copy_(torch.linalg.eigh((train.T @ train).double())[1].flip(1).T[:DIMENSION])
    start = time.perf_counter()
    loss_function = LOSSES[loss_name]()
    optimizer = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY)
    batch_size = min(CLASSES, len(labels.unique())) * EACH
    steps = math.ceil(len(train) / batch_size)
    total, warm = epochs * steps, max(1, round(WARMUP * epochs * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: (s + 1) / warm if s < warm else 0.5 * (1 + math.cos(math.pi * (s - warm) / (total - warm))))
    sampler = samplers.MPerClassSampler(train_labels, EACH, batch_size, steps * batch_size)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(train, train_labels), batch_size=batch_size, sampler=sampler)
    calculator = AccuracyCalculator(include=("mean_average_precision_at_r", "precision_at_1"), k="max_bin_count")
    best, best_weight = -1, None
    for _ in range(epochs):
        for batch, batch_labels in loader:
            loss = loss_function(normalize(head(batch)), batch_labels)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        with torch.no_grad():
            figures = calculator.get_accuracy(normalize(head(validation)), validation_labels)
        if figures["mean_average_precision_at_r"] > best:
            best, best_weight = figures["mean_average_precision_at_r"], head.weight.detach().clone()
    return best_weight, time.perf_counter() - start


def train_clipsim(options, output, seed):
    settings = {"data.root": options.photos, "data.seed": seed, "data.split": "by_image", "output_dir": output,
                "data.val_fraction": VALIDATION, "model.projection_dim": DIMENSION, "train.loss": options.loss,
                "train.mining": "all", "train.margin": 0.2, "train.supcon.temperature": 0.1,
                "train.classes_per_batch": CLASSES, "train.images_per_class": EACH, "train.stage1.learning_rate": RATE,
                "train.weight_decay": DECAY, "train.warmup": WARMUP, "train.regularization.method": "none",
                "train.stage1.epochs": options.epochs, "train.stage2.epochs": 0}
    command = [options.program, "train", "-q", "--no-progress", "--threads", str(options.threads)]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    subprocess.run(command, check=True)
    epochs = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]
    weight = load_file(output / "checkpoints/best_model.safetensors")["head.linear.weight"]
    return weight, sum(epoch["seconds"] for epoch in epochs), max(epoch["mean_average_precision_at_r"] for epoch in epochs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--program", default="build/release/bin/clipsim")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--loss", choices=sorted(LOSSES), default="triplet")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    logging.getLogger("PML").setLevel(logging.ERROR)
    torch.set_num_threads(options.threads)
    photos = sorted(p for p in options.photos.glob("*/*") if p.is_file())
    names = sorted({p.parent.name for p in photos})
    labels = torch.tensor([names.index(p.parent.name) for p in photos])
    map_at_r, seconds = {"clipsim": [], "peer": []}, {"clipsim": [], "peer": []}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([options.program, "embed", "-q", "--no-progress", "--space", "clip", "--output", folder / "features.npy",
                        *photos], check=True)
        features = torch.from_numpy(numpy.load(folder / "features.npy"))
        calculator = AccuracyCalculator(include=("mean_average_precision_at_r",), k="max_bin_count")
        train_peer(features, labels, torch.arange(len(photos)) % 5 == 0, options.loss, 1, 0)  # its libraries load lazily
        for turn, seed in enumerate(map(int, options.seeds.split(","))):
            chosen = torch.zeros(len(photos), dtype=torch.bool)
            chosen[held_out(photos, seed, VALIDATION)] = True
            for who in ("clipsim", "peer") if turn % 2 == 0 else ("peer", "clipsim"):
                if who == "peer":
                    weight, took = train_peer(features, labels, chosen, options.loss, options.epochs, seed)
                else:
                    weight, took, reported = train_clipsim(options, folder / f"seed{seed}", seed)
                figures = calculator.get_accuracy(normalize(features[chosen] @ weight.T), labels[chosen])
                if who == "clipsim" and abs(figures["mean_average_precision_at_r"] - reported) > 2e-3:
                    raise SystemExit(f"clipsim reports MAP@R {reported:.4f}: it held out other photos than this script")
                map_at_r[who].append(figures["mean_average_precision_at_r"])
                seconds[who].append(took)
                print(f"seed {seed}  {who:8} MAP@R {map_at_r[who][-1]:.4f}  {took:6.2f} s", flush=True)
    print(f"\nhead of {DIMENSION}-D on {len(photos)} photos' features, {options.loss}, {options.epochs} epochs, "
          f"{options.threads} threads, {len(map_at_r['peer'])} seeds")
    for who, title in (("clipsim", "clipsim"), ("peer", "pytorch-metric-learning")):
        print(f"{title:24} MAP@R {statistics.mean(map_at_r[who]):.4f} +- {statistics.pstdev(map_at_r[who]):.4f}"
              f"  {statistics.median(seconds[who]):6.2f} s (median)")
    ratio = statistics.median(p / c for p, c in zip(seconds["peer"], seconds["clipsim"]))
    print(f"{'ratio of the times':24} {ratio:.1f} x (median over the seeds)")


if __name__ == "__main__":
    main()
