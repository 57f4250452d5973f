"""The photos clip-nano learns from, as uint8 arrays in memory, and the rules for what must stay out.

Caltech-101: https://github.com/MachineLearning2020/Homework2-Caltech101 (101_ObjectCategories)
Tiny-ImageNet: https://github.com/seshuad/IMagenet (tiny-imagenet-200)
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

VIEW_SIZE = 160  # the pixels a Caltech view is stored with: the largest crop the student sees, and what the teacher sees
VALIDATION_PER_CLASS = 6
# The same things as judging classes under another name, so they stay out as well.
ALSO_HIDDEN_CALTECH = {"cougar_body", "BACKGROUND_Google"}
HIDDEN_WORDS = re.compile(
    r"\b(panda|leopards?|okapi|rhino\w*|ibis|dragonfly|sea ?horse|cougar|crab|hedgehog|porcupine|wild ?cat|lynx|pizza|"
    r"sax|saxophone|helicopter|sunflower|accordion|ketch|yawl|laptop|notebook|umbrella|stopwatch|\w*watch|soccer)\b",
    re.IGNORECASE,
)


@dataclass
class Photo:
    path: Path
    class_name: str


def name_of(folder: str) -> str:
    """A class folder's name in words, as `clipsim eval` writes its prompts: "grand_piano" -> "grand piano"."""
    return folder.replace("_", " ")


def difference_hash(path: Path) -> np.ndarray:
    """64 bits that stay nearly the same when a photo is scaled or saved anew."""
    with Image.open(path) as image:
        grey = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BILINEAR), dtype=np.int16)
    return (grey[:, 1:] > grey[:, :-1]).reshape(-1)


def caltech_photos(root: Path, held_out: Path, hidden_classes: Path) -> tuple[list[Photo], list[Photo]]:
    """(training, validation) photos of Caltech-101. Left out: the classes in `hidden_classes`, and every photo of
    `held_out` (the ones figures are reported on) by content, by class and number, or by a near-equal look."""
    hidden = {line.strip().lower() for line in hidden_classes.read_text().splitlines()}
    hidden |= {name.lower() for name in ALSO_HIDDEN_CALTECH}
    tests = sorted(held_out.glob("*/*.jpg"))
    content = {hashlib.sha256(path.read_bytes()).digest() for path in tests}
    numbers = {(path.parent.name.lower(), path.name) for path in tests}
    looks = np.stack([difference_hash(path) for path in tests])

    training, validation = [], []
    near = 0
    for folder in sorted(root.iterdir()):
        if not folder.is_dir() or folder.name.lower() in hidden:
            continue
        kept = []
        for path in sorted(folder.glob("*.jpg")):
            if hashlib.sha256(path.read_bytes()).digest() in content or (folder.name.lower(), path.name) in numbers:
                continue
            if (looks != difference_hash(path)).sum(axis=1).min() <= 3:
                near += 1
                continue
            kept.append(Photo(path, folder.name))
        # Faces and Faces_easy are the same photos, so neither can judge the other's training.
        take = VALIDATION_PER_CLASS if len(kept) >= 4 * VALIDATION_PER_CLASS and not folder.name.startswith("Faces") else 0
        step = max(1, len(kept) // VALIDATION_PER_CLASS)
        chosen = set(range(0, take * step, step))
        validation += [photo for i, photo in enumerate(kept) if i in chosen]
        training += [photo for i, photo in enumerate(kept) if i not in chosen]
    print(f"caltech: {len(training)} to train, {len(validation)} to choose by, {near} left out as near copies", flush=True)
    return training, validation


def tiny_photos(root: Path) -> list[Photo]:
    """Tiny-ImageNet's training photos without the classes that are judged elsewhere; the class name is the first synonym."""
    words = dict(line.split("\t", 1) for line in (root / "words.txt").read_text().splitlines())
    photos = []
    for wnid in sorted((root / "wnids.txt").read_text().split()):
        if HIDDEN_WORDS.search(words[wnid]):
            print("tiny-imagenet: left out", words[wnid].strip())
            continue
        name = words[wnid].split(",")[0].strip()
        photos += [Photo(path, name) for path in sorted((root / "train" / wnid / "images").glob("*.JPEG"))]
    return photos


def centre_view(path: Path, size: int) -> np.ndarray:
    """What `clipsim` shows the model: the short side at `size` (bicubic), the centre cropped. uint8 (size, size, 3)."""
    with Image.open(path) as image:
        image = image.convert("RGB")
        scale = size / min(image.size)
        width, height = (max(size, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BICUBIC)
        left, top = (width - size) // 2, (height - size) // 2
        return np.asarray(image.crop((left, top, left + size, top + size)))


def random_view(path: Path, size: int, random: np.random.Generator) -> np.ndarray:
    """A crop of 40 to 100 % of the photo with an aspect of 3:4 to 4:3, squeezed to a square."""
    with Image.open(path) as image:
        image = image.convert("RGB")
        width, height = image.size
        area = width * height * random.uniform(0.4, 1.0)
        aspect = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3)))
        w, h = min(width, round((area * aspect) ** 0.5)), min(height, round((area / aspect) ** 0.5))
        left, top = random.integers(0, width - w + 1), random.integers(0, height - h + 1)
        return np.asarray(image.crop((left, top, left + w, top + h)).resize((size, size), Image.Resampling.BICUBIC))
