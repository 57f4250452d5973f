#include "fingerprint.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "clipsim/core/config_json.h"
#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"

namespace clipsim {

using Json = nlohmann::ordered_json;

namespace {

// {"stage1": {"epochs": 5}} -> "train.stage1.epochs": 5
void add_flat(Json& values, const std::string& path, const Json& section) {
    for (const auto& [name, value] : section.items()) {
        const std::string child = concat(path, ".", name);
        if (value.is_object()) {
            add_flat(values, child, value);
        } else {
            values[child] = value;
        }
    }
}

}  // namespace

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
    DataConfig data = options.data;
    TrainConfig train = options.train;
    // As they come out, whatever they come from.
    train.stage1.epochs = options.train.stage1_epochs();
    train.stage2.epochs = options.train.stage2_epochs();
    ConfigTable table;
    add_keys(table, data);
    add_keys(table, train);
    const Json all = config_to_json(table);
    Json values{{"model.clip", model_hash}, {"model.projection_dim", options.model.projection_dim}};
    for (const char* key : {"split", "val_fraction", "seed", "augment"})
        values[concat("data.", key)] = all["data"][key];
    add_flat(values, "train", all["train"]);
    for (const char* key : {"train.epochs", "train.cache_gb", "train.cache_dir"}) values.erase(key);
    values["data.root"] =
        hash_of_images(catalogue, split.train) + hash_of_images(catalogue, split.validation);
    return values.dump(-1, ' ', false, Json::error_handler_t::replace);
}

StageEpochs epochs_of(const std::string& fingerprint) {
    const Json values = Json::parse(fingerprint, nullptr, false);
    const auto epochs = [&](const char* key) {
        return values.is_object() && values.contains(key) && values[key].is_number_integer()
                   ? values[key].get<int>()
                   : 0;
    };
    return {epochs("train.stage1.epochs"), epochs("train.stage2.epochs")};
}

std::optional<std::string> difference(const std::string& stored, const std::string& current) {
    const Json before = Json::parse(stored, nullptr, false), now = Json::parse(current);
    for (const auto& [key, value] : now.items()) {
        if (key == "train.stage1.epochs" || key == "train.stage2.epochs") continue;
        std::string name = key;  // which an older version may have called train.keep
        if (const auto at = name.find("regularization");
            before.is_object() && !before.contains(key) && at != name.npos)
            name.replace(at, std::string_view("regularization").size(), "keep");
        const Json old = before.is_object() && before.contains(name) ? before[name] : Json();
        if (old == value) continue;
        if (key == "data.root") return "data.root: the photos are not the ones of the run";
        if (key == "model.clip") return "model.clip: the model is not the one of the run";
        return concat(key, " is ", value.dump(), ", not ", old.dump(), " as in the run");
    }
    return std::nullopt;
}

void require_same_run(const std::string& stored, const std::string& current) {
    if (const std::optional<std::string> what = difference(stored, current)) {
        throw UsageError(
            concat("cannot resume: ", *what,
                   " that is there; restore it, or train anew with --restart or into another output_dir"));
    }
}

}  // namespace clipsim
