#!/usr/bin/env bash
# run.sh PHOTOS [THREADS]: embedding a folder of photos with the model in the box, clipsim against a script over open_clip
# with the same weights. Best of three alternating rounds; the vectors are compared too.
set -euo pipefail
photos=$(realpath "${1:?usage: run.sh PHOTOS [THREADS]}")
cd "$(dirname "$0")/../.."
program=${PROGRAM:-build/release/bin/clipsim}
[ -x "$program" ] || scripts/build.sh clipsim >/dev/null

. bench/environment.sh
# CLIPSIM_BENCH_PYTHON names another Python that has the peer already.
python=${CLIPSIM_BENCH_PYTHON:-}
[ -n "$python" ] || make_environment .deps/bench-embed torch==2.13.0 torchvision==0.28.0 open_clip_torch==3.2.0 timm==1.0.22 \
    pillow==13.0.0 numpy==2.4.6
grep -m 1 'model name' /proc/cpuinfo || true
"$python" bench/embed/compare.py "$program" "$photos" --threads "${2:-2}"
