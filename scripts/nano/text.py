"""The text tower learns to put a name where what it names lies.

Names: the classes trained on; the teacher's own 1,000 ImageNet classes, whose places come from its classifier; WordNet's
other words for these and the words above them; the folders of the drawings; and all of them in the plural.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import CLIPModel, CLIPTokenizer

from .words import plural

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
OFTEN_SHARE = 0.25  # of each batch: names with photos or drawings
DRAWINGS_PER_CLASS = 20  # as many drawings say as much of a word as one of the teacher's classes
TEXT_RIDGE = 0.003  # of the mean variance of what the text tower makes of the names
BATCH, RATE, TEMPERATURE = 256, 1e-3, 0.1
CHUNK = 64  # sentences that go through the text tower at once


def imagenet_names() -> list[str]:
    """open_clip's short names of the 1,000 classes, read without loading open_clip itself."""
    package = Path(importlib.util.find_spec("open_clip").origin).parent
    spec = importlib.util.spec_from_file_location("names", package / "zero_shot_metadata.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.IMAGENET_CLASSNAMES)


@dataclass
class Drawn:
    direction: torch.Tensor  # unit vector that tells the drawings of a name from others
    count: int


def classes_of_names(words: dict[str, set[int]]) -> dict[str, set[int]]:
    """name -> ImageNet classes: their names, the last words of these ("American lobster" is a lobster) and `words`."""
    found: dict[str, set[int]] = {}
    for number, name in enumerate(imagenet_names()):
        found.setdefault(name.lower(), set()).add(number)
        found.setdefault(name.lower().split()[-1], set()).add(number)
    return {name: classes for name, classes in (found | words).items() if len(name) > 2}


def amid(place: torch.Tensor | None, classes: int, drawn: Drawn) -> torch.Tensor:
    """Where a word lies that has a `place` amid `classes` of the teacher's, and drawings."""
    drawings = drawn.count / DRAWINGS_PER_CLASS * drawn.direction
    return F.normalize(drawings if place is None else classes * place + drawings, dim=0)


def with_others(place: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Plurals lie where one lies, and "instrument" without more is taken for a musical one."""
    if "musical instrument" in place:
        place = place | {"instrument": place["musical instrument"]}
    return {plural(name): vector for name, vector in place.items()} | place


def places(
    trained: list[str],
    taught: torch.Tensor,
    learned: torch.Tensor,
    drawn: dict[str, Drawn],
    teacher: torch.Tensor,
    words: dict[str, set[int]],
) -> dict[str, torch.Tensor]:
    """name -> unit vector. `trained` names lie in the direction of their photos as the student sees them (`learned`;
    `taught` is where the teacher puts them). The places of the teacher's 1,000 classes (`teacher`) are moved as the
    trained ones moved on the whole. A word for several classes lies amid them, and amid the drawings in a folder of that
    name (`drawn`), the more so the fewer classes it stands for."""
    middle = taught.mean(dim=0)
    taught, teacher = F.normalize(taught - middle, dim=1), F.normalize(teacher - teacher.mean(dim=0), dim=1)
    own = teacher @ moved(taught, learned)
    classes = classes_of_names(words)
    place = {name: F.normalize(own[sorted(numbers)].mean(dim=0), dim=0) for name, numbers in classes.items()}
    for name, some in drawn.items():
        place[name] = amid(place.get(name), len(classes.get(name, ())), some)
    return with_others(place | dict(zip(trained, learned)))


def moved(taught: torch.Tensor, learned: torch.Tensor, ridge: float = 0.5) -> torch.Tensor:
    """The linear map (d, d) from the teacher's class places to the student's, held near the identity."""
    eye = torch.eye(taught.shape[1])
    return torch.linalg.solve(taught.T @ taught + ridge * eye, taught.T @ learned + ridge * eye)


def pooled_text(model: CLIPModel, tokenizer: CLIPTokenizer, sentences: list[str]) -> torch.Tensor:
    """The text tower's output before its projection (n, width). Sentences of a length go together: little padding."""
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    batches = ([sentences[i] for i in order[start : start + CHUNK]] for start in range(0, len(order), CHUNK))
    length = model.config.text_config.max_position_embeddings
    pooled = torch.cat(
        [
            model.text_model(
                **tokenizer(batch, padding=True, truncation=True, max_length=length, return_tensors="pt")
            ).pooler_output
            for batch in batches
        ]
    )
    return pooled[torch.tensor(order).argsort()]


def embed_text(model: CLIPModel, tokenizer: CLIPTokenizer, sentences: list[str]) -> torch.Tensor:
    return F.normalize(model.text_projection(pooled_text(model, tokenizer, sentences)), dim=1)


@torch.no_grad()
def fit_projection(model: CLIPModel, x: torch.Tensor, y: torch.Tensor) -> None:
    """Ridge regression from what the text tower makes of sentences to their places. As with the photos, the mean goes
    into the last norm's bias."""
    mean = x.mean(dim=0)
    x, y = x - mean, y - y.mean(dim=0)
    covariance = x.T @ x / len(x)
    ridge = TEXT_RIDGE * covariance.diagonal().mean() * torch.eye(x.shape[1])
    model.text_projection.weight.copy_(torch.linalg.solve(covariance + ridge, x.T @ y / len(x)).T)
    model.text_model.final_layer_norm.bias.sub_(mean)


def fit_text(
    model: CLIPModel,
    tokenizer: CLIPTokenizer,
    place: dict[str, torch.Tensor],
    often: list[str],
    steps: int,
    rate: float = RATE,
    often_share: float = OFTEN_SHARE,
) -> None:
    """Names in sentences to their places: towards the place itself (cosine), and as near to each name of `often` as the
    place is (relations), which is what a search sees. Of each batch `often_share` are of `often`."""
    names = list(place)
    target = torch.stack([place[name] for name in names])
    known = torch.tensor([i for i, name in enumerate(names) if name in set(often)])
    keys = target[known]
    model.eval()
    with torch.no_grad():
        some = [(name, prompt) for prompt in PROMPTS[1:4] for name in names]
        fit_projection(model, pooled_text(model, tokenizer, [p.format(n) for n, p in some]), target.repeat(3, 1))

    parameters = [*model.text_model.parameters(), model.text_projection.weight]
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01, betas=(0.9, 0.98), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    for step in range(steps):
        chosen = torch.randint(0, len(names), (BATCH,))
        count = int(BATCH * often_share)
        chosen[:count] = known[torch.randint(0, len(known), (count,))]
        prompts = torch.randint(0, len(PROMPTS), (BATCH,)).tolist()
        vectors = embed_text(model, tokenizer, [PROMPTS[p].format(names[i]) for i, p in zip(chosen.tolist(), prompts)])
        want = F.log_softmax(target[chosen] @ keys.T / TEMPERATURE, dim=1)
        have = F.log_softmax(vectors @ keys.T / TEMPERATURE, dim=1)
        cosine = 1 - (vectors * target[chosen]).sum(dim=1).mean()
        loss = cosine + F.kl_div(have, want, log_target=True, reduction="batchmean")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0:
            print(f"sentences: step {step} of {steps}, {1 - cosine.item():.3f} mean cosine to their places", flush=True)
