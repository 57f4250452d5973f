// The configuration: one plain struct a section. Modules take their own section, never the JSON and never the
// whole. Defaults here are the defaults; the table in config_keys.cpp gives each key its path, range and
// description.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace clipsim {

enum class Precision { automatic, fp32, bf16, int8 };
enum class Mining { random, all, semi_hard, batch_hard };
enum class SplitBy { image, label };
enum class KeepMethod { none, wise_ft, distill, l2, distill_wise_ft };
enum class IndexType { automatic, flat, hnsw, ivf };
enum class Storage { fp32, fp16, int8 };

struct ModelConfig {
    std::string clip = "clip-nano";  // a folder, a file in one, or a known name
    int projection_dim = 128;
    Precision precision = Precision::automatic;
};

struct DataConfig {
    std::string root = "data";
    SplitBy split = SplitBy::image;  // held out: photos of every class, or whole classes
    double val_fraction = 0.2;       // of each class, or of the classes
    std::uint64_t seed = 42;
    int workers = 0;      // decoding threads; 0: one a core
    bool augment = true;  // random crops and mirror images in stage 2
    std::uint64_t max_pixels =
        178'956'970;  // an image above this is refused (decompression bombs); Pillow's limit x 2
};

struct StageConfig {
    std::optional<int> epochs;  // absent: stage 1 takes a third of train.epochs, stage 2 the rest
    double learning_rate = 1e-3;
};

struct Stage2Config : StageConfig {
    int unfreeze_blocks = 4;
};

// What training does so that the model does not forget what CLIP knew.
struct KeepConfig {
    KeepMethod method = KeepMethod::none;
    double strength = 1;  // of the term that distill and l2 add to the loss
    double alpha = 0.5;   // wise_ft: share of the trained weights, the rest being those at the start
};

struct TrainConfig {
    int epochs = 15;
    int classes_per_batch = 8;
    int images_per_class = 4;
    double margin = 0.2;
    Mining mining = Mining::all;
    bool amp = true;                  // bf16 autocast where the device is faster with it
    bool grad_checkpointing = false;  // recompute the unfrozen blocks in the backward pass
    int augment_views = 3;            // augmented views of each photo in stage 2; 0: a new one each epoch
    double cache_gb = 4;              // at most so much disk for what the frozen blocks make of them
    int early_stopping = 0;           // epochs without improvement before a stage ends; 0: never
    StageConfig stage1{std::nullopt, 1e-3};
    Stage2Config stage2{{std::nullopt, 3e-4}, 4};
    KeepConfig keep;

    int stage1_epochs() const;
    int stage2_epochs() const;
};

struct HnswConfig {
    int m = 32;
    int ef_construction = 200;
    std::optional<int> ef_search;  // absent: what the index was made with, else the default
    static constexpr int default_ef_search = 128;
};

struct IvfConfig {
    int nlist = 0;              // 0: chosen from the number of vectors
    std::optional<int> nprobe;  // absent: what the index was made with, else the default
    static constexpr int default_nprobe = 16;
};

struct IndexConfig {
    IndexType type = IndexType::automatic;
    Storage storage = Storage::fp32;
    HnswConfig hnsw;
    IvfConfig ivf;
    bool text_search = true;  // keep CLIP's own vectors beside the fine-tuned ones, for sentences
};

struct SearchConfig {
    int top_k = 10;
};

struct Config {
    ModelConfig model;
    DataConfig data;
    TrainConfig train;
    IndexConfig index;
    SearchConfig search;
    std::string output_dir = "output";
};

}  // namespace clipsim
