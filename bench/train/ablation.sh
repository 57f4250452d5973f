#!/usr/bin/env bash
# Losses and miners on real photos: a table of what is held out, for docs/training.md.
#   bench/train/ablation.sh PHOTOS [CLIPSIM] [SEEDS]
# PHOTOS: one folder a class. Each line is a training with the defaults but for what it names; the split is by image.
set -euo pipefail
photos=$1
clipsim=${2:-build/release/bin/clipsim}
seeds=${3:-"42"}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

measure() {  # NAME KEY=VALUE...
    local name=$1 seed
    shift
    for seed in $seeds; do
        local flags=() setting
        for setting in "$@"; do flags+=(--set "$setting"); done
        # The views pass through the frozen blocks once for all lines.
        "$clipsim" train -q --no-progress --set data.root="$photos" --set data.seed="$seed" --set output_dir="$work/run" \
            --set train.cache_dir="$work/cache" "${flags[@]}"
        python3 - "$name" "$seed" "$work/run/metrics.jsonl" <<'PYTHON'
import json, sys
epochs = [json.loads(line) for line in open(sys.argv[3])]
best = [epoch for epoch in epochs if epoch["best"]][-1]
print(f"| {sys.argv[1]} | {sys.argv[2]} | {best['recall_at_1']:.3f} | {best['mean_average_precision_at_r']:.3f} "
      f"| {best['triplet_accuracy']:.3f} | {sum(epoch['seconds'] for epoch in epochs):.0f} |")
PYTHON
        rm -rf "$work/run"
    done
}

echo "| loss, miner | seed | Recall@1 | MAP@R | triplet accuracy | seconds |"
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
