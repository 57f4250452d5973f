"""clipsim train against a faithful loop of the Python project it replaces: same photos, same weights, same 15 epochs.

The original's loop: a data set of random (anchor, positive, negative) triplets, one an image and epoch; three photos
opened with PIL and preprocessed, three forward passes of CLIP a triplet in both stages; stage 1 trains a 128-D head on
the frozen encoder, stage 2 the last two blocks with it; after each epoch the held-out triplets are passed through too.
The encoder has the shape of ViT-B/32 with random weights (time does not hang on their values). The peer is timed on one
epoch of each stage and scaled to 5 + 10; clipsim runs all 15.

    bench/train/run.sh PHOTOS [--count 500] [--threads 2]
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
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

STAGE1_EPOCHS, STAGE2_EPOCHS, UNFROZEN = 5, 10, 2
BATCH = 32
VALIDATION = 0.2


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
        self.clip = CLIPModel.from_pretrained(folder)
        self.head = torch.nn.Linear(512, 128)

    def forward(self, pixels):
        features = self.clip.get_image_features(pixel_values=pixels)
        features = features if isinstance(features, torch.Tensor) else features.pooler_output
        return torch.nn.functional.normalize(self.head(features), dim=1)


def run_epoch(model, loader, loss_function, optimizer):
    model.train(optimizer is not None)
    with torch.set_grad_enabled(optimizer is not None):
        for anchor, positive, negative in loader:
            loss = loss_function(model(anchor), model(positive), model(negative))
            if optimizer:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()


def time_original(photos, model_folder, threads):
    torch.set_num_threads(threads)
    processor = CLIPImageProcessor.from_pretrained(model_folder)
    train, validation = [], []
    for label, folder in enumerate(sorted(photos.iterdir())):
        files = sorted(folder.iterdir())
        cut = round(len(files) * VALIDATION)
        validation += [(f, label) for f in files[:cut]]
        train += [(f, label) for f in files[cut:]]
    # Decoding beside the model, as its users would have it.
    train_loader = DataLoader(Triplets(train, processor), batch_size=BATCH, shuffle=True, num_workers=1)
    validation_loader = DataLoader(Triplets(validation, processor), batch_size=BATCH, num_workers=1)
    model = Original(model_folder)
    loss_function = torch.nn.TripletMarginLoss(margin=0.2)

    seconds = []
    for stage in (1, 2):
        model.requires_grad_(False)
        model.head.requires_grad_(True)
        if stage == 2:
            for block in model.clip.vision_model.encoder.layers[-UNFROZEN:]:
                block.requires_grad_(True)
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-4)
        start = time.perf_counter()
        run_epoch(model, train_loader, loss_function, optimizer)
        run_epoch(model, validation_loader, loss_function, None)
        seconds.append(time.perf_counter() - start)
        print(f"original, stage {stage}: {seconds[-1]:.1f} s an epoch, {len(train)} triplets to train on", flush=True)
    return seconds


def time_clipsim(program, photos, model_folder, output, threads):
    command = [program, "train", "-q", "--threads", str(threads), "--set", f"data.root={photos}",
               "--set", f"output_dir={output}", "--set", f"model.clip={model_folder}",
               "--set", f"data.val_fraction={VALIDATION}", "--set", f"train.stage1.epochs={STAGE1_EPOCHS}",
               "--set", f"train.stage2.epochs={STAGE2_EPOCHS}", "--set", f"train.stage2.unfreeze_blocks={UNFROZEN}"]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    seconds = time.perf_counter() - start
    epochs = [json.loads(line)["seconds"] for line in (output / "metrics.jsonl").read_text().splitlines()]
    print(f"clipsim, epochs: {' '.join(f'{e:.1f}' for e in epochs)} s", flush=True)
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos")
    parser.add_argument("--program", default="build/release/bin/clipsim")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        torch.manual_seed(0)
        random.seed(0)
        CLIPModel(CLIPConfig()).save_pretrained(folder / "vit-b-32")
        CLIPImageProcessor().save_pretrained(folder / "vit-b-32")
        choose_photos(options.photos, options.count, folder / "photos")
        ours = time_clipsim(options.program, folder / "photos", folder / "vit-b-32", folder / "out", options.threads)
        stage1, stage2 = time_original(folder / "photos", folder / "vit-b-32", options.threads)
        theirs = STAGE1_EPOCHS * stage1 + STAGE2_EPOCHS * stage2
        print(f"\n{options.count} photos, ViT-B/32 shape, {STAGE1_EPOCHS} + {STAGE2_EPOCHS} epochs, {UNFROZEN} unfrozen "
              f"blocks, {options.threads} threads")
        print(f"original  {theirs:8.0f} s  (one epoch of each stage, scaled)")
        print(f"clipsim   {ours:8.0f} s  (all of it, start to exit)")
        print(f"ratio     {theirs / ours:8.1f} x")


if __name__ == "__main__":
    main()
