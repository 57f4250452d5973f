// The section `train` of a config.
#pragma once

#include <optional>
#include <string>

#include "clipsim/core/enum_names.h"
#include "clipsim/model/model_config.h"

namespace clipsim {

class ConfigTable;

enum class RegularizationMethod { none, wise_ft, distill, l2, distill_wise_ft };
constexpr auto names_of(RegularizationMethod) {
    return std::array{"none", "wise_ft", "distill", "l2", "distill_wise_ft"};
}
enum class Loss { triplet, multi_similarity, supcon, proxy_anchor };
constexpr auto names_of(Loss) {
    return std::array{"triplet", "multi_similarity", "supcon", "proxy_anchor"};
}
enum class Mining { random, all, semi_hard, batch_hard, distance_weighted };
constexpr auto names_of(Mining) {
    return std::array{"random", "all", "semi_hard", "batch_hard", "distance_weighted"};
}
enum class Schedule { cosine, linear, constant };
constexpr auto names_of(Schedule) {
    return std::array{"cosine", "linear", "constant"};
}
// The figure of the held-out images that tells epochs apart.
enum class Monitor { mean_average_precision_at_r, r_precision, recall_at_1, recall_at_5, triplet_accuracy };
constexpr auto names_of(Monitor) {
    return std::array{"mean_average_precision_at_r", "r_precision", "recall_at_1", "recall_at_5",
                      "triplet_accuracy"};
}

struct StageConfig {
    std::optional<int> epochs;  // absent: stage 1 takes a third of train.epochs, stage 2 the rest
    double learning_rate = 3e-3;
};

struct Stage2Config : StageConfig {
    int unfreeze_blocks = 2;
    std::optional<double> head_learning_rate;  // absent: a tenth of stage 1's
    double layer_decay = 1;  // the rate of a block is this share of the one's above it; 1: all the same
};

// Beside TrainConfig::margin and mining.
struct TripletConfig {
    bool soft_margin = false;        // log(1 + exp(d(a,p) - d(a,n) + margin)) instead of the hinge
    bool squared_distances = false;  // as in FaceNet
    int triplets_per_anchor = 0;     // at most this many of those mined; 0: all
};

// For mining distance_weighted (Wu et al. 2017).
struct DistanceWeightedConfig {
    double cutoff = 0.5;               // nearer negatives are weighted as if they were at this distance
    double nonzero_loss_cutoff = 1.4;  // farther ones are not drawn
};

struct MultiSimilarityConfig {
    double alpha = 2, beta = 50, base = 0.5;
    double epsilon = 0.1;  // of its own miner
};

struct SupConConfig {
    double temperature = 0.1;
};

struct ProxyAnchorConfig {
    double margin = 0.1, alpha = 32;
    double learning_rate = 0.01;  // of the proxies
};

// What training does so that the model does not forget what CLIP knew.
struct RegularizationConfig {
    RegularizationMethod method = RegularizationMethod::l2;
    double strength = 0.3;  // of the term that distill and l2 add to the loss
    double alpha = 0.5;     // wise_ft: share of the trained weights, the rest being those at the start
};

struct TrainConfig {
    int epochs = 15;
    int classes_per_batch = 8;
    int images_per_class = 4;
    int accumulate_batches = 1;  // batches that make one step, as one batch
    Loss loss = Loss::triplet;
    double margin = 0.2;
    Mining mining = Mining::all;
    TripletConfig triplet;
    DistanceWeightedConfig distance_weighted;
    MultiSimilarityConfig multi_similarity;
    SupConConfig supcon;
    ProxyAnchorConfig proxy_anchor;
    int cross_batch_memory = 0;  // embeddings of earlier batches that the loss sees too; 0: none
    double weight_decay = 0.01;  // of matrices; norms and biases are left alone
    double warmup = 0.1;         // share of a stage's steps
    Schedule schedule = Schedule::cosine;
    double clip_norm = 1;             // largest norm of all gradients together; 0: any
    double ema_decay = 0;             // of a moving average of the weights, which is what is kept; 0: none
    Amp amp = Amp::automatic;         // auto: the 16-bit format that the device is faster with, if any
    bool grad_checkpointing = false;  // recompute the unfrozen blocks in the backward pass
    int augment_views = 3;  // views of each photo in stage 2, the first as it is; 0: a new one each epoch
    double cache_gb = 4;    // at most this much disk for what the frozen blocks make of them
    std::string cache_dir;  // where; empty: cache in output_dir
    Monitor monitor = Monitor::mean_average_precision_at_r;
    int early_stopping = 0;  // epochs without improvement before a stage ends; 0: never
    StageConfig stage1{std::nullopt, 3e-3};
    Stage2Config stage2{{std::nullopt, 3e-5}, 2, std::nullopt, 1};
    RegularizationConfig regularization;

    int stage1_epochs() const;
    int stage2_epochs() const;
};

// The keys of the section, bound to `config`.
void add_keys(ConfigTable& table, TrainConfig& config);

}  // namespace clipsim
