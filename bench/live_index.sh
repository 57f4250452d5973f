#!/usr/bin/env bash
# live_index.sh: what rows that came or went since index.faiss was written cost a search; see live_index_bench.cpp.
set -euo pipefail
cd "$(dirname "$0")/.."

CLIPSIM_BUILD_BENCH=ON scripts/build.sh clipsim_live_index_bench >/dev/null
build/release/bin/clipsim_live_index_bench --benchmark_min_time=0.5 "$@" 2>/dev/null
