#!/usr/bin/env bash
# matrix.sh [ROW...]: sets up, builds and tests clipsim's last commit as other machines would, one row per kind of machine,
# and prints the table of docs/platforms.md. `matrix.sh --list` names the rows; without names all are run, which takes hours.
# Needs root, debootstrap and a network; what a row printed lies in $CLIPSIM_MATRIX (/var/tmp/clipsim-matrix)/ROW.log.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
place=${CLIPSIM_MATRIX:-/var/tmp/clipsim-matrix}

# row: the Debian it runs in, what it is, what is run there (in a fresh clone; see the functions below).
rows=(
    "debian-12|bookworm|Debian 12|fresh './scripts/quickstart.sh && ./scripts/test.sh'"
    "debian-13|trixie|Debian 13|fresh './scripts/quickstart.sh && ./scripts/test.sh'"
    "gcc-12|trixie|g++ 12, Debian 13|compiler g++-12 gcc-12 g++-12"
    "gcc-13|trixie|g++ 13, Debian 13|compiler g++-13 gcc-13 g++-13"
    "clang-14|bookworm|clang 14, Debian 12|compiler clang++-14 clang-14 clang-14"
    "clang-15|bookworm|clang 15, Debian 12|compiler clang++-15 clang-15 clang-15"
    "clang-16|bookworm|clang 16, Debian 12|compiler clang++-16 clang-16 clang-16"
    "clang-17|trixie|clang 17, Debian 13|compiler clang++-17 clang-17 clang-17"
    "clang-18|trixie|clang 18, Debian 13|compiler clang++-18 clang-18 clang-18"
    "clang-19|trixie|clang 19, Debian 13|compiler clang++-19 clang-19 clang-19"
    "torch-2.6|bookworm|LibTorch 2.6, CUDA build|torch 2.6.0"
    "torch-newest|bookworm|newest LibTorch, CUDA build|torch newest"
    "user|bookworm|a user with sudo, a path with spaces and UTF-8, LANG=C|ordinary_user"
    "locale|bookworm|a locale that groups digits|tests CLIPSIM_TEST_LOCALE=grouping"
    "offline|bookworm|no network after set-up|offline"
    "read-only|bookworm|a read-only checkout, CLIPSIM_BUILD_DIR|read_only"
    "awkward|trixie|the four above at once, without a network after the set-up|awkward"
    "small|bookworm|one core, 4 GB|small"
    "arm64|trixie|arm64, cross compiled|arm64"
)

if [ "${1:-}" = --list ]; then
    for row in "${rows[@]}"; do IFS='|' read -r name suite what _ <<<"$row"; printf '%-14s %s\n' "$name" "$what"; done
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null; then
    echo "matrix.sh: needs root and debootstrap (apt-get install debootstrap)" >&2
    exit 2
fi
mkdir -p "$place"

# ---- a Debian of its own per suite, in which nothing of this machine helps -------------------------------------------

mirror() {
    cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null \
        | sed -n 's/^URIs: //p;s/^deb [^h]*\(http[^ ]*\).*/\1/p' | head -n 1
}

