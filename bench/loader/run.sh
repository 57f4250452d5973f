#!/usr/bin/env bash
# run.sh [speed|memory]: reading and preprocessing of 500 x 400 JPEGs against libjpeg alone, and the memory of an epoch of
# 100,000 files; both where no argument is given. Files are generated, once, into .deps/bench-loader. THREADS, by default 2.
set -euo pipefail
cd "$(dirname "$0")/../.."

CLIPSIM_BUILD_BENCH=ON scripts/build.sh clipsim_loader_bench >/dev/null
bench=build/release/bin/clipsim_loader_bench
files=.deps/bench-loader
threads=${THREADS:-2}
grep -m 1 'model name' /proc/cpuinfo || true
case "${1:-both}" in
    speed) "$bench" speed "$files/speed" 500 "$threads" 7 ;;
    memory) "$bench" memory "$files/memory" 100000 "$threads" ;;
    both)
        "$bench" speed "$files/speed" 500 "$threads" 7
        "$bench" memory "$files/memory" 100000 "$threads"
        ;;
    *)
        echo "usage: run.sh [speed|memory]" >&2
        exit 2
        ;;
esac
