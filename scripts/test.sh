#!/usr/bin/env bash
# test.sh: sets up, builds and runs all tests; then the numeric ones once more with narrower vector instructions, as
# machines without the wider ones have them. The last lines say how many passed, and what was skipped and why.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/places.sh

scripts/setup.sh --tests
CLIPSIM_BUILD_TESTS=ON scripts/build.sh
if [ -x "$deps/venv/bin/python" ]; then
    export CLIPSIM_TEST_PYTHON=$deps/venv/bin/python
fi

# run NAME [ctest's OPTIONS...]
status=0
run() {
    local name=$1
    shift
    ctest --test-dir "$build" --output-on-failure --output-junit "$build/$name.xml" -j "$(nproc)" "$@" || status=$?
}

# The switches of LibTorch (ATen, oneDNN, MKL, FBGEMM) and of our kernels. FBGEMM has nothing below AVX2.
narrower() {
    if grep -qw avx512f /proc/cpuinfo; then
        ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2 CLIPSIM_MAX_ISA=avx2 \
            FBGEMM_ENABLE_INSTRUCTIONS=AVX2 "$@"
    else
        ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 MKL_ENABLE_INSTRUCTIONS=SSE4_2 CLIPSIM_MAX_ISA=baseline "$@"
    fi
}

run tests
narrower run tests-narrower -L numeric
python3 scripts/test_summary.py "$build/tests.xml" "$build/tests-narrower.xml"
exit "$status"
