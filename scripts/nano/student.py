"""The student: a 64-pixel CLIP with a patch of twice the size, so that it sees 128 pixels at the cost of 64."""

from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import CLIPModel

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)


SIDE = 128


def grown(start: Path) -> CLIPModel:
    """`start` for images of SIDE pixels, with the same number of patches. Each weight of the patch kernel is spread over
    scale x scale pixels, so the new model gives what the old one gives on the photo scaled down. A `start` that is
    made for SIDE pixels already (the result of an earlier run) stays as it is."""
    old = CLIPModel.from_pretrained(start, dtype=torch.float32)
    config = old.config
    scale = SIDE // config.vision_config.image_size
    config.vision_config.image_size *= scale
    config.vision_config.patch_size *= scale
    new = CLIPModel(config)
    weights = old.state_dict()
    kernel = "vision_model.embeddings.patch_embedding.weight"
    weights[kernel] = weights[kernel].repeat_interleave(scale, 2).repeat_interleave(scale, 3) / scale**2
    new.load_state_dict(weights)
    return new


def pooled(model: CLIPModel, images: torch.Tensor, keep: float = 1.0) -> torch.Tensor:
    """The vision tower's output before its projection (n, width). With `keep` below 1 it sees only that share of the
    patches, another choice a photo, which halves the cost of a step (Li et al., "Scaling Language-Image Pre-training
    via Masking", CVPR 2023)."""
    tower = model.vision_model
    tokens = tower.embeddings(images)
    if keep < 1:
        patches = tokens[:, 1:]
        count = round(patches.shape[1] * keep)
        order = torch.rand(patches.shape[:2]).argsort(dim=1)[:, :count, None].expand(-1, -1, patches.shape[2])
        tokens = torch.cat([tokens[:, :1], patches.gather(1, order)], dim=1)
    hidden = tower.encoder(inputs_embeds=tower.pre_layrnorm(tokens)).last_hidden_state
    return tower.post_layernorm(hidden[:, 0])


def embed(model: CLIPModel, images: torch.Tensor, keep: float = 1.0) -> torch.Tensor:
    return F.normalize(model.visual_projection(pooled(model, images, keep)), dim=1)


def normalised(photos: torch.Tensor, side: int) -> torch.Tensor:
    """uint8 (n, s, s, 3) -> the tower's input (n, 3, side, side)."""
    images = photos.permute(0, 3, 1, 2).float() / 255
    if images.shape[-1] != side:
        images = F.interpolate(images, size=side, mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)
    return (images - MEAN) / STD


def augmented(photos: torch.Tensor, side: int) -> torch.Tensor:
    """As normalised(), of a random crop (70 to 100 % of the side, one size a batch), mirrored half the time, with
    another brightness, contrast and saturation for each photo."""
    n, full = photos.shape[:2]
    crop = int(torch.randint(round(0.7 * full), full + 1, ()))
    corners = torch.randint(0, full - crop + 1, (n, 2)).tolist()
    photos = torch.stack([p[y : y + crop, x : x + crop] for p, (y, x) in zip(photos, corners)])
    images = photos.permute(0, 3, 1, 2).float() / 255
    images = F.interpolate(images, size=side, mode="bilinear", align_corners=False, antialias=crop > side)
    mirror = torch.rand(n) < 0.5
    images[mirror] = images[mirror].flip(3)
    brightness, contrast, saturation = (torch.empty(n, 1, 1, 1).uniform_(0.7, 1.3) for _ in range(3))
    images = images * brightness
    images = (images - (centre := images.mean(dim=(1, 2, 3), keepdim=True))) * contrast + centre
    images = (images - (grey := images.mean(dim=1, keepdim=True))) * saturation + grey
    return (images.clamp(0, 1) - MEAN) / STD
