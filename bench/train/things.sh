#!/usr/bin/env bash
# things.sh 101_ObjectCategories TARGET: the second set of photos of docs/training.md: links to the first 45 photos of 25
# classes of Caltech-101 (CaltechDATA, CC BY 4.0), things for the most part.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: things.sh 101_ObjectCategories TARGET" >&2; exit 2; }
source=$(realpath "$1")
for class in bass bonsai brain buddha cellphone chandelier cup electric_guitar euphonium ewer ferry gramophone joshua_tree \
    lotus menorah minaret nautilus pyramid revolver schooner stegosaurus stop_sign trilobite wheelchair yin_yang; do
    mkdir -p "$2/$class"
    for number in $(seq -f %04g 45); do ln -sf "$source/$class/image_$number.jpg" "$2/$class/"; done
done
