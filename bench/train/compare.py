"""clipsim train against a faithful loop of the Python project it replaces: same photos, same weights, same 15 epochs.

The original's loop: a data set of random (anchor, positive, negative) triplets, one an image and epoch; three photos
opened with PIL and preprocessed, three forward passes of CLIP a triplet in both stages; stage 1 trains a 128-D head on
the frozen encoder, stage 2 the last two blocks with it; after each epoch the held-out triplets are passed through too.
The encoder has the shape of ViT-B/32 with random weights (time does not hang on their values), or is the CLIP in the folder
that --model names. The peer is timed on one epoch of each stage, or on the first --steps of it, and scaled to 5 + 10;
clipsim runs all 15. With --full the peer runs all 15 too, and the time to the held-out Recall@1 that it ends with is
compared, which says something with real weights alone: --model models/clip-nano --full takes some minutes.

    bench/train/run.sh PHOTOS [--count 500] [--threads 2] [--steps N] [--model FOLDER] [--full]
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import tempfile
import time

import torch
from clipsim_split import held_out
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

STAGE1_EPOCHS, STAGE2_EPOCHS, UNFROZEN = 5, 10, 2
BATCH = 32
VALIDATION, SEED = 0.2, 42


def choose_photos(root, count, target):
    """Links `count` photos, the same number of each class, into `target`."""
    classes = sorted(p for p in pathlib.Path(root).iterdir() if p.is_dir())
    each = count // len(classes)
    for folder in classes:
        (target / folder.name).mkdir(parents=True)
        for photo in sorted(folder.iterdir())[:each]:
            os.symlink(photo.resolve(), target / folder.name / photo.name)


class Triplets(Dataset):
    def __init__(self, items, processor):
        self.items, self.processor = items, processor
        self.by_class = {}
        for path, label in items:
            self.by_class.setdefault(label, []).append(path)

    def __len__(self):
        return len(self.items)

    def pixels(self, path):
        return self.processor(Image.open(path).convert("RGB"), return_tensors="pt").pixel_values[0]

    def __getitem__(self, index):
        anchor, label = self.items[index]
        positive = random.choice([p for p in self.by_class[label] if p != anchor] or [anchor])
        negative = random.choice(self.by_class[random.choice([c for c in self.by_class if c != label])])
        return tuple(map(self.pixels, (anchor, positive, negative)))


class Original(torch.nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.clip = CLIPModel.from_pretrained(folder, dtype=torch.float32)
        self.head = torch.nn.Linear(self.clip.config.projection_dim, 128)

    def forward(self, pixels):
        features = self.clip.get_image_features(pixel_values=pixels)
        features = features if isinstance(features, torch.Tensor) else features.pooler_output
        return torch.nn.functional.normalize(self.head(features), dim=1)


def run_epoch(model, loader, loss_function, optimizer, steps=None):
    """Seconds of the epoch; of its first `steps` alone, scaled, where they are given."""
    model.train(optimizer is not None)
    start, done = time.perf_counter(), 0
    with torch.set_grad_enabled(optimizer is not None):
        for anchor, positive, negative in loader:
            loss = loss_function(model(anchor), model(positive), model(negative))
            if optimizer:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            done += 1
            if done == steps:
                break
    return (time.perf_counter() - start) * len(loader) / done


@torch.no_grad()
def recall_at_1(model, data):
    """Each held-out photo against the others, as clipsim measures it."""
    embedded = torch.cat([model(data.pixels(path)[None]) for path, _ in data.items])
    labels = torch.tensor([label for _, label in data.items])
    scores = embedded @ embedded.T
    return (labels[scores.fill_diagonal_(-2).argmax(1)] == labels).double().mean().item()


def split(folder):
    """(path, class) of the photos to train on and of those held out: the ones that clipsim holds out."""
    photos = sorted(folder.glob("*/*"))
    classes = sorted({photo.parent.name for photo in photos})
    items = [(photo, classes.index(photo.parent.name)) for photo in photos]
    chosen = set(held_out(photos, SEED, VALIDATION))
    return [item for i, item in enumerate(items) if i not in chosen], [items[i] for i in sorted(chosen)]


def time_original(photos, model_folder, options):
    """Seconds of all epochs, scaled unless options.full, and the Recall@1 at their end with it."""
    torch.set_num_threads(options.threads)
    processor = CLIPImageProcessor.from_pretrained(model_folder)
    train, validation = (Triplets(items, processor) for items in split(photos))
    # Decoding beside the model, as its users would have it.
    train_loader = DataLoader(train, batch_size=BATCH, shuffle=True, num_workers=1)
    validation_loader = DataLoader(validation, batch_size=BATCH, num_workers=1)
    model = Original(model_folder)
    loss_function = torch.nn.TripletMarginLoss(margin=0.2)
    total = 0
    for stage, epochs in ((1, STAGE1_EPOCHS), (2, STAGE2_EPOCHS)):
        model.requires_grad_(False)
        model.head.requires_grad_(True)
        if stage == 2:
            for block in model.clip.vision_model.encoder.layers[-UNFROZEN:]:
                block.requires_grad_(True)
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-4)
        run = epochs if options.full else 1
        seconds = 0
        for _ in range(run):
            seconds += run_epoch(model, train_loader, loss_function, optimizer, options.steps)
            seconds += run_epoch(model, validation_loader, loss_function, None, options.steps)
        total += seconds / run * epochs
        print(f"original, stage {stage}: {seconds / run:.1f} s an epoch, {len(train)} triplets to train on", flush=True)
    return total, recall_at_1(model, validation) if options.full else None


def time_clipsim(photos, model_folder, output, options):
    """Seconds from start to exit, and the epochs of metrics.jsonl."""
    command = [options.program, "train", "-q", "--no-progress", "--threads", str(options.threads), "--set", f"data.root={photos}",
               "--set", f"output_dir={output}", "--set", f"model.clip={model_folder}",
               "--set", f"data.val_fraction={VALIDATION}", "--set", f"data.seed={SEED}", "--set", f"train.stage1.epochs={STAGE1_EPOCHS}",
               "--set", f"train.stage2.epochs={STAGE2_EPOCHS}", "--set", f"train.stage2.unfreeze_blocks={UNFROZEN}"]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    seconds = time.perf_counter() - start
    epochs = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]
    print(f"clipsim, epochs: {' '.join(format(epoch['seconds'], '.1f') for epoch in epochs)} s", flush=True)
    return seconds, epochs


def time_until(recall, seconds, epochs):
    """From clipsim's start to the end of its first epoch with that Recall@1, or None."""
    for number, epoch in enumerate(epochs):
        if epoch["recall_at_1"] >= recall:
            return seconds - sum(later["seconds"] for later in epochs[number + 1 :])
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos")
    parser.add_argument("--program", default="build/release/bin/clipsim")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, help="steps of an epoch that the peer is timed on; all")
    parser.add_argument("--model", type=pathlib.Path, help="a Hugging Face folder; else random weights of ViT-B/32's shape")
    parser.add_argument("--full", action="store_true", help="the peer runs all epochs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        torch.manual_seed(0)
        random.seed(0)
        model = options.model
        if model is None:
            model = folder / "vit-b-32"
            CLIPModel(CLIPConfig()).save_pretrained(model)
            CLIPImageProcessor().save_pretrained(model)
        choose_photos(options.photos, options.count, folder / "photos")
        ours, epochs = time_clipsim(folder / "photos", model, folder / "out", options)
        theirs, recall = time_original(folder / "photos", model, options)
        scaled = "all of it" if options.full else f"{options.steps or 'all'} steps of an epoch of each stage, scaled"
        print(f"\n{options.count} photos, {options.model or 'ViT-B/32 shape'}, {STAGE1_EPOCHS} + {STAGE2_EPOCHS} epochs, {UNFROZEN} unfrozen "
              f"blocks, {options.threads} threads")
        print(f"original  {theirs:8.0f} s  ({scaled})")
        print(f"clipsim   {ours:8.0f} s  (all of it, start to exit)")
        print(f"ratio     {theirs / ours:8.1f} x")
        if recall is not None:
            reached = time_until(recall, ours, epochs)
            print(f"to the original's last held-out Recall@1, {recall:.3f}: "
                  + (f"clipsim {reached:.0f} s, {theirs / reached:.1f} x" if reached else "clipsim did not get there"))


if __name__ == "__main__":
    main()
