# places.sh: where the scripts put what they make. Sourced, with the checkout as the working directory.
# CLIPSIM_BUILD_DIR=FOLDER puts all of it there; then nothing is written into the checkout, which may be read-only.
if [ -n "${CLIPSIM_BUILD_DIR:-}" ]; then
    mkdir -p "$CLIPSIM_BUILD_DIR"
    made=$(cd "$CLIPSIM_BUILD_DIR" && pwd)
    deps=$made/deps build=$made/release demo=$made/demo output=$made/output
else
    deps=$PWD/.deps build=$PWD/build/release demo=$PWD/.demo output=output
fi
clipsim=$build/bin/clipsim

# How many compilers may run side by side: one per core, each with the 2 GB that a batch of LibTorch's users takes.
# CMAKE_BUILD_PARALLEL_LEVEL overrides it.
build_jobs() {
    if [ -n "${CMAKE_BUILD_PARALLEL_LEVEL:-}" ]; then echo "$CMAKE_BUILD_PARALLEL_LEVEL"; return; fi
    local cores kilobytes limit
    cores=$(nproc)
    kilobytes=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
    limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || true)
    case $limit in
        '' | max) ;;
        *) [ $((limit / 1024)) -ge "$kilobytes" ] || kilobytes=$((limit / 1024)) ;;
    esac
    local fit=$((kilobytes / (2 * 1024 * 1024)))
    [ "$fit" -ge 1 ] || fit=1
    echo $((fit < cores ? fit : cores))
}
