#include "clipsim/model/families/efficientnet_config.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace clipsim {

namespace {

// Lite0; the others are wider and deeper by the multipliers below.
struct Stage {
    int repeats, kernel_size, stride, expansion, channels;
};
constexpr std::array<Stage, 7> stages{{{1, 3, 1, 1, 16},
                                       {2, 3, 2, 6, 24},
                                       {2, 5, 2, 6, 40},
                                       {3, 3, 2, 6, 80},
                                       {3, 5, 1, 6, 112},
                                       {4, 5, 2, 6, 192},
                                       {1, 3, 1, 6, 320}}};

struct Variant {
    std::string_view name;
    double width, depth;
};
constexpr std::array<Variant, 5> variants{{{"tf_efficientnet_lite0", 1.0, 1.0},
                                           {"tf_efficientnet_lite1", 1.0, 1.1},
                                           {"tf_efficientnet_lite2", 1.1, 1.2},
                                           {"tf_efficientnet_lite3", 1.2, 1.4},
                                           {"tf_efficientnet_lite4", 1.4, 1.8}}};

// To the nearest multiple of 8, but never down by more than a tenth.
int round_channels(double channels) {
    const int rounded = std::max(8, static_cast<int>(channels + 4) / 8 * 8);
    return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

// Stem, head and the depth of the first and the last stage are those of Lite0 in all of them.
EfficientNetConfig scaled(const Variant& variant) {
    EfficientNetConfig config;
    int channels = config.stem_channels;
    for (std::size_t s = 0; s < stages.size(); ++s) {
        const Stage& stage = stages[s];
        const bool end = s == 0 || s + 1 == stages.size();
        const int repeats = end ? stage.repeats : static_cast<int>(std::ceil(stage.repeats * variant.depth));
        const int out_channels = round_channels(stage.channels * variant.width);
        for (int i = 0; i < repeats; ++i) {
            config.blocks.push_back({"blocks." + std::to_string(s) + '.' + std::to_string(i), channels,
                                     channels * stage.expansion, out_channels, stage.kernel_size,
                                     i == 0 ? stage.stride : 1});
            channels = out_channels;
        }
    }
    return config;
}

}  // namespace

std::optional<EfficientNetConfig> efficientnet_lite(std::string_view timm_model_name) {
    const std::string_view name = timm_model_name.substr(0, timm_model_name.find('.'));
    const auto* found = std::ranges::find(variants, name, &Variant::name);
    if (found == variants.end()) return std::nullopt;
    return scaled(*found);
}

}  // namespace clipsim
