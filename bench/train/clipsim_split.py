"""Which photos `clipsim train` holds out (src/data/split.cpp), so that a peer holds out the same."""

import math

import xxhash


def held_out(photos, seed, fraction):
    """The indices of the photos (paths FOLDER/CLASS/NAME) held out: of each class the first by a hash of seed and name."""
    by_class = {}
    for index, photo in enumerate(photos):
        by_class.setdefault(photo.parent.name, []).append(index)
    chosen = []
    for name, members in by_class.items():
        ranked = sorted(members, key=lambda i: xxhash.xxh3_128_hexdigest(f"{seed}\0{name}/{photos[i].name}".encode()))
        chosen += ranked[: min(max(math.floor(len(members) * fraction + 0.5), 1), len(members) - 1)]
    return sorted(chosen)
