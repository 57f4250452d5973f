"""models/clip-lite: EfficientNet-Lite0 itself as the vision tower, with a linear projection into a joint space and a text
tower that puts names there, in open_clip's layout."""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import CLIPModel, CLIPTokenizer

from . import measure, photos, teacher
from .dataset import spread
from .export import drawn_places, report_vectors
from .text import Drawn, amid, classes_of_names, fit_text, with_others
from .words import names_beside_classes, names_of_classes

SIDE = 160
TRUNK = "tf_efficientnet_lite0"  # timm's name of it
CAP = 120  # photos a class
JUDGED_CAP = 44  # as in the held-out folder
DIMENSIONS = 128  # as many as the head that `clipsim train` puts on it, which so begins without leaving any out
WHITENINGS = (0.25, 0.5)
RIDGE = 0.3  # of the mean variance, where a class is told from others
TEXT_STEPS = 2400
LOGIT_SCALE = 16.0
TOKENIZER_FILES = ("vocab.json", "merges.txt", "tokenizer_config.json")
TEXT_NAMES = {  # of a block: Hugging Face's, open_clip's
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}
CONFIG = {
    "model_cfg": {
        "embed_dim": DIMENSIONS,
        "quick_gelu": True,
        "vision_cfg": {
            "timm_model_name": TRUNK,
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": "linear",
            "timm_proj_bias": True,
            "image_size": SIDE,
        },
        "text_cfg": {"context_length": 32, "vocab_size": 1515, "width": 128, "heads": 2, "layers": 2},
    },
    # The network was trained on (x - 127) / 128.
    "preprocess_cfg": {
        "mean": [127 / 255] * 3,
        "std": [128 / 255] * 3,
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    },
}


def make(
    start: Path, caltech: Path, held_out: Path, hidden_classes: Path, clipart: Path, nouns: Path, out: Path
) -> None:
    torch.manual_seed(0)
    network = teacher.load_teacher()
    fitted, drawn = photos_to_fit(caltech, held_out, hidden_classes), photos.drawings(clipart)
    features, drawn_features = (teacher_sees(network, some) for some in (fitted, drawn))
    names, labels = measure.numbered([photos.name_of(photo.class_name) for photo in fitted])
    space = best_space(features, drawn_features, labels)

    text, tokenizer = CLIPModel.from_pretrained(start, dtype=torch.float32), CLIPTokenizer.from_pretrained(start)
    width = text.config.text_config.hidden_size
    text.text_projection = torch.nn.Linear(width, DIMENSIONS, bias=False)
    vectors, drawn_vectors = (torch.from_numpy(space(some)) for some in (features, drawn_features))
    classes = class_places(space, network._fc.weight.detach().numpy(), torch.cat([vectors, drawn_vectors]))
    drawings = drawn_places(drawn_vectors, [photo.class_name for photo in drawn], views=1)
    photographed = dict(zip(names, measure.class_directions(vectors, labels, len(names), RIDGE)))
    place, often = places(classes, drawings, photographed, nouns)
    print(f"{len(place)} names, {len(often)} of them often", flush=True)
    fit_text(text, tokenizer, place, often, TEXT_STEPS, often_share=0.5)
    write(timm_weights(network), space, text, start, out)
    report(out, tokenizer, held_out, caltech, hidden_classes)


def photos_to_fit(caltech: Path, held_out: Path, hidden_classes: Path) -> list[photos.Photo]:
    """Those of classes that neither figures are reported on nor anything is judged by ("flamingo_head" is a flamingo)."""
    training, validation = photos.caltech_photos(caltech, held_out, hidden_classes)
    reported = tuple(folder.name.lower() for folder in held_out.iterdir())
    both = [photo for photo in training + validation if not photo.class_name.lower().startswith(reported)]
    fitted = spread(sorted(both, key=lambda photo: photo.path), CAP)
    print(f"{len(fitted)} photos of {len({photo.class_name for photo in fitted})} classes to fit by", flush=True)
    return fitted


def teacher_sees(network: torch.nn.Module, some: list[photos.Photo]) -> np.ndarray:
    return teacher.teacher_features(network, np.stack([photos.centre_view(p.path, SIDE) for p in some]), SIDE)


def best_space(features: np.ndarray, drawn: np.ndarray, labels: torch.Tensor) -> teacher.TeacherSpace:
    """The whitening by which photos of a class come together best."""
    both = np.concatenate([features, drawn])
    spaces = {whitening: teacher.TeacherSpace(both, whitening, DIMENSIONS) for whitening in WHITENINGS}
    figures = {w: measure.measure(torch.from_numpy(space(features)), labels) for w, space in spaces.items()}
    print("whitening:", {w: {name: round(value, 4) for name, value in f.items()} for w, f in figures.items()}, flush=True)
    return spaces[max(figures, key=lambda whitening: figures[whitening]["map_at_r"])]


def class_places(space: teacher.TeacherSpace, classifier: np.ndarray, vectors: torch.Tensor) -> torch.Tensor:
    """(1000, dimensions): the directions that tell the teacher's classes from others, as measure.class_directions finds
    them for photos: from the class means that its classifier implies, by the covariance of all `vectors`."""
    covariance = torch.cov(vectors.T, correction=0)
    ridge = RIDGE * covariance.diagonal().mean() * torch.eye(len(covariance))
    means = torch.from_numpy(space.of_classifier(classifier))
    return F.normalize(torch.linalg.solve(covariance + ridge, means.T).T, dim=1)


