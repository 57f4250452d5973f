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
