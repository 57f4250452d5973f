"""Phase 2: the vision tower learns the teacher's space, and where the classes lie in it."""

import copy
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from . import measure, student
from .muon import Muon
from .photos import name_of
from .teacher import TeacherSpace

# Of each batch: Caltech views, Tiny-ImageNet photos the teacher has seen, drawings (without classes of their own), and
# Tiny-ImageNet photos that teach by their class alone.
CALTECH, TAUGHT, DRAWN, LABELLED = 40, 56, 12, 20
BATCH = CALTECH + TAUGHT + DRAWN + LABELLED
NO_CLASS = -100
PEAK_RATE = 7e-4  # AdamW's
MUON_SHARE = 1.4  # of that rate, for the blocks' matrices
WEIGHT_DECAY = 0.05
WARM_UP = 0.04  # share of the run
# Share of the patches that the tower sees, up to a share of the run. Half the patches cost half the time.
KEEP = ((0.70, 0.34), (0.88, 0.5), (1.0, 1.0))
EMA = 0.995
JUDGE_SECONDS = 400
KEYS = 2048  # teacher's vectors that a photo is compared with in a step
TEMPERATURE = 0.1  # of the similarities to the keys
RIDGE = 0.01  # of the mean variance of what the tower sees
CLASS_SCALE = 16.0  # of the similarities to the classes


PARTS = ("caltech", "tiny", "drawings", "validation")


class Data:
    """What phase 1 left, with the teacher's features mapped to its space."""

    def __init__(self, work: Path):
        def pixels(part: str) -> torch.Tensor:
            return torch.from_numpy(np.load(work / f"{part}_pixels.npy"))

        def classes(part: str) -> list[str]:
            return json.loads((work / f"{part}_classes.json").read_text())

        features = {part: np.load(work / f"{part}_features.npy") for part in PARTS}
        self.space = TeacherSpace(np.concatenate([features[part] for part in PARTS if part != "validation"]))
        self.caltech, self.tiny, self.validation = pixels("caltech"), pixels("tiny"), pixels("validation")
        self.drawings, self.drawing_classes = pixels("drawings"), classes("drawings")
        self.drawing_targets = torch.from_numpy(self.space(features["drawings"]))
        self.taught = torch.from_numpy(np.load(work / "tiny_taught.npy"))[: len(features["tiny"])]
        self.caltech_targets = torch.from_numpy(self.space(features["caltech"]))
        self.taught_targets = torch.from_numpy(self.space(features["tiny"]))
        self.validation_targets = torch.from_numpy(self.space(features["validation"]))

        names = [name_of(name) for name in classes("caltech")] + classes("tiny")
        self.class_names, labels = measure.numbered(names)
        self.caltech_labels, self.tiny_labels = labels[: len(self.caltech)], labels[len(self.caltech) :]
        self.validation_names, self.validation_labels = measure.numbered([name_of(n) for n in classes("validation")])
        self.validation_classes = [self.class_names.index(name) for name in self.validation_names]
        self.centroids = measure.mean_vectors(
            torch.cat([self.caltech_targets, self.taught_targets]),
            torch.cat([self.caltech_labels, self.tiny_labels[self.taught]]),
            len(self.class_names),
        )


