"""Names for ImageNet's 1,000 classes from WordNet 3.0: synonyms ("kitty-cat") and what is above them ("bird", "mammal").

Class numbers to synsets: PyPI timm. WordNet: Debian's wordnet-base, unpacked (usr/share/wordnet/data.noun).
"""

import importlib.util
from pathlib import Path

MOST_CLASSES = 420  # a word above more classes than this says nothing ("object")


def synset_offsets() -> list[int]:
    package = Path(importlib.util.find_spec("timm").origin).parent
    return [int(line.strip()[1:]) for line in (package / "data/_info/imagenet_synsets.txt").read_text().split()]


def synset(nouns: bytes, offset: int) -> tuple[list[str], list[int]]:
    """(words, offsets of the synsets above) of the line of data.noun that starts at `offset`. Its format: wndb(5WN)."""
    fields = nouns[offset : nouns.index(b"\n", offset)].split(b" | ")[0].decode().split()
    count = int(fields[3], 16)
    words = [fields[4 + 2 * i].replace("_", " ").lower() for i in range(count)]
    pointers = fields[5 + 2 * count :]
    above = [int(pointers[i + 1]) for i in range(0, len(pointers), 4) if pointers[i] in ("@", "@i")]
    return words, above


def names_of_classes(data_noun: Path) -> dict[str, set[int]]:
    """name -> the classes that are one, for every synonym of a class and every word above one."""
    nouns = data_noun.read_bytes()
    found: dict[str, set[int]] = {}
    for number, offset in enumerate(synset_offsets()):
        ways = [offset]
        while ways:
            words, above = synset(nouns, ways.pop())
            for word in words:
                found.setdefault(word, set()).add(number)
            ways += above
    return {name: classes for name, classes in found.items() if len(classes) <= MOST_CLASSES}


def plural(name: str) -> str:
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return name + "es"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + "s"
