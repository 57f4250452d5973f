#!/usr/bin/env bash
# quality.sh PHOTOS: what fine-tuning with the defaults gains on a folder of photos (one sub-folder per class), and how
# long train, index and the demonstration searches take together.
set -euo pipefail
photos=$(realpath "${1:?usage: quality.sh PHOTOS}")
cd "$(dirname "$0")/.."

scripts/build.sh clipsim >/dev/null
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
settings=(--set "data.root=$photos" --set "output_dir=$output")
start=$(date +%s%N)
build/release/bin/clipsim all --quiet "${settings[@]}" >/dev/null
end=$(date +%s%N)
echo "== clipsim all with the defaults (15 epochs) on $(find "$photos" -type f | wc -l) files: $(((end - start) / 1000000000)) s"
build/release/bin/clipsim eval --quiet "${settings[@]}"
