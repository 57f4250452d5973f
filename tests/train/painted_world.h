// A catalogue of photos that are painted when they are asked for, and a small random CLIP to train on them:
// no codec, no file but the model's.
#pragma once

#include <ATen/Parallel.h>

#include <cstdint>
#include <functional>
#include <random>
#include <string>

#include "clipsim/image/pixels.h"
#include "clipsim/train/trainer.h"
#include "temporary_folder.h"

namespace clipsim::testing {

// Noise about a hardly visible colour of the class; the class is the folder's name, a number.
inline Pixels paint(const std::filesystem::path& file) {
    const int label = std::stoi(file.parent_path().filename().string());
    std::mt19937 random(static_cast<unsigned>(std::hash<std::string>{}(file.string())));
    std::uniform_int_distribution<int> noise(0, 150);
    Pixels picture{32, 32, {}};
    for (int i = 0; i < 32 * 32; ++i) {
        for (int channel = 0; channel < 3; ++channel) {
            picture.rgb.push_back(static_cast<std::uint8_t>(noise(random) + (label >> channel & 1) * 16));
        }
    }
    return picture;
}

struct PaintedWorld {
    explicit PaintedWorld(int classes = 4, int per_class = 12) {
        at::set_num_threads(1);  // for the small model more only wait for each other
        for (int label = 0; label < classes; ++label) {
            catalogue.classes.push_back(std::to_string(label));
            for (int i = 0; i < per_class; ++i) {
                catalogue.images.push_back(
                    {catalogue.root / std::to_string(label) / (std::to_string(i) + ".png"), label});
            }
        }
        split = hold_out_images(catalogue, 0.25, 42);
        options.model.clip = std::string(CLIPSIM_FIXTURES) + "/model/quick_gelu_fp32";
        options.model.projection_dim = 8;
        options.train.epochs = 5;
        options.train.stage1.epochs = 2;
        options.train.stage2.epochs = 3;
        options.train.stage2.unfreeze_blocks = 1;
        options.train.stage1.learning_rate = 0.02;
        options.train.stage2.learning_rate = 0.005;
        options.train.classes_per_batch = 3;
        options.train.images_per_class = 3;
        options.train.mining = Mining::random;  // the one that draws, so that a lost generator state shows
        options.train.margin = 1.0;
        options.train.amp = Amp::off;  // most tests compare with exact results; those of `auto` say so
        options.train.regularization.method =
            RegularizationMethod::none;  // regularization_test is about the others
        options.output_dir = folder / "out";
        options.device = "cpu";
        options.progress = ProgressStyle::none;
    }

    TrainReport train() const { return clipsim::train(options, catalogue, split, decode); }
    std::filesystem::path checkpoint(const std::string& name) const {
        return options.output_dir / "checkpoints" / name;
    }

    TemporaryFolder folder;
    Catalogue catalogue{"/painted", {}, {}, {}, {}};
    Split split;
    TrainOptions options;
    OpenFunction decode = paint;
};

}  // namespace clipsim::testing
