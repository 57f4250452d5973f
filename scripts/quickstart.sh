#!/usr/bin/env bash
# quickstart.sh [PHOTOS]: from a bare Debian machine to a first search.
# Installs what is missing, builds clipsim, fine-tunes and indexes the demo photos (or the folders of photos given:
# one sub-folder per class), shows the five pictures most like one of them and says where the results are.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
photos=${1:+$(realpath "$1")}
cd "$here/.."
. scripts/places.sh

say() { printf '\n== %s\n' "$*" >&2; }

if [ -n "$photos" ] && [ ! -d "$photos" ]; then
    echo "quickstart: $photos is not a folder" >&2
    exit 2
fi

say "Setting up"
scripts/setup.sh
say "Building"
scripts/build.sh clipsim

settings=(--config configs/demo.json)  # .demo/photos, output/demo
if [ -n "$photos" ]; then
    output=$output/$(basename "$photos")
else
    say "Demo photos"
    photos=$demo/photos
    scripts/demo_photos.sh "$photos"
    output=$output/demo
fi
if [ "$output" != output/demo ]; then
    settings+=(--set "data.root=$photos" --set "output_dir=$output")
fi

say "Fine-tuning, indexing, searching: clipsim all ${settings[*]}"
if [ -e "$output/index/manifest.json" ] && [ -e "$output/checkpoints/best_model.safetensors" ]; then
    echo "$output is there from an earlier run: bringing its index up to date (remove the folder to train again)" >&2
    "$clipsim" index "${settings[@]}"
else
    "$clipsim" all "${settings[@]}"
fi

query=$(find "$photos" -mindepth 2 -type f \( -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.png' \) | LC_ALL=C sort | sed -n 1p)
say "The five pictures most like $query"
"$clipsim" search "${settings[@]}" -k 5 --save "$output/results/quickstart.png" "$query"
say "Pictures of the searches: $output/results/    training curves: $output/curves.png"
echo "Next: $clipsim search ${settings[*]} YOUR_PHOTO.jpg" >&2
