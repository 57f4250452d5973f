"""Phase 4: the sentences of a finished model learn where drawings of a kind lie. All other names stay where they are.

For words that the teacher's classes hardly know: "tree", "flower", "musical instrument". The vision tower is not touched.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import CLIPModel, CLIPTokenizer

from . import photos
from .export import drawn_places, report_held_out, write
from .text import PROMPTS, Drawn, amid, classes_of_names, embed_text, fit_text, with_others
from .train import embed_all
from .words import names_of_classes

RATE = 2e-4  # a fifth of what a text tower begins with: most names lie where they should


def teach_drawn_names(
    start: Path, work: Path, clipart: Path, held_out: Path, nouns: Path, out: Path, steps: int = 800
) -> None:
    torch.manual_seed(0)
    model = CLIPModel.from_pretrained(start, dtype=torch.float32)
    tokenizer = CLIPTokenizer.from_pretrained(start)
    trained = trained_names(work)
    drawn = places_of_drawings(model, clipart)
    classes = classes_of_names(names_of_classes(nouns))
    names = list(with_others(dict.fromkeys([*classes, *trained])))
    place = dict(zip(names, present_places(model, tokenizer, names)))
    for name, some in drawn.items():
        if name not in trained:
            place |= with_others({name: amid(place.get(name), len(classes.get(name, ())), some)})
    print(f"{len(place)} names, {len(drawn)} with drawings", flush=True)
    fit_text(model, tokenizer, place, [*trained, *with_others(dict.fromkeys(drawn))], steps, RATE)
    write(model, start, out)
    report_held_out(CLIPModel.from_pretrained(out, dtype=torch.float32), tokenizer, held_out)


def trained_names(work: Path) -> list[str]:
    """The classes that phase 1 found, as the model was trained on them."""
    caltech, tiny = (json.loads((work / f"{part}_classes.json").read_text()) for part in ("caltech", "tiny"))
    return sorted({photos.name_of(name) for name in caltech} | set(tiny))


def places_of_drawings(model: CLIPModel, clipart: Path) -> dict[str, Drawn]:
    side = model.config.vision_config.image_size
    drawings = photos.drawings(clipart)
    pixels = torch.from_numpy(np.stack([photos.centre_view(d.path, side) for d in drawings]))
    return drawn_places(embed_all(model, pixels), [d.class_name for d in drawings], views=1)


@torch.no_grad()
def present_places(model: CLIPModel, tokenizer: CLIPTokenizer, names: list[str]) -> torch.Tensor:
    """(names, dimensions): the mean over the kinds of sentences."""
    model.eval()
    sums = sum(embed_text(model, tokenizer, [prompt.format(name) for name in names]) for prompt in PROMPTS)
    return F.normalize(sums, dim=1)
