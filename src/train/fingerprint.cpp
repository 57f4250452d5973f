#include "fingerprint.h"

#include <nlohmann/json.hpp>

#include "clipsim/core/config_io.h"
#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"

namespace clipsim {

using Json = nlohmann::ordered_json;

std::string hash_of_images(const Catalogue& catalogue, const std::vector<std::size_t>& images) {
    std::string names;
    for (const std::size_t image : images) {
        const ImageFile& file = catalogue.images[image];
        // Relative, so that a run can be moved together with its photos.
        const std::filesystem::path relative = file.path.lexically_relative(catalogue.root);
        names += (relative.empty() ? file.path : relative).string();
        names += '\0';
        names += std::to_string(file.label);
        names += '\0';
    }
    return hash_bytes(std::as_bytes(std::span(names)));
}

std::string run_fingerprint(const TrainOptions& options, const std::string& model_hash,
                            const Catalogue& catalogue, const Split& split) {
    const TrainConfig& train = options.train;
    const Json values{
        {"model.clip", model_hash},
        {"model.projection_dim", options.model.projection_dim},
        {"data.split", to_string(options.data.split)},
        {"data.val_fraction", options.data.val_fraction},
        {"data.seed", options.data.seed},
        {"data.augment", options.data.augment},
        {"train.stage1.epochs", train.stage1_epochs()},
        {"train.stage2.epochs", train.stage2_epochs()},
        {"train.classes_per_batch", train.classes_per_batch},
        {"train.images_per_class", train.images_per_class},
        {"train.margin", train.margin},
        {"train.mining", to_string(train.mining)},
        {"train.amp", to_string(train.amp)},
        {"train.grad_checkpointing", train.grad_checkpointing},
        {"train.augment_views", train.augment_views},
        {"train.early_stopping", train.early_stopping},
        {"train.stage1.learning_rate", train.stage1.learning_rate},
        {"train.stage2.learning_rate", train.stage2.learning_rate},
        {"train.stage2.unfreeze_blocks", train.stage2.unfreeze_blocks},
        {"train.keep.method", to_string(train.keep.method)},
        {"train.keep.strength", train.keep.strength},
        {"train.keep.alpha", train.keep.alpha},
        {"data.root", hash_of_images(catalogue, split.train) + hash_of_images(catalogue, split.validation)}};
    return values.dump();
}

void require_same_run(const std::string& stored, const std::string& current) {
    const Json before = Json::parse(stored, nullptr, false), now = Json::parse(current);
    for (const auto& [key, value] : now.items()) {
        const Json old = before.is_object() && before.contains(key) ? before[key] : Json();
        if (old == value) continue;
        const std::string what = key == "data.root" ? std::string(": the photos are not the ones")
                                 : key == "model.clip"
                                     ? std::string(": the model is not the one")
                                     : concat(" is ", value.dump(), ", not ", old.dump(), " as in");
        throw UsageError(concat("cannot resume: ", key, what,
                                key == "data.root" || key == "model.clip" ? " of" : "",
                                " the interrupted run; restore it or train without --resume"));
    }
}

}  // namespace clipsim
