#!/usr/bin/env bash
# build.sh [TARGET...]: configures (once) and builds the release preset.
set -euo pipefail
cd "$(dirname "$0")/.."

# The set-up's own choice of LibTorch, and Debian's compilers and CMake ahead of anything a user has put on the PATH.
tests=${CLIPSIM_BUILD_TESTS:-OFF}
if ! log=$(cmake --preset release -DLIBTORCH_ROOT="$PWD/.deps/libtorch" -DCLIPSIM_BUILD_TESTS="$tests" 2>&1); then
    printf '%s\n' "$log" >&2
    exit 1
fi
cmake --build --preset release ${1:+--target "$@"}
