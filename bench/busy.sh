#!/usr/bin/env bash
# busy.sh PHOTOS [PROGRAM...]: how long `clipsim index` and `clipsim train` (3 epochs) take on a quiet machine and beside one
# process that computes without end, with the default threads. PROGRAM: other builds of clipsim, in the same rounds. Quiet and
# busy take turns; the best of three rounds counts.
set -euo pipefail
photos=$(realpath "${1:?usage: busy.sh PHOTOS [PROGRAM...]}")
shift
others=()
for program in "$@"; do others+=("$(realpath "$program")"); done
cd "$(dirname "$0")/.."

scripts/build.sh clipsim >/dev/null
work=$(mktemp -d)
trap 'kill "${spinner:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

# seconds PROGRAM COMMAND: of one run, start to exit
seconds() {
    local start end
    rm -rf "$work/out"
    start=$(date +%s%N)
    "$1" "$2" --quiet --set "data.root=$photos" --set "output_dir=$work/out" --set train.stage1.epochs=2 \
        --set train.stage2.epochs=1 >/dev/null 2>&1
    end=$(date +%s%N)
    echo $(((end - start) / 1000000))
}

echo "$(date +%F), commit $(git rev-parse --short HEAD), $(nproc) cores of $(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)" \
    "($(grep -ow -e avx2 -e avx512f -e avx512_vnni -e avx512_bf16 /proc/cpuinfo | sort -u | paste -sd' ')), $(find "$photos" -type f | wc -l) files"
for command in index train; do
    declare -A best=()
    for _ in 1 2 3; do
        for program in "$PWD/build/release/bin/clipsim" "${others[@]}"; do
            for state in quiet busy; do
                if [ "$state" = busy ]; then (while :; do :; done) & spinner=$!; fi
                took=$(seconds "$program" "$command")
                if [ "$state" = busy ]; then kill "$spinner"; wait "$spinner" 2>/dev/null || true; fi
                key=$program,$state
                if [ -z "${best[$key]:-}" ] || [ "$took" -lt "${best[$key]}" ]; then best[$key]=$took; fi
            done
        done
    done
    for program in "$PWD/build/release/bin/clipsim" "${others[@]}"; do
        awk -v command="$command" -v program="${program#"$PWD"/}" -v quiet="${best[$program,quiet]}" -v busy="${best[$program,busy]}" \
            'BEGIN { printf "%-6s %-40s quiet %6.1f s, busy %6.1f s: %.2f times\n", command, program, quiet / 1000, busy / 1000, busy / quiet }'
    done
done
