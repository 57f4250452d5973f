#!/usr/bin/env bash
# scale.sh [--sizes 10000,100000] [--storage int8] [--set index.hnsw.m=16]: how build time, memory, opening, latency and
# recall grow with the number of vectors. See scale.py.
set -euo pipefail
cd "$(dirname "$0")/../.."

scripts/build.sh clipsim >/dev/null
environment=.deps/bench-search
[ -x "$environment/bin/python" ] || { python3 -m venv "$environment"; "$environment/bin/pip" install -q numpy==2.4.6; }
grep -m 1 'model name' /proc/cpuinfo || true
exec "$environment/bin/python" bench/search/scale.py "$@"