def places(
    classes: torch.Tensor, drawings: dict[str, Drawn], photographed: dict[str, torch.Tensor], nouns: Path
) -> tuple[dict[str, torch.Tensor], list[str]]:
    """(name -> unit vector, the names to be learned best). A word for several of the teacher's `classes` lies amid them,
    and amid the drawings in a folder of that name; a word for none of them amid the nearest of kin."""
    known = classes_of_names(names_of_classes(nouns))

    def amid_classes(some: dict[str, set[int]]) -> dict[str, torch.Tensor]:
        return {name: F.normalize(classes[sorted(numbers)].mean(dim=0), dim=0) for name, numbers in some.items()}

    place = amid_classes(known)
    place |= {name: amid(place.get(name), len(known.get(name, ())), some) for name, some in drawings.items()}
    place = with_others(place | photographed)
    often = [name for name in place if name in known or name in drawings or name in photographed]
    return amid_classes(names_beside_classes(nouns)) | place, often


def timm_weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The teacher's weights by timm's names. Both list the same tensors in the same order."""
    import timm

    theirs, ours = (
        {name: tensor for name, tensor in one.state_dict().items() if not name.endswith("num_batches_tracked")}
        for one in (timm.create_model(TRUNK), network)
    )
    renamed = dict(zip(theirs, ours.values(), strict=True))
    assert all(theirs[name].shape == tensor.shape for name, tensor in renamed.items())
    return {name: tensor for name, tensor in renamed.items() if not name.startswith("classifier.")}


def text_weights(model: CLIPModel) -> dict[str, torch.Tensor]:
    """The text tower by open_clip's names."""
    own = {name.removeprefix("text_model."): tensor for name, tensor in model.state_dict().items()}
    weights = {
        "token_embedding.weight": own["embeddings.token_embedding.weight"],
        "positional_embedding": own["embeddings.position_embedding.weight"],
        "text_projection": own["text_projection.weight"].T,
    }
    for kind in ("weight", "bias"):
        weights[f"ln_final.{kind}"] = own[f"final_layer_norm.{kind}"]
        for i in range(model.config.text_config.num_hidden_layers):
            layer, block = f"encoder.layers.{i}", f"transformer.resblocks.{i}"
            weights |= {f"{block}.{new}.{kind}": own[f"{layer}.{old}.{kind}"] for old, new in TEXT_NAMES.items()}
            parts = [own[f"{layer}.self_attn.{part}_proj.{kind}"] for part in "qkv"]
            weights[f"{block}.attn.in_proj_{kind}"] = torch.cat(parts)
    return weights


def stored(tensor: torch.Tensor, name: str) -> torch.Tensor:
    """fp16, but the statistics of batch norms, whose variances have a wide range."""
    keep = "running_" in name or tensor.ndim == 0
    return (tensor.float() if keep else tensor.half()).contiguous()


def write(trunk: dict[str, torch.Tensor], space: teacher.TeacherSpace, text: CLIPModel, start: Path, out: Path) -> None:
    weights = {f"visual.trunk.{name}": tensor for name, tensor in trunk.items()}
    weights["visual.head.proj.weight"] = torch.from_numpy(space.map.T).float()
    weights["visual.head.proj.bias"] = torch.from_numpy(-space.mean @ space.map).float()
    weights |= text_weights(text) | {"logit_scale": torch.tensor(math.log(LOGIT_SCALE))}
    out.mkdir(parents=True, exist_ok=True)
    file = out / "open_clip_model.safetensors"
    save_file({name: stored(tensor.detach(), name) for name, tensor in weights.items()}, file)
    file.chmod(0o644)
    (out / "open_clip_config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    for name in TOKENIZER_FILES:
        shutil.copyfile(start / name, out / name)


@torch.inference_mode()
def embed_photos(model: torch.nn.Module, files: list[Path]) -> torch.Tensor:
    """Unit vectors by open_clip's model, as `clipsim` prepares photos."""
    preprocessing = CONFIG["preprocess_cfg"]
    mean, std = (torch.tensor(preprocessing[name]).view(3, 1, 1) for name in ("mean", "std"))
    vectors = []
    for start in range(0, len(files), 32):
        views = np.stack([photos.centre_view(file, SIDE) for file in files[start : start + 32]])
        pixels = (torch.from_numpy(views).permute(0, 3, 1, 2) / 255 - mean) / std
        vectors.append(model.encode_image(pixels.contiguous(memory_format=torch.channels_last), normalize=True))
    return torch.cat(vectors)


@torch.inference_mode()
def embed_names(model: torch.nn.Module, tokenizer: CLIPTokenizer, names: list[str]) -> torch.Tensor:
    length = CONFIG["model_cfg"]["text_cfg"]["context_length"]
    sentences = [f"a photo of a {name}" for name in names]
    tokens = tokenizer(sentences, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    return model.encode_text(tokens.input_ids, normalize=True)


def report(out: Path, tokenizer: CLIPTokenizer, held_out: Path, caltech: Path, hidden_classes: Path) -> None:
    """Of the written file, as open_clip loads it."""
    import open_clip

    model = open_clip.create_model(f"local-dir:{out}").eval().to(memory_format=torch.channels_last)
    hidden = {line.strip() for line in hidden_classes.read_text().splitlines()}
    judged = [photos.Photo(file, folder) for folder in hidden for file in sorted((caltech / folder).glob("*.jpg"))]
    for title, files in (
        ("held out", sorted(held_out.glob("*/*.jpg"))),
        ("judging classes", sorted(photo.path for photo in spread(judged, JUDGED_CAP))),
    ):
        names, labels = measure.numbered([photos.name_of(file.parent.name) for file in files])
        report_vectors(title, embed_photos(model, files), embed_names(model, tokenizer, names), names, labels)
