#!/usr/bin/env bash
# run.sh PHOTOS [--count 500] [--threads N]: training against the Python loop it replaces, which runs in a virtual
# environment of the bench's own. See compare.py.
set -euo pipefail
photos=$(realpath "${1:?usage: run.sh PHOTOS [--count 500] [--threads N]}")
shift
cd "$(dirname "$0")/../.."

scripts/build.sh clipsim >/dev/null
environment=.deps/bench-train
wheels=(torch==2.13.0 transformers==5.23.0 pillow==13.0.0 numpy==2.4.6)
if [ "$(cat "$environment/wheels" 2>/dev/null)" != "${wheels[*]}" ]; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install -q --disable-pip-version-check "${wheels[@]}"
    echo "${wheels[*]}" >"$environment/wheels"
fi
grep -m 1 'model name' /proc/cpuinfo || true
exec "$environment/bin/python" bench/train/compare.py "$photos" "$@"
