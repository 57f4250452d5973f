"""Phase 1: decode the photos once, see them with the teacher once, keep both as .npy files in the work folder."""

import json
from pathlib import Path

import numpy as np

from . import photos, teacher

CALTECH_CAP = 120  # airplanes, motorbikes and faces would be a third of all photos
CALTECH_VIEWS = 3  # the centre crop, then random crops
DRAWING_VIEWS = 2
TINY_TAUGHT = 300  # Tiny-ImageNet photos a class that the teacher sees; the others teach by their class alone
TINY_TEACHER_SIDE = 128


def spread(photo_list: list[photos.Photo], cap: int) -> list[photos.Photo]:
    """At most `cap` photos a class, evenly over the folder."""
    by_class: dict[str, list[photos.Photo]] = {}
    for photo in photo_list:
        by_class.setdefault(photo.class_name, []).append(photo)
    return [p for group in by_class.values() for p in group[:: max(1, -(-len(group) // cap))]]


def prepare(caltech: Path, held_out: Path, hidden_classes: Path, tiny: Path, clipart: Path, work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    network = teacher.load_teacher()
    np.save(work / "teacher_classifier.npy", network._fc.weight.detach().numpy())

    training, validation = photos.caltech_photos(caltech, held_out, hidden_classes)
    training = spread(training, CALTECH_CAP)
    views = [photos.centre_view(p.path, photos.VIEW_SIZE) for p in training]
    for _ in range(CALTECH_VIEWS - 1):
        views += [photos.random_view(p.path, photos.VIEW_SIZE, random) for p in training]
    save(work, "caltech", np.stack(views), [p.class_name for p in training] * CALTECH_VIEWS)

    chosen = np.stack([photos.centre_view(p.path, photos.VIEW_SIZE) for p in validation])
    save(work, "validation", chosen, [p.class_name for p in validation])

    prepare_drawings(clipart, work, network, random)

    small = photos.tiny_photos(tiny)
    save(work, "tiny", np.stack([photos.centre_view(p.path, 64) for p in small]), [p.class_name for p in small])
    index = [i for i in range(len(small)) if i % 500 < TINY_TAUGHT]  # 500 photos a class, in order
    np.save(work / "tiny_taught.npy", np.array(index))

    for part, side in (("validation", photos.VIEW_SIZE), ("caltech", photos.VIEW_SIZE), ("tiny", TINY_TEACHER_SIDE)):
        pixels = np.load(work / f"{part}_pixels.npy", mmap_mode="r")
        pixels = np.ascontiguousarray(pixels[index] if part == "tiny" else pixels)
        np.save(work / f"{part}_features.npy", teacher.teacher_features(network, pixels, side))


def prepare_drawings(clipart: Path, work: Path, network, random: np.random.Generator) -> None:
    drawn = photos.drawings(clipart)
    views = [photos.centre_view(p.path, photos.VIEW_SIZE) for p in drawn]
    for _ in range(DRAWING_VIEWS - 1):
        views += [photos.random_view(p.path, photos.VIEW_SIZE, random) for p in drawn]
    save(work, "drawings", np.stack(views), [p.class_name for p in drawn] * DRAWING_VIEWS)
    np.save(work / "drawings_features.npy", teacher.teacher_features(network, np.stack(views), photos.VIEW_SIZE))


def save(work: Path, part: str, pixels: np.ndarray, class_names: list[str]) -> None:
    np.save(work / f"{part}_pixels.npy", pixels)
    (work / f"{part}_classes.json").write_text(json.dumps(class_names))
    print(f"{part}: {len(pixels)} views", flush=True)
