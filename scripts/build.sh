#!/usr/bin/env bash
# build.sh [TARGET...]: configures (once) and builds the release preset. Files that use torch are compiled in batches, which
# halves a first build; CLIPSIM_TORCH_UNITY=OFF compiles them one by one, which is better for working on them.
# CLIPSIM_WERROR=ON makes warnings errors. Needs 2 GB of memory for each compiler that runs.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/places.sh

# The set-up's own choice of LibTorch, whatever else a machine has.
switches=(-DCLIPSIM_BUILD_TESTS="${CLIPSIM_BUILD_TESTS:-OFF}" -DCLIPSIM_BUILD_BENCH="${CLIPSIM_BUILD_BENCH:-OFF}"
          -DCLIPSIM_TORCH_UNITY="${CLIPSIM_TORCH_UNITY:-ON}" -DCLIPSIM_WERROR="${CLIPSIM_WERROR:-OFF}"
          -DCLIPSIM_TEST_PYTHON="$deps/venv/bin/python")
if ! log=$(cmake --preset release -B "$build" -DLIBTORCH_ROOT="$deps/libtorch" "${switches[@]}" 2>&1); then
    printf '%s\n' "$log" >&2
    exit 1
fi
sed -n '/NCCL: not found/s/^-- /build: /p' <<<"$log" >&2
cmake --build "$build" --parallel "$(build_jobs)" ${1:+--target "$@"}
