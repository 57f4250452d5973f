#include "clipsim/train/train_config.h"

#include <algorithm>
#include <cmath>

#include "clipsim/core/config_table.h"

namespace clipsim {

namespace {

void add_losses(ConfigTable& table, TrainConfig& config) {
    table.add("train.loss", "The loss that training minimizes", config.loss);
    table.add("train.margin", "Margin of the triplet loss, in Euclidean distance of unit vectors",
              config.margin, 0.0, 2.0);
    table.add("train.mining", "Which triplets of a batch are trained on", config.mining);
    table.add("train.triplet.soft_margin", "log(1 + exp(d(a,p) - d(a,n) + margin)) instead of the hinge",
              config.triplet.soft_margin);
    table.add("train.triplet.squared_distances", "Squared distances in the triplet loss",
              config.triplet.squared_distances);
    table.add("train.triplet.triplets_per_anchor",
              "At most this many of an anchor's triplets, drawn at random; 0: all that are mined",
              config.triplet.triplets_per_anchor, 0, 1'000'000);
    table.add("train.distance_weighted.cutoff",
              "Mining distance_weighted: nearer negatives are weighted as at this distance",
              config.distance_weighted.cutoff, 1e-3, 2);
    table.add("train.distance_weighted.nonzero_loss_cutoff",
              "Mining distance_weighted: negatives beyond this distance are not drawn",
              config.distance_weighted.nonzero_loss_cutoff, 1e-3, 2);
    table.add("train.multi_similarity.alpha", "Weight of the positives", config.multi_similarity.alpha, 1e-3,
              1e4);
    table.add("train.multi_similarity.beta", "Weight of the negatives", config.multi_similarity.beta, 1e-3,
              1e4);
    table.add("train.multi_similarity.base", "The similarity that parts the two",
              config.multi_similarity.base, -1, 1);
    table.add("train.multi_similarity.epsilon", "Its miner: how much easier than the hardest a pair may be",
              config.multi_similarity.epsilon, 0, 2);
    table.add("train.supcon.temperature", "What similarities are divided by", config.supcon.temperature, 1e-3,
              100);
    table.add("train.proxy_anchor.margin", "Margin, in cosine similarity", config.proxy_anchor.margin, 0, 2);
    table.add("train.proxy_anchor.alpha", "How much hard examples count above easy ones",
              config.proxy_anchor.alpha, 1e-3, 1e4);
    table.add("train.proxy_anchor.learning_rate", "Learning rate of the proxies",
              config.proxy_anchor.learning_rate, 0, 10);
    table.add("train.cross_batch_memory",
              "Embeddings of earlier batches that the loss compares with too; 0: none",
              config.cross_batch_memory, 0, 10'000'000);
}

void add_optimisation(ConfigTable& table, TrainConfig& config) {
    table.add("train.weight_decay", "AdamW's weight decay; norms and biases have none", config.weight_decay,
              0, 10);
    table.add("train.warmup", "Share of a stage's steps over which the learning rate rises", config.warmup, 0,
              1);
    table.add("train.schedule", "How the learning rate falls after it", config.schedule);
    table.add("train.clip_norm", "Largest norm of all gradients together; 0: any", config.clip_norm, 0, 1e9);
    table.add("train.ema_decay",
              "Keep a moving average of the weights with this decay, e.g. 0.99, and save it; 0: none",
              config.ema_decay, 0, 0.999999);
    table
        .add("train.amp", "16-bit arithmetic; auto (or true): where the device is faster with it", config.amp)
        .or_boolean = true;
    table.add("train.grad_checkpointing",
              "Recompute the unfrozen blocks in the backward pass: less memory, more time",
              config.grad_checkpointing);
}

void add_stages(ConfigTable& table, TrainConfig& config) {
    table.add(
        "train.augment_views",
        "Views of each photo in stage 2, each computed once, the first of them the photo as it is; 0: a new "
        "one each epoch",
        config.augment_views, 0, 100'000);
    table.add("train.cache_gb",
              "Disk for what the frozen blocks make of the photos, in GiB; more is recomputed",
              config.cache_gb, 0, 1e6);
    table
        .add("train.cache_dir", "The folder for it, which runs may share; empty: in output_dir",
             config.cache_dir)
        .or_empty = true;
    table.add("train.monitor",
              "The held-out figure that chooses the best epoch and that early stopping watches",
              config.monitor);
    table.add("train.early_stopping", "Epochs without improvement after which a stage ends; 0: never",
              config.early_stopping, 0, 100'000);
    table.add("train.stage1.epochs", "Epochs with the encoder frozen; null: a third of train.epochs",
              config.stage1.epochs, 0, 100'000);
    table.add("train.stage1.learning_rate", "Learning rate of the head in stage 1",
              config.stage1.learning_rate, 0, 10);
    table.add("train.stage2.epochs",
              "Epochs with the last blocks unfrozen; null: what stage 1 leaves of train.epochs",
              config.stage2.epochs, 0, 100'000);
    table.add("train.stage2.learning_rate", "Learning rate of the unfrozen blocks in stage 2",
              config.stage2.learning_rate, 0, 10);
    table.add("train.stage2.unfreeze_blocks", "How many of the last blocks stage 2 trains",
              config.stage2.unfreeze_blocks, 0, 1024);
    table.add("train.stage2.head_learning_rate",
              "Learning rate of the head in stage 2; null: a tenth of train.stage1.learning_rate",
              config.stage2.head_learning_rate, 0, 10);
    table.add("train.stage2.layer_decay",
              "A block's learning rate as a share of the one's above it; 1: all the same",
              config.stage2.layer_decay, 0.01, 1);
}

void add_regularization(ConfigTable& table, TrainConfig& config) {
    table.rename("train.keep", "train.regularization");
    table.add("train.regularization.method", "What keeps the model from forgetting what CLIP knew",
              config.regularization.method);
    table.add("train.regularization.strength", "Weight of the term that distill and l2 add to the loss",
              config.regularization.strength, 0, 1e6);
    table.add("train.regularization.alpha",
              "wise_ft: share of the trained weights; the rest are those at the start",
              config.regularization.alpha, 0, 1);
}

}  // namespace

void add_keys(ConfigTable& table, TrainConfig& config) {
    table.add("train.epochs", "Epochs of both stages together", config.epochs, 0, 100'000);
    table.add("train.classes_per_batch", "Classes in a batch (P)", config.classes_per_batch, 2, 4096);
    table.add("train.images_per_class", "Images of each class in a batch (K)", config.images_per_class, 2,
              4096);
    table.add("train.accumulate_batches",
              "Batches that make one step, with the result of one batch of that size",
              config.accumulate_batches, 1, 100'000);
    add_losses(table, config);
    add_optimisation(table, config);
    add_stages(table, config);
    add_regularization(table, config);
}

int TrainConfig::stage1_epochs() const {
    if (stage1.epochs) return *stage1.epochs;
    return std::max(epochs > 0 ? 1 : 0, static_cast<int>(std::lround(epochs / 3.0)));
}

int TrainConfig::stage2_epochs() const {
    return stage2.epochs.value_or(std::max(0, epochs - stage1_epochs()));
}

}  // namespace clipsim
