"""The photos clip-nano learns from, as uint8 arrays in memory, and the rules for what must stay out.

Caltech-101: https://github.com/MachineLearning2020/Homework2-Caltech101 (101_ObjectCategories)
Tiny-ImageNet: https://github.com/seshuad/IMagenet (tiny-imagenet-200)
Drawings: Debian's package openclipart-png, unpacked with dpkg-deb -x (usr/share/openclipart/png; public domain)
"""

import hashlib
import re
import struct
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


# Folders of openclipart-png that hold things, and what to call what lies in them. "" has no name of its own.
DRAWING_FOLDERS = {
    "animals": "", "animals/amphibians": "", "animals/birds": "bird", "animals/birds/penguin": "bird", "animals/bugs": "insect",
    "animals/dinosaurs": "dinosaur", "animals/fish": "fish", "animals/mammals": "mammal", "animals/mammals/bears": "mammal",
    "animals/mammals/big_cats": "mammal", "animals/mammals/dogs": "mammal", "animals/mammals/horses": "mammal",
    "animals/mammals/housecats": "mammal", "buildings": "building", "buildings/furniture": "furniture",
    "buildings/homes": "house", "containers": "",
    "education": "", "education/books": "book", "electronics": "", "electronics/bulb": "light bulb", "food": "food",
    "food/beverages": "beverage", "food/beverages/alcohol": "beverage", "food/breads_and_carbs": "bread",
    "food/desserts": "dessert", "food/fruit": "fruit", "food/meats_and_eggs": "", "food/vegetables": "vegetable",
    "geography/astronomy": "planet", "office": "", "office/telephone": "telephone", "people/bodypart": "",
    "people/clothing": "clothes", "people/clothing/hats": "hat", "plants": "plant", "plants/flowers": "flower",
    "plants/trees": "tree", "plants/trees/evergreen": "tree", "recreation/games/chess": "chess", "recreation/holiday": "",
    "recreation/holiday/christmas": "christmas", "recreation/music": "musical instrument", "recreation/party": "",
    "recreation/sports": "", "recreation/toys": "toy", "signs_and_symbols/clocks": "clock",
    "signs_and_symbols/money": "coin", "signs_and_symbols/weather": "",
    "tools": "tool", "tools/weapons": "weapon", "transportation": "vehicle", "transportation/boating": "boat",
    "transportation/roadsigns": "road sign", "transportation/vehicles": "vehicle",
}  # fmt: skip


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


def drawings(root: Path) -> list[Photo]:
    """Drawings of things from openclipart-png, named after their folder. An own name (a file's) is no class."""
    return [
        Photo(path, name)
        for folder, name in DRAWING_FOLDERS.items()
        for path in sorted((root / folder).glob("*.png"))
        if not HIDDEN_WORDS.search(path.stem.replace("_", " ")) and png_pixels(path) < 10_000_000
    ]


def png_pixels(path: Path) -> int:
    """From the header alone: some drawings have hundreds of millions."""
    with path.open("rb") as file:
        width, height = struct.unpack(">II", file.read(24)[16:])
    return width * height


def opened(path: Path) -> Image.Image:
    """As RGB; what is transparent becomes white, as in clipsim."""
    with Image.open(path) as image:
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            image = image.convert("RGBA")
            return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        return image.convert("RGB")


def centre_view(path: Path, size: int) -> np.ndarray:
    """What `clipsim` shows the model: the short side at `size` (bicubic), the centre cropped. uint8 (size, size, 3)."""
    image = opened(path)
    scale = size / min(image.size)
    width, height = (max(size, round(side * scale)) for side in image.size)
    image = image.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - size) // 2, (height - size) // 2
    return np.asarray(image.crop((left, top, left + size, top + size)))


def random_view(path: Path, size: int, random: np.random.Generator) -> np.ndarray:
    """A crop of 40 to 100 % of the photo with an aspect of 3:4 to 4:3, squeezed to a square."""
    image = opened(path)
    width, height = image.size
    area = width * height * random.uniform(0.4, 1.0)
    aspect = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3)))
    w, h = min(width, round((area * aspect) ** 0.5)), min(height, round((area / aspect) ** 0.5))
    left, top = random.integers(0, width - w + 1), random.integers(0, height - h + 1)
    return np.asarray(image.crop((left, top, left + w, top + h)).resize((size, size), Image.Resampling.BICUBIC))
