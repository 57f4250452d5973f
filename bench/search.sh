#!/usr/bin/env bash
# search.sh: a search of a warm index of 10,000 vectors inside the process, and a whole cold `clipsim search` with the
# model in the box. The second wants an index: run ./scripts/quickstart.sh first, or name a config and a photo:
#     bench/search.sh [CONFIG PHOTO]
set -euo pipefail
cd "$(dirname "$0")/.."
config=${1:-configs/demo.json}
photo=${2:-$(find .demo/photos -name '*.png' 2>/dev/null | LC_ALL=C sort | sed -n 1p)}

CLIPSIM_BUILD_BENCH=ON scripts/build.sh clipsim clipsim_search_bench >/dev/null
echo "== warm, in the process: 10 hits among 10,000 vectors of 128 dimensions"
build/release/bin/clipsim_search_bench --benchmark_min_time=0.5 2>/dev/null

[ -n "$photo" ] || { echo "no photo to search with: run ./scripts/quickstart.sh first" >&2; exit 2; }
echo "== cold, whole program: clipsim search --config $config $photo, nine runs, seconds"
for _ in 1 2 3 4 5 6 7 8 9; do
    start=$(date +%s%N)
    build/release/bin/clipsim search --config "$config" --format paths "$photo" >/dev/null
    end=$(date +%s%N)
    printf '%d.%03d\n' $(((end - start) / 1000000000)) $(((end - start) / 1000000 % 1000))
done | sort -n | awk '{t[NR] = $1} END {printf "best %s  median %s  worst %s\n", t[1], t[int((NR + 1) / 2)], t[NR]}'
