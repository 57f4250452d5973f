#!/usr/bin/env bash
# cross_arm64.sh FOLDER: compiles and links all of clipsim, with its tests, for arm64 on another machine, against Debian's
# arm64 packages and PyTorch's arm64 wheel unpacked in FOLDER, and runs under qemu the tests that need no LibTorch.
# Needs root (apt-get) and the Debian that the packages are of.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p "${1:?usage: cross_arm64.sh FOLDER}"
folder=$(cd "$1" && pwd)
root=$folder/root
torch_version=${CLIPSIM_TORCH_VERSION:-2.13.0}

apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends crossbuild-essential-arm64 qemu-user \
    cmake ninja-build ccache unzip pkg-config python3 python3-venv ca-certificates >/dev/null

# An apt of its own, with another architecture and nothing installed, finds all that the packages need.
if [ ! -e "$folder/.packages" ]; then
    state=$folder/apt
    mkdir -p "$root" "$state/lists/partial" "$state/archives/partial"
    touch "$state/status"
    options=(-o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State="$state" -o Dir::Cache="$state"
             -o Dir::State::status="$state/status" -o Dir::State::lists="$state/lists" -o APT::Sandbox::User=root)
    # shellcheck disable=SC2046
    apt-get "${options[@]}" update -qq
    apt-get "${options[@]}" install -y -qq --no-install-recommends --download-only libc6-dev libstdc++-14-dev libgcc-14-dev \
        libgomp1 $(sed -nE '/^packages=\(/,/^\)/{s/packages=\(|\)//g;p}' scripts/setup.sh | tr ' ' '\n' | grep -E '^(lib|nlohmann)') \
        libgtest-dev >/dev/null
    for package in "$state"/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
    # What update-alternatives would link, and links that start at the machine's own root.
    libraries=$root/usr/lib/aarch64-linux-gnu
    for library in blas lapack; do
        ln -sf "openblas-pthread/lib$library.so.3" "$libraries/lib$library.so.3"
        ln -sf "lib$library.so.3" "$libraries/lib$library.so"
    done
    # FAISS's CMake package names both by their place on an arm64 machine.
    sed -i "s|;/usr/lib/aarch64-linux-gnu|;$libraries|g" "$libraries/cmake/faiss/faiss-targets.cmake"
    find "$root" -type l -lname '/*' -printf '%p\t%l\n' | while IFS=$'\t' read -r link target; do
        ln -sfn "$root$target" "$link"
    done
    touch "$folder/.packages"
fi
if [ ! -e "$folder/torch" ]; then
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/python" -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
        --platform manylinux_2_28_aarch64 --python-version 3.13 -d "$folder" "torch==$torch_version"
    unzip -q -o "$folder"/torch-*aarch64.whl 'torch/lib/*' 'torch/include/*' 'torch/share/*' -d "$folder"
    # The CPU half of a CUDA build, as scripts/setup.sh keeps it.
    rm -f "$folder"/torch/lib/{libtorch_cuda,libc10_cuda,libtorch_cuda_linalg,libtorch_nvshmem}.so
fi

build=$folder/build
export PKG_CONFIG_LIBDIR=$root/usr/lib/aarch64-linux-gnu/pkgconfig:$root/usr/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
cmake -G Ninja -S . -B "$build" --toolchain "$PWD/cmake/aarch64-linux-gnu.cmake" -DCLIPSIM_SYSROOT="$root" \
    -DCMAKE_BUILD_TYPE=Release -DCLIPSIM_BUILD_TESTS=ON -DCLIPSIM_TORCH_UNITY=ON -DLIBTORCH_ROOT="$folder/torch"
cmake --build "$build"
status=0
for module in core image codecs text data hub vectors index index_folder; do
    echo "== $module"
    qemu-aarch64 -L "$root" -E LD_LIBRARY_PATH="$root/usr/lib/aarch64-linux-gnu" \
        "$build/bin/clipsim_${module}_tests" --gtest_brief=1 || status=1
done
exit "$status"
