#!/usr/bin/env bash
# keep.sh PHOTOS...: what each way of keeping what CLIP knew (train.regularization) costs and gains. Each folder of photos is split
# by class (data.split by_class, 40% of the classes held out whole), once a seed; the model is trained on the others with
# the defaults but for train.regularization; `clipsim eval` measures both groups. Prints a table a folder: mean over the seeds.
#
#     SEEDS="1 2 3" METHODS="none wise_ft:0.5 distill:10 l2:0.01 distill_wise_ft:10:0.5" MODEL=clip-lite bench/train/keep.sh FOLDER...
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: keep.sh PHOTOS..." >&2; exit 2; }
photos=()
for folder in "$@"; do photos+=("$(realpath "$folder")"); done
cd "$(dirname "$0")/../.."
seeds=${SEEDS:-1 2 3}
# METHOD, METHOD:STRENGTH, wise_ft:ALPHA or distill_wise_ft:STRENGTH:ALPHA
methods=${METHODS:-none wise_ft:0.5 wise_ft:0.75 distill:3 distill:10 l2:0.01 l2:0.1 distill_wise_ft:3:0.75}
program=${PROGRAM:-build/release/bin/clipsim}
[ -x "$program" ] || scripts/build.sh clipsim >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

settings_of() {
    IFS=: read -r method first second <<<"$1"
    echo "--set train.regularization.method=$method"
    case "$method" in
        wise_ft) echo "--set train.regularization.alpha=${first:-0.5}" ;;
        distill_wise_ft) echo "--set train.regularization.strength=${first:-1} --set train.regularization.alpha=${second:-0.5}" ;;
        distill | l2) echo "--set train.regularization.strength=${first:-1}" ;;
    esac
}

for folder in "${photos[@]}"; do
    for method in $methods; do
        for seed in $seeds; do
            output=$work/out
            rm -rf "$output"
            # shellcheck disable=SC2046,SC2086
            common=(--quiet --set "data.root=$folder" --set "output_dir=$output" --set "data.seed=$seed"
                --set data.split=by_class --set data.val_fraction=0.4 ${MODEL:+--set "model.clip=$MODEL"}
                $(settings_of "$method") ${EXTRA:-})
            "$program" train --threads "${THREADS:-0}" "${common[@]}" >/dev/null
            "$program" eval --threads "${THREADS:-0}" --no-pictures --bootstrap 0 --format json "${common[@]}" >"$work/$method@$seed.json"
        done
    done
    echo "== $(basename "$folder"): $(find -L "$folder" -type f | wc -l) photos, 40% of the classes held out, seeds $seeds"
    python3 bench/train/keep_table.py "$work" $methods
    rm -f "$work"/*.json
done