make_root() {
    local suite=$1 root=$place/$1 file
    [ ! -e "$root/etc/debian_version" ] || return 0
    debootstrap --variant=minbase --include=ca-certificates,git,sudo "$suite" "$root" "$(mirror)" >"$root.log" 2>&1
    printf 'deb %s %s main\n' "$(mirror)" "$suite" >"$root/etc/apt/sources.list"
    # How this machine reaches its registries, where it does so in a way of its own.
    cp -a /etc/apt/apt.conf.d/99* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
    for file in "${SSL_CERT_FILE:-}" "${PIP_CERT:-}" /etc/pip.conf "$HOME/.config/pip/pip.conf"; do
        [ -z "$file" ] || [ ! -e "$file" ] || { mkdir -p "$root$(dirname "$file")"; cp -aL "$file" "$root$file"; }
    done
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

mount_in() {
    local root=$1 folder
    for folder in /proc /dev /sys; do mountpoint -q "$root$folder" || mount --rbind "$folder" "$root$folder"; done
    for folder in $(pip config list 2>/dev/null | grep -o "file://[^ '\"]*" | sed 's|^file://||;s|/simple/*$||'); do
        [ -d "$folder" ] && ! mountpoint -q "$root$folder" || continue
        mkdir -p "$root$folder"
        mount --bind -o ro "$folder" "$root$folder"
    done
}
# shellcheck disable=SC2317
unmount_all() {
    awk -v place="$place/" 'index($2, place) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
}
trap unmount_all EXIT

# in_root COMMAND: in the row's Debian, as root, in a clone of the last commit (/srv/$row/checkout).
in_root() {
    local keep
    keep=$(env | grep -E '^(PIP_|SSL_|CURL_CA|REQUESTS_CA|http_proxy|https_proxy|HTTP_PROXY|HTTPS_PROXY|no_proxy)' || true)
    # shellcheck disable=SC2086
    env -i $keep PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 CCACHE_DIR=/srv/ccache ${prefix:-} \
        chroot "$place/$suite" /bin/bash -c "cd /srv/$row/checkout && $1" </dev/null
}
clone() {
    rm -rf "${place:?}/$suite/srv/$row"
    mkdir -p "$place/$suite/srv/$row"
    git clone -q "$here" "$place/$suite/srv/$row/checkout"
}
# All but the bare rows share what was downloaded.
with_shared_downloads() {
    in_root "if [ ! -e /srv/shared/deps/libtorch ]; then CLIPSIM_BUILD_DIR=/srv/shared ./scripts/setup.sh --tests; fi
             ln -s /srv/shared/deps .deps"
}

# ---- what a row runs ---------------------------------------------------------------------------------------------------

fresh() { in_root "export CCACHE_DIR=/srv/$row/ccache; $1"; }

compiler() {
    with_shared_downloads
    in_root "apt-get install -y -qq --no-install-recommends $3 >/dev/null
             export CXX=$1 CLIPSIM_WERROR=ON; ./scripts/test.sh"
}

torch() {
    local version=$1
    [ "$version" != newest ] || version=$(in_root "apt-get install -y -qq python3-pip >/dev/null; pip index versions torch 2>/dev/null" \
        | sed -n 's/^torch (\(.*\))/\1/p')
    in_root "export CLIPSIM_TORCH_VERSION=$version; ./scripts/test.sh"
}

# A user who may use sudo, in folders with spaces and UTF-8, in the C locale. as_somebody COMMAND: the checkout is $checkout.
make_somebody() {
    in_root "command -v sudo >/dev/null || apt-get install -y -qq --no-install-recommends sudo >/dev/null
             id somebody >/dev/null 2>&1 || useradd -m -s /bin/bash somebody
             echo 'somebody ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/somebody
             mkdir -p '/home/somebody/Fotos für mich' '/tmp/ä ö'
             rm -rf '$checkout'; mv /srv/$row/checkout '$checkout'; mkdir /srv/$row/checkout
             chown -R somebody /home/somebody '/tmp/ä ö'"
}
checkout='/home/somebody/Fotos für mich/clip sim'
as_somebody() {
    in_root "export HOME=/home/somebody LANG=C TMPDIR='/tmp/ä ö' CCACHE_DIR=/home/somebody/ccache
             cd '$checkout' && setpriv --reuid somebody --regid somebody --init-groups bash -c '$1'"
}
ordinary_user() {
    make_somebody
    as_somebody './scripts/quickstart.sh && ./scripts/test.sh'
}

# All at once: that user, a read-only checkout, a locale that groups digits and, after the set-up, no network.
awkward() {
    make_somebody
    in_root "mkdir -p '$checkout-made'; chown somebody '$checkout-made'"
    local here="$place/$suite$checkout" code=0
    mount --bind "$here" "$here"
    mount -o remount,ro,bind "$here"
    local made="export CLIPSIM_BUILD_DIR=\"$checkout-made\" CLIPSIM_TEST_LOCALE=grouping"
    as_somebody "$made; ./scripts/setup.sh --tests && ./scripts/demo_photos.sh \"\$CLIPSIM_BUILD_DIR/demo/photos\"" &&
        prefix="unshare -n" as_somebody "$made; sudo python3 scripts/loopback_up.py; ./scripts/quickstart.sh && ./scripts/test.sh" || code=$?
    umount "$here"
    return $code
}

tests() { with_shared_downloads; in_root "export $1; ./scripts/test.sh"; }

small() {
    with_shared_downloads
    local group=/sys/fs/cgroup/memory/clipsim-matrix limit=memory.limit_in_bytes
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then group=/sys/fs/cgroup/clipsim-matrix limit=memory.max; fi
    mkdir -p "$group"
    echo $((4 * 1024 * 1024 * 1024)) >"$group/$limit"
    (
        echo "$BASHPID" >"$group/cgroup.procs"
        prefix="taskset -c 0" in_root "CCACHE_DISABLE=1 ./scripts/quickstart.sh && ./scripts/test.sh"
    )
}

offline() {
    with_shared_downloads
    in_root "./scripts/demo_photos.sh .demo/photos"
    prefix="unshare -n" in_root "python3 scripts/loopback_up.py; ./scripts/quickstart.sh && ./scripts/test.sh"
}

read_only() {
    local checkout=$place/$suite/srv/$row/checkout
    mount --bind -o ro "$checkout" "$checkout"
    mount -o remount,ro,bind "$checkout"
    local code=0
    in_root "export CLIPSIM_BUILD_DIR=/srv/$row/made; ./scripts/quickstart.sh && ./scripts/test.sh" || code=$?
    umount "$checkout"
    return $code
}

arm64() { in_root "./scripts/cross_arm64.sh /srv/arm64"; }

# ---- the table ----------------------------------------------------------------------------------------------------------

versions_of() {
    in_root 'printf "g++ %s, CMake %s, FAISS %s, OpenCV %s, Highway %s, Python %s" "$(g++ -dumpfullversion)" \
        "$(cmake --version | sed -n "1s/.* //p")" $(for p in libfaiss-dev libopencv-dev libhwy-dev; do dpkg-query -W -f "\${Version}\n" $p | sed "s/[-+].*//"; done) \
        "$(python3 -c "import platform; print(platform.python_version())")"' 2>/dev/null || true
}

cpu=$(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)
wide=$(grep -ow -e avx2 -e avx512f -e avx512_vnni -e avx512_bf16 -e amx_bf16 /proc/cpuinfo | sort -u | paste -sd' ')
echo "$(date +%F), commit $(git rev-parse --short HEAD), $(nproc) cores of $cpu ($wide):"
echo
echo '| machine | versions | ended | minutes | last line |'
echo '|---|---|---|---|---|'
failed=0
for entry in "${rows[@]}"; do
    IFS='|' read -r row suite what job <<<"$entry"
    [ $# -eq 0 ] || [[ " $* " == *" $row "* ]] || continue
    make_root "$suite"
    mount_in "$place/$suite"
    clone
    start=$(date +%s) ended=well
    eval "$job" >"$place/$row.log" 2>&1 || { ended='**badly**'; failed=1; }
    minutes=$((($(date +%s) - start + 30) / 60))
    last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$place/$row.log" | tail -n 1 || true)
    echo "| $what | $(versions_of) | $ended | $minutes | ${last:-$(tail -n 1 "$place/$row.log" | cut -c1-100)} |"
    rm -rf "${place:?}/$suite/srv/$row"
done
exit "$failed"