@torch.no_grad()
def fit_projection(model, data: Data, count: int = 1500) -> None:
    """Ridge regression from what the tower sees to the teacher's space, over about `count` Caltech views and as many
    Tiny-ImageNet photos, and half as many drawings: the best projection for the tower as it is. The mean of what it sees
    goes into the last norm's bias, so that the joint space has its origin amid the photos."""
    model.eval()
    side = model.config.vision_config.image_size
    d = torch.arange(0, len(data.drawings), max(1, 2 * len(data.drawings) // count))
    c = torch.arange(0, len(data.caltech), max(1, len(data.caltech) // count))
    t = torch.arange(0, len(data.taught), max(1, len(data.taught) // count))
    seen = [
        student.pooled(model, student.normalised(batch, side))
        for photos in (data.caltech[c], data.tiny[data.taught[t]], data.drawings[d])
        for batch in photos.split(64)
    ]
    x, y = torch.cat(seen), torch.cat([data.caltech_targets[c], data.taught_targets[t], data.drawing_targets[d]])
    mean = x.mean(dim=0)
    x, y = x - mean, y - y.mean(dim=0)
    covariance = x.T @ x / len(x)
    ridge = RIDGE * covariance.diagonal().mean() * torch.eye(x.shape[1])
    weights = torch.linalg.solve(covariance + ridge, x.T @ y / len(x))
    model.visual_projection.weight.copy_(weights.T)
    model.vision_model.post_layernorm.bias.sub_(mean)


@torch.no_grad()
def embed_all(model, photos: torch.Tensor, batch: int = 64) -> torch.Tensor:
    model.eval()
    side = model.config.vision_config.image_size
    return torch.cat([student.embed(model, student.normalised(part, side)) for part in photos.split(batch)])


def losses(embedding, classes, keys, targets, labels) -> dict[str, torch.Tensor]:
    """`targets` are the teacher's vectors of the first rows of `embedding`; a row's class may be NO_CLASS."""
    taught = embedding[: len(targets)]
    want = F.log_softmax(targets @ keys.T / TEMPERATURE, dim=1)
    have = F.log_softmax(taught @ keys.T / TEMPERATURE, dim=1)
    return {
        "cosine": 4 * (1 - (taught * targets).sum(dim=1).mean()),
        "relations": F.kl_div(have, want, log_target=True, reduction="batchmean"),
        "classes": 0.5 * F.cross_entropy(
            CLASS_SCALE * embedding @ F.normalize(classes, dim=1).T, labels, label_smoothing=0.05, ignore_index=NO_CLASS
        ),
    }


def train(start: Path, work: Path, minutes: float) -> None:
    """Runs for `minutes` of wall clock; the rates follow the share of the time that is gone. Writes best.pt."""
    torch.manual_seed(0)
    data = Data(work)
    model = student.grown(start)
    side = model.config.vision_config.image_size
    fit_projection(model, data)
    classes = torch.nn.Parameter(data.centroids.clone())
    keys = torch.cat([data.caltech_targets, data.taught_targets, data.drawing_targets])

    def judge(which, shown) -> dict[str, float]:
        vectors = embed_all(which, data.validation)
        return measure.measure(vectors, data.validation_labels, F.normalize(shown, dim=1)[data.validation_classes])

    print("teacher:", measure.measure(data.validation_targets, data.validation_labels, data.centroids[data.validation_classes]))
    print("start:", judge(model, classes.detach()), flush=True)

    tower = [p for n, p in model.named_parameters() if n.startswith("vision") or n.startswith("visual")]
    projection = model.visual_projection.weight
    hidden = [p for n, p in model.named_parameters() if n.startswith("vision_model.encoder") and p.ndim == 2]
    muon = Muon(hidden, WEIGHT_DECAY)
    own = {id(p) for p in (*hidden, projection)}
    decayed = [p for p in tower if p.ndim > 1 and id(p) not in own]
    plain = [p for p in tower if p.ndim == 1]
    optimiser = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": WEIGHT_DECAY, "share": 1.0},
            {"params": plain, "weight_decay": 0.0, "share": 1.0},
            {"params": [projection], "weight_decay": 0.0, "share": 4.0},
            {"params": [classes], "weight_decay": 0.0, "share": 2.0},
        ],
        betas=(0.9, 0.98),
        fused=True,
    )
    average, shown = copy.deepcopy(model), classes.detach().clone()
    best, begin, judged, step, sums = -1.0, time.time(), 0.0, 0, {}

    def keep_if_best(step: int) -> None:
        nonlocal best
        figures = judge(average, shown)
        log = {"minutes": (time.time() - begin) / 60, "step": step, "photos": step * BATCH, **sums, **figures}
        print(json.dumps({name: round(value, 4) for name, value in log.items()}), flush=True)
        if sum(figures.values()) > best:
            best = sum(figures.values())
            torch.save({"model": average.state_dict(), "log": log}, work / "best.pt.new")
            (work / "best.pt.new").rename(work / "best.pt")

    while (gone := (time.time() - begin) / (60 * minutes)) < 1:
        model.train()
        c = torch.randint(0, len(data.caltech), (CALTECH,))
        t = torch.randint(0, len(data.taught), (TAUGHT,))
        d = torch.randint(0, len(data.drawings), (DRAWN,))
        u = torch.randint(0, len(data.tiny), (LABELLED,))
        views = [data.caltech[c], data.tiny[data.taught[t]], data.drawings[d], data.tiny[u]]
        images = torch.cat([student.augmented(photos, side) for photos in views])
        targets = torch.cat([data.caltech_targets[c], data.taught_targets[t], data.drawing_targets[d]])
        without = torch.full((DRAWN,), NO_CLASS)
        labels = torch.cat([data.caltech_labels[c], data.tiny_labels[data.taught[t]], without, data.tiny_labels[u]])
        rate = PEAK_RATE * (gone / WARM_UP if gone < WARM_UP else 0.5 * (1 + math.cos(math.pi * gone)))
        for group in optimiser.param_groups:
            group["lr"] = rate * group["share"]
        keep = next(share for end, share in KEEP if gone < end)
        embedding = student.embed(model, images, keep)
        parts = losses(embedding, classes, keys[torch.randint(0, len(keys), (KEYS,))], targets, labels)
        model.zero_grad(set_to_none=True)
        classes.grad = None
        sum(parts.values()).backward()
        torch.nn.utils.clip_grad_norm_(tower, 1.0)
        optimiser.step()
        muon.step(MUON_SHARE * rate)
        step += 1
        with torch.no_grad():
            decay = min(EMA, step / (step + 10))
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)
            shown.lerp_(classes, 1 - decay)
        for name, value in parts.items():
            sums[name] = 0.98 * sums.get(name, value.item()) + 0.02 * value.item()
        if step % 100 == 0:
            print(step, {name: round(value, 3) for name, value in sums.items()}, flush=True)
        if time.time() - judged > JUDGE_SECONDS:
            judged = time.time()
            keep_if_best(step)
    keep_if_best(step)
