#!/usr/bin/env bash
# head.sh PHOTOS [--seeds 1,2,3,4,5] [--loss triplet] [--epochs 15] [--threads N]: training of the head alone against
# pytorch-metric-learning on the same features. See compare_head.py. PROGRAM names another clipsim than this build's.
set -euo pipefail
photos=$(realpath "${1:?usage: head.sh PHOTOS [--seeds 1,2,3] [--loss triplet] [--epochs 15] [--threads N]}")
shift
cd "$(dirname "$0")/../.."
[ -n "${PROGRAM:-}" ] || scripts/build.sh clipsim >/dev/null
. bench/train/environment.sh
grep -m 1 'model name' /proc/cpuinfo || true
exec "$python" bench/train/compare_head.py "$photos" --program "${PROGRAM:-build/release/bin/clipsim}" "$@"
