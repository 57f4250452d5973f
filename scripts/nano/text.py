"""The text tower: its projection is fitted to put a class's name where its photos lie.

Names: the classes trained on, and the teacher's own 1,000 ImageNet classes, whose places come from its classifier.
"""

import importlib.util
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import CLIPModel, CLIPTokenizer

from .photos import HIDDEN_WORDS
from .teacher import TeacherSpace

PROMPTS = (
    "a photo of a {}",
    "a photo of a {}",
    "{}",
    "a {}",
    "a photo of the {}",
    "a picture of a {}",
    "a close-up photo of a {}",
    "a photo of a small {}",
    "a photo of a large {}",
    "a photo of {}",
)
OTHER_NAMES = 0.1  # the weight of a name without photos
TEXT_RIDGE = 0.003  # of the mean variance of what the text tower makes of the names
# Everyday words above ImageNet's names: first and last class number (inclusive).
GROUPS = {
    "dog": ((151, 268),),
    "puppy": ((151, 268),),
    "cat": ((281, 285),),
    "bird": ((7, 24), (80, 100), (127, 146)),
    "fish": ((0, 6), (389, 397)),
    "snake": ((52, 68),),
    "lizard": ((38, 48),),
    "turtle": ((33, 37),),
    "frog": ((30, 32),),
    "spider": ((72, 77),),
    "insect": ((300, 326),),
    "monkey": ((365, 382),),
    "bear": ((294, 297),),
    "fox": ((277, 280),),
    "wolf": ((269, 272),),
}


def imagenet_names() -> list[str]:
    """open_clip's short names of the 1,000 classes, read without loading open_clip itself."""
    package = Path(importlib.util.find_spec("open_clip").origin).parent
    spec = importlib.util.spec_from_file_location("names", package / "zero_shot_metadata.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.IMAGENET_CLASSNAMES)


def places(
    trained: list[str], taught: torch.Tensor, learned: torch.Tensor, space: TeacherSpace, classifier: np.ndarray
) -> dict[str, torch.Tensor]:
    """name -> unit vector. `trained` names lie where the student puts their photos (`learned`; `taught` is where the
    teacher does). The other names' places are the teacher's, moved as the trained ones moved on the whole."""
    names = imagenet_names()
    own = torch.from_numpy(space.of_classifier(classifier)) @ moved(taught, learned)
    found: dict[str, list[torch.Tensor]] = {}
    for name, vector in zip(names, own):
        if not HIDDEN_WORDS.search(name):
            found.setdefault(name.lower(), []).append(vector)
            found.setdefault(name.lower().split()[-1], []).append(vector)  # "American lobster" is a lobster
    for word, ranges in GROUPS.items():
        found[word] = [own[i] for first, last in ranges for i in range(first, last + 1)]
    place = {name: F.normalize(torch.stack(v).mean(dim=0), dim=0) for name, v in found.items() if len(name) > 2}
    return place | dict(zip(trained, learned))


def moved(taught: torch.Tensor, learned: torch.Tensor, ridge: float = 0.5) -> torch.Tensor:
    """The linear map (d, d) from the teacher's class places to the student's, held near the identity."""
    eye = torch.eye(taught.shape[1])
    return torch.linalg.solve(taught.T @ taught + ridge * eye, taught.T @ learned + ridge * eye)


def pooled_text(model: CLIPModel, tokenizer: CLIPTokenizer, sentences: list[str]) -> torch.Tensor:
    """The text tower's output before its projection (n, width)."""
    batches = (sentences[start : start + 256] for start in range(0, len(sentences), 256))
    length = model.config.text_config.max_position_embeddings
    return torch.cat(
        [
            model.text_model(
                **tokenizer(batch, padding=True, truncation=True, max_length=length, return_tensors="pt")
            ).pooler_output
            for batch in batches
        ]
    )


def embed_text(model: CLIPModel, tokenizer: CLIPTokenizer, sentences: list[str]) -> torch.Tensor:
    return F.normalize(model.text_projection(pooled_text(model, tokenizer, sentences)), dim=1)


@torch.no_grad()
def fit_text(model: CLIPModel, tokenizer: CLIPTokenizer, place: dict[str, torch.Tensor], trained: list[str]) -> None:
    """Ridge regression from what the text tower makes of each name in each prompt to the name's place. As with the
    photos, the mean goes into the last norm's bias."""
    model.eval()
    names = list(place)
    x = pooled_text(model, tokenizer, [prompt.format(name) for prompt in PROMPTS for name in names])
    y = torch.stack([place[name] for name in names]).repeat(len(PROMPTS), 1)
    weight = torch.tensor([1.0 if name in trained else OTHER_NAMES for name in names]).repeat(len(PROMPTS), 1).view(-1, 1)
    weight = weight / weight.sum()
    mean = (weight * x).sum(dim=0)
    x, y = x - mean, y - (weight * y).sum(dim=0)
    covariance = x.T @ (weight * x)
    ridge = TEXT_RIDGE * covariance.diagonal().mean() * torch.eye(x.shape[1])
    model.text_projection.weight.copy_(torch.linalg.solve(covariance + ridge, x.T @ (weight * y)).T)
    model.text_model.final_layer_norm.bias.sub_(mean)
