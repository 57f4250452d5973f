#!/usr/bin/env python3
"""Writes tests/fuzz/corpus: a few small inputs of each fuzz target, to begin from. Wants torch and safetensors."""
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = REPOSITORY / "tests" / "fuzz" / "corpus"
FIXTURES = REPOSITORY / "tests" / "fixtures"
PICTURES = ["rgb.jpg", "progressive.jpg", "grey.jpeg", "orientation6.png", "palette_transparent.png", "bilevel.png",
            "lossy.webp", "lossless.webp", "animated.webp", "bilevel.bmp", "runs4.bmp", "runs8.bmp", "palette.gif",
            "transparent.gif", "bilevel.tiff", "grey16_orientation6.tiff", "grey_alpha.tiff", "big.tiff",
            "lossless.heic", "lossy.heic", "lossy.avif", "grey.jxl", "lossy.jxl", "rgba.jxl", "grey_alpha.jp2", "rgb.jp2",
            "tiles.j2k", "orientation6.dng", "text.pnm", "text.pbm", "bits.pbm", "coarse.pgm", "rgba.pam"]


def write(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def saved(values):
    buffer = io.BytesIO()
    torch.save(values, buffer)
    return buffer.getvalue()


def pickle_of(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.read(next(name for name in opened.namelist() if name.endswith("/data.pkl")))


def main():
    torch.manual_seed(3)
    for name in PICTURES:
        write("image", name, (FIXTURES / "image" / name).read_bytes())
    for name, matrix in {"fp32": np.ones((2, 3), np.float32), "fp16": np.ones((3, 1), np.float16)}.items():
        buffer = io.BytesIO()
        np.save(buffer, matrix)
        write("npy", name, buffer.getvalue())

    for file in sorted((FIXTURES / "faiss_files/1.11.0").iterdir()):
        write("index_file", file.name, file.read_bytes())
    for version in ["index_v2", "index_v3"]:
        write("manifest", version, (FIXTURES / version / "manifest.json").read_bytes())
    write("image_store", "index_v2", (FIXTURES / "index_v2/images.db").read_bytes())
    little, big = b"II*\0\x08\0\0\0\x01\0", b"MM\0*\0\0\0\x08\0\x01"
    write("exif", "little", little + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0")
    write("exif", "big", b"Exif\0\0" + big + b"\x01\x12\0\x03\0\0\0\x01\0\x08\0\0")
    write("exif", "xmp", '<x:xmpmeta><rdf:Description tiff:Orientation="3"/></x:xmpmeta>')
    blob = {"rfilename": "config.json", "size": 12, "blobId": "a" * 40}
    large = {"rfilename": "a/model.safetensors", "lfs": {"sha256": "b" * 64, "size": 99}}
    write("listing", "two", json.dumps({"sha": "c" * 40, "siblings": [blob, large]}))
    write("ignore_file", "some", "a/b/c.jpg\0# a comment\n*.jpg\n!b/**/c.jpg\n/a/\n[a-c]?\\ \n**/x\n")

    write("safetensors", "two", save({"a": torch.ones(2, 3), "b": torch.ones(4, dtype=torch.float16)}, {"format": "pt"}))
    write("safetensors", "none", save({"a": torch.ones(0, 3), "b": torch.tensor(3)}))

    linear = torch.nn.Sequential(torch.nn.Linear(2, 3))
    state = saved(linear.state_dict())
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(linear, torch.ones(1, 2)), buffer)
    checkpoint = saved({"epoch": 1, "state_dict": linear.state_dict(), "loss": 0.5, "names": ["a", None, True]})
    for name, archive in [("state_dict", state), ("torchscript", buffer.getvalue()), ("checkpoint", checkpoint),
                          ("parameter", saved({"w": torch.nn.Parameter(torch.ones(2)), "t": torch.ones(2, 3).t()}))]:
        write("torch_archive", name + ".pt", archive)
        write("torch_archive", name + ".pickle", pickle_of(archive))

    for folder in ["model/gelu_fp32", "formats/dinov2", "formats/dinov2_registers"]:
        for file in ["config.json", "preprocessor_config.json"]:
            write("model_config", folder.replace("/", "-") + "-" + file, (FIXTURES / folder / file).read_bytes())
    write("model_config", "open_clip", (FIXTURES / "formats/open_clip_custom_text/open_clip_config.json").read_bytes())

    write("config", "default", (REPOSITORY / "configs/default.json").read_bytes())
    write("config", "short", '{"data": {"root": "photos"}, /* why */ "output_dir": "output"}')

    vocabulary = {token: number for number, token in enumerate(
        ["a", "b", "a</w>", "b</w>", "ab", "ab</w>", "<|startoftext|>", "<|endoftext|>"])}
    merges = ["a b", "a b</w>"]
    whole = {"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": vocabulary, "merges": merges}}
    write("tokenizer", "whole", json.dumps(whole) + "\0ab b <|endoftext|> a")
    write("tokenizer", "parts", json.dumps(vocabulary) + "\0#version: 0.2\n" + "\n".join(merges) + "\0ab b it's 12")


if __name__ == "__main__":
    main()
