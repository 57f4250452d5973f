"""Phase 3: the text tower, the model folder in Hugging Face's layout, and its figures."""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import torch
from transformers import CLIPModel, CLIPTokenizer

from . import measure, photos, student
from .dataset import DRAWING_VIEWS
from .text import Drawn, embed_text, fit_text, places, with_others
from .train import CLASS_SCALE, Data, embed_all, fit_projection
from .words import names_of_classes

DRAWN_RIDGE = 3.0  # of the mean variance, where drawings of a name are told from others


def export(start: Path, work: Path, held_out: Path, nouns: Path, out: Path, text_steps: int = 3000) -> None:
    torch.manual_seed(0)
    data = Data(work)
    best = torch.load(work / "best.pt", weights_only=True)
    model = student.grown(start)
    model.load_state_dict(best["model"])
    tokenizer = CLIPTokenizer.from_pretrained(start)
    fit_projection(model, data)
    teacher = torch.from_numpy(data.space.of_classifier(np.load(work / "teacher_classifier.npy")))
    drawn = drawn_places(embed_all(model, data.drawings), data.drawing_classes, DRAWING_VIEWS)
    place = places(data.class_names, data.centroids, trained_places(model, data), drawn, teacher, names_of_classes(nouns))
    print(f"{len(place)} names", flush=True)
    fit_text(model, tokenizer, place, [*data.class_names, *with_others(dict.fromkeys(drawn))], text_steps)
    model.logit_scale.data.fill_(math.log(CLASS_SCALE))
    write(model, start, out)

    written = CLIPModel.from_pretrained(out, dtype=torch.float32)  # what was rounded to fp16, measured as it is
    report(written, tokenizer, "validation", data.validation, data.validation_names, data.validation_labels)
    report_held_out(written, tokenizer, held_out)


def report_held_out(written: CLIPModel, tokenizer: CLIPTokenizer, held_out: Path) -> None:
    files = sorted(held_out.glob("*/*.jpg"))
    names, labels = measure.numbered([photos.name_of(f.parent.name) for f in files])
    report(written, tokenizer, "held out", held_out_pixels(files, written), names, labels)


def trained_places(model: CLIPModel, data: Data, most: int = 5000) -> torch.Tensor:
    """Of the trained classes, by about `most` Caltech views and as many Tiny-ImageNet photos."""
    c = torch.arange(0, len(data.caltech), -(-len(data.caltech) // most))
    t = data.taught[:: -(-len(data.taught) // most)]
    vectors = torch.cat([embed_all(model, data.caltech[c]), embed_all(model, data.tiny[t])])
    labels = torch.cat([data.caltech_labels[c], data.tiny_labels[t]])
    return measure.class_directions(vectors, labels, len(data.class_names))


def drawn_places(vectors: torch.Tensor, class_names: list[str], views: int) -> dict[str, Drawn]:
    """Of the named folders of drawings, whose `vectors` are `views` a drawing. A folder has some 30 drawings: too few for
    256 dimensions without much ridge."""
    names, labels = measure.numbered(class_names)
    directions = measure.class_directions(vectors, labels, len(names), ridge=DRAWN_RIDGE)
    counts = labels.bincount(minlength=len(names)).tolist()
    return {name: Drawn(vector, count // views) for name, vector, count in zip(names, directions, counts) if name}


def held_out_pixels(files: list[Path], model: CLIPModel) -> torch.Tensor:
    side = model.config.vision_config.image_size
    return torch.from_numpy(np.stack([photos.centre_view(f, side) for f in files]))


@torch.inference_mode()
def report(model, tokenizer, title: str, pixels: torch.Tensor, names: list[str], labels: torch.Tensor) -> None:
    classes = embed_text(model, tokenizer, [f"a photo of a {name}" for name in names])
    report_vectors(title, embed_all(model, pixels), classes, names, labels)


def report_vectors(
    title: str, vectors: torch.Tensor, classes: torch.Tensor, names: list[str], labels: torch.Tensor
) -> None:
    print(title, json.dumps({k: round(v, 4) for k, v in measure.measure(vectors, labels, classes).items()}))
    right = (vectors @ classes.T).argmax(dim=1) == labels
    first = labels[(classes @ vectors.T).argmax(dim=1)] == torch.arange(len(names))
    print(f"  a class name finds its class first for {int(first.sum())} of {len(names)} classes")
    print("  " + ", ".join(f"{n} {right[labels == i].float().mean():.2f}{'' if first[i] else ' (-)'}" for i, n in enumerate(names)))


def write(model: CLIPModel, start: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    side = model.config.vision_config.image_size
    model.half().save_pretrained(out)
    model.float()
    (out / "model.safetensors").chmod(0o644)
    config = json.loads((out / "config.json").read_text())
    for tower in ("text_config", "vision_config"):
        config[tower].pop("dtype", None)  # both are stored as the whole is, in fp16
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        if start.resolve() != out.resolve():
            shutil.copyfile(start / name, out / name)
    preprocessing = json.loads((start / "preprocessor_config.json").read_text())
    preprocessing["size"] = {"shortest_edge": side}
    preprocessing["crop_size"] = {"height": side, "width": side}
    (out / "preprocessor_config.json").write_text(json.dumps(preprocessing, indent=1, sort_keys=True))
