"""Names for ImageNet's 1,000 classes from WordNet 3.0: synonyms ("kitty-cat") and what is above them ("bird", "mammal").

Class numbers to synsets: PyPI timm. WordNet: Debian's wordnet-base, unpacked (usr/share/wordnet/data.noun).
"""

import importlib.util
import re
from pathlib import Path

MOST_CLASSES = 420  # a word above more classes than this says nothing ("object")
MOST_BESIDE = 20  # classes that a word beside them may lie amid
STEPS_UP = 2
# Lines of data.noun about animals, artefacts, food and plants.
THINGS = re.compile(rb"^(\d{8}) (?:05|06|13|20) n ", re.MULTILINE)


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


def names_beside_classes(data_noun: Path) -> dict[str, set[int]]:
    """name -> the nearest of kin among the classes, for words of things that are none: a gerenuk is a gazelle. Kin are the
    classes under what is one or two steps above. Single words alone, by their first sense where that is such a thing."""
    nouns = data_noun.read_bytes()
    under: dict[int, set[int]] = {}
    for number, offset in enumerate(synset_offsets()):
        ways = [offset]
        while ways:
            under.setdefault(way := ways.pop(), set()).add(number)
            ways += synset(nouns, way)[1]
    first = first_senses(data_noun.with_name("index.noun"))
    found: dict[str, set[int]] = {}
    for offset in (int(line.group(1)) for line in THINGS.finditer(nouns)):
        kin = [] if offset in under else kin_of(nouns, offset, under)
        for word in synset(nouns, offset)[0] if kin else ():
            if word.isalpha() and len(word) > 2 and (first.get(word) == offset or word not in found):
                found[word] = min(kin, key=len)
    return found


def kin_of(nouns: bytes, offset: int, under: dict[int, set[int]]) -> list[set[int]]:
    level = [offset]
    for _ in range(STEPS_UP):
        level = [above for below in level for above in synset(nouns, below)[1]]
        if kin := [under[above] for above in level if len(under.get(above, ())) in range(1, MOST_BESIDE + 1)]:
            return kin
    return []


def first_senses(index_noun: Path) -> dict[str, int]:
    """word -> the synset it most often stands for."""
    lines = (line.split() for line in index_noun.read_text().splitlines() if not line.startswith(" "))
    return {fields[0].replace("_", " "): int(fields[6 + int(fields[3])]) for fields in lines}


def plural(name: str) -> str:
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return name + "es"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + "s"
