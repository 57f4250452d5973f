#!/usr/bin/env bash
# index_update.sh [FILES]: `clipsim index` over a folder of FILES (10,000) small JPEGs when nothing changed, and when one
# is new. Prints both in seconds, best and median of nine, and one embedding alone as `clipsim embed` does it.
set -euo pipefail
cd "$(dirname "$0")/.."
files=${1:-10000}
clipsim=${CLIPSIM:-build/release/bin/clipsim}
[ -x "$clipsim" ] || scripts/build.sh clipsim >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# JPEGs of 16 x 16 pixels, all different, drawn by Pillow (CLIPSIM_TEST_PYTHON names a Python that has it).
python=${CLIPSIM_TEST_PYTHON:-python3}
"$python" - "$work/photos" "$files" <<'PYTHON'
import os, random, sys
from PIL import Image
folder, files = sys.argv[1], int(sys.argv[2])
random.seed(1)
for i in range(files):
    path = os.path.join(folder, f"class_{i % 10}", f"{i}.jpg")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    pixels = bytes(random.randrange(256) for _ in range(16 * 16 * 3))
    Image.frombytes("RGB", (16, 16), pixels).save(path)
PYTHON
set -- --set data.root="$work/photos" --set output_dir="$work/output" --no-progress --quiet
echo "== first run over $files files"
time "$clipsim" index "$@"

seconds() {
    local start end
    start=$(date +%s%N)
    "$@" >/dev/null
    end=$(date +%s%N)
    printf '%d.%03d\n' $(((end - start) / 1000000000)) $(((end - start) / 1000000 % 1000))
}
summary() { sort -n | awk '{t[NR] = $1} END {printf "best %s  median %s\n", t[1], t[int((NR + 1) / 2)]}'; }

sleep 3 # the model's hashes are remembered once its files are not of this moment
"$clipsim" index "$@"
echo "== nothing changed, nine runs, seconds"
for _ in 1 2 3 4 5 6 7 8 9; do seconds "$clipsim" index "$@"; done | summary
echo "== one new file, nine runs, seconds"
for i in 1 2 3 4 5 6 7 8 9; do
    cp "$work/photos/class_$i/$i.jpg" "$work/photos/class_0/new_$i.jpg"
    printf 'new %s' "$i" >>"$work/photos/class_0/new_$i.jpg" # behind the picture: other content, the same pixels
    seconds "$clipsim" index "$@"
done | summary
echo "== one embedding with all that loads for it: clipsim embed, nine runs, seconds"
for _ in 1 2 3 4 5 6 7 8 9; do
    seconds "$clipsim" embed "$work/photos/class_0/0.jpg" --output "$work/v.npy" --quiet --set output_dir="$work/output"
done | summary
