#!/usr/bin/env bash
# test.sh: sets up, builds and runs all tests.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh --tests
CLIPSIM_BUILD_TESTS=ON scripts/build.sh
if [ -x .deps/venv/bin/python ]; then
    export CLIPSIM_TEST_PYTHON=$PWD/.deps/venv/bin/python
fi
ctest --preset release -j "$(nproc)"

# The readers of files from elsewhere, fuzzed for 20 seconds each.
if clang++ -fsanitize=fuzzer -x c++ - -o /dev/null >/dev/null 2>&1 \
    <<<'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, decltype(sizeof 0)) { return 0; }'; then
    cmake --preset fuzz >/dev/null
    cmake --build --preset fuzz
    ctest --preset fuzz -j "$(nproc)"
else
    echo "test: no clang with libFuzzer here (Debian: clang, libclang-rt-dev): the fuzz targets are skipped" >&2
fi
