#include "clipsim/core/known_models.h"

#include <algorithm>

namespace clipsim {

namespace {

constexpr KnownModel table[] = {
    {"clip-lite", "", 0, "in the box: EfficientNet-Lite0 with sentences"},
    {"clip-nano", "", 0, "in the box: a very small vision transformer"},
    {"ViT-B-32", "openai/clip-vit-base-patch32", 605, "OpenAI's CLIP, patches of 32 pixels"},
    {"ViT-B-16", "openai/clip-vit-base-patch16", 598, "OpenAI's CLIP, patches of 16 pixels"},
    {"ViT-L-14", "openai/clip-vit-large-patch14", 1710, "OpenAI's CLIP, large"},
    {"ViT-L-14-336", "openai/clip-vit-large-patch14-336", 1712,
     "OpenAI's CLIP, large, for images of 336 pixels"},
    {"ViT-B-32-laion2b", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", 605, "OpenCLIP, trained on LAION-2B"},
    {"ViT-B-16-laion2b", "laion/CLIP-ViT-B-16-laion2B-s34B-b88K", 598, "OpenCLIP, trained on LAION-2B"},
    {"ViT-L-14-laion2b", "laion/CLIP-ViT-L-14-laion2B-s32B-b82K", 1710,
     "OpenCLIP, large, trained on LAION-2B"},
    {"ViT-H-14-laion2b", "laion/CLIP-ViT-H-14-laion2B-s32B-b79K", 3944,
     "OpenCLIP, huge, trained on LAION-2B"},
    {"ViT-B-32-datacomp", "laion/CLIP-ViT-B-32-DataComp.XL-s13B-b90K", 605,
     "OpenCLIP, trained on DataComp-1B"},
    {"ViT-B-32-256-datacomp", "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K", 605,
     "OpenCLIP, trained on DataComp-1B, for images of 256 pixels"},
    {"ViT-B-16-datacomp", "laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K", 598,
     "OpenCLIP, trained on DataComp-1B"},
    {"ViT-L-14-datacomp", "laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K", 1710,
     "OpenCLIP, large, trained on DataComp-1B"},
    {"dinov2-small", "facebook/dinov2-small", 88, "DINOv2: images only"},
    {"dinov2-base", "facebook/dinov2-base", 346, "DINOv2: images only"},
};

}  // namespace

std::span<const KnownModel> known_models() {
    return table;
}

const KnownModel* find_known_model(std::string_view name) {
    const auto found = std::ranges::find(table, name, &KnownModel::name);
    return found == std::end(table) ? nullptr : &*found;
}

}  // namespace clipsim
