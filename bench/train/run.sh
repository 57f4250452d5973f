#!/usr/bin/env bash
# run.sh PHOTOS [--count 500] [--threads N]: training against the Python loop it replaces, which runs in a virtual
# environment of the bench's own. See compare.py. PROGRAM names another clipsim than this build's.
set -euo pipefail
photos=$(realpath "${1:?usage: run.sh PHOTOS [--count 500] [--threads N]}")
shift
cd "$(dirname "$0")/../.."

[ -n "${PROGRAM:-}" ] || scripts/build.sh clipsim >/dev/null
. bench/train/environment.sh
grep -m 1 'model name' /proc/cpuinfo || true
exec "$python" bench/train/compare.py "$photos" --program "${PROGRAM:-build/release/bin/clipsim}" "$@"
