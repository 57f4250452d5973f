#!/usr/bin/env bash
# Losses and miners on real photos: a table of what is held out, for docs/training.md.
#
#     SEEDS="1 2 3" EXTRA="--set train.stage2.epochs=0" bench/train/ablation.sh PHOTOS [ROW...]
#
# PHOTOS: one folder per class. Each row is a training with the defaults but for what it names, held out are 20% of the
# photos of each class; ROWs choose some by their number. EXTRA changes all rows, as here to the head alone, which takes
# seconds a row in place of minutes. Printed are the means over the seeds, of the epoch with the best MAP@R.
set -euo pipefail
photos=$(realpath "${1:?usage: ablation.sh PHOTOS [ROW...]}")
shift
rows=" $* "
cd "$(dirname "$0")/../.."
program=${PROGRAM:-build/release/bin/clipsim}
[ -x "$program" ] || scripts/build.sh clipsim >/dev/null
seeds=${SEEDS:-1 2 3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
row=0

measure() {  # NAME KEY=VALUE...
    local name=$1 seed flags=() setting
    shift
    row=$((row + 1))
    [ "$rows" = "  " ] || [[ $rows == *" $row "* ]] || return 0
    for setting in "$@"; do flags+=(--set "$setting"); done
    for seed in $seeds; do
        # The views pass through the frozen blocks once for all rows. EXTRA is words.
        # shellcheck disable=SC2086
        "$program" train -q --no-progress --threads "${THREADS:-0}" --set data.root="$photos" --set data.seed="$seed" \
            --set output_dir="$work/run" --set train.cache_dir="$work/cache" ${EXTRA:-} "${flags[@]}"
        mv "$work/run/metrics.jsonl" "$work/$seed.jsonl"
        rm -rf "$work/run"
    done
    python3 - "$row" "$name" "$work"/*.jsonl <<'PYTHON'
import json, statistics, sys
best, seconds = [], []
for file in sys.argv[3:]:
    epochs = [json.loads(line) for line in open(file)]
    best.append([epoch for epoch in epochs if epoch["best"]][-1])
    seconds.append(sum(epoch["seconds"] for epoch in epochs))
figures = [statistics.mean(epoch[key] for epoch in best)
           for key in ("recall_at_1", "mean_average_precision_at_r", "triplet_accuracy")]
print(f"| {sys.argv[1]} | {sys.argv[2]} | " + " | ".join(f"{figure:.3f}" for figure in figures)
      + f" | {statistics.mean(seconds):.0f} |", flush=True)
PYTHON
    rm -f "$work"/*.jsonl
}

echo "| | loss, miner | Recall@1 | MAP@R | triplet accuracy | seconds |"
echo "|---|---|---|---|---|---|"
for mining in all random semi_hard batch_hard distance_weighted; do
    measure "triplet, $mining" train.mining=$mining
done
measure "triplet, all, soft margin" train.triplet.soft_margin=true train.margin=0
measure "triplet, all, squared" train.triplet.squared_distances=true
measure "triplet, all, memory of 256" train.cross_batch_memory=256 train.triplet.triplets_per_anchor=256
measure "multi_similarity" train.loss=multi_similarity
measure "supcon" train.loss=supcon
measure "proxy_anchor" train.loss=proxy_anchor
measure "triplet, all, EMA 0.99" train.ema_decay=0.99
