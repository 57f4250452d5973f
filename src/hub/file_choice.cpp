#include "file_choice.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "clipsim/core/error.h"
#include "clipsim/core/hub_cache.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr const char* index_name = "model.safetensors.index.json";
// Beside the weights, where a repository has them.
constexpr const char* small_files[] = {
    "preprocessor_config.json", "processor_config.json",  "tokenizer.json", "vocab.json", "merges.txt",
    "tokenizer_config.json",    "special_tokens_map.json"};

}  // namespace

FileChoice choose_files(std::span<const std::string> names, const std::string& id) {
    const auto has = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
    FileChoice choice;
    std::string weights;
    if (has("config.json") && has("model.safetensors")) {
        choice.files = {"config.json"};
        weights = "model.safetensors";
    } else if (has("config.json") && has(index_name)) {
        choice.files = {"config.json", index_name};
        choice.shard_index = index_name;
    } else if (has("open_clip_config.json") && has("open_clip_model.safetensors")) {
        choice.files = {"open_clip_config.json"};
        weights = "open_clip_model.safetensors";
    } else if (has("open_clip_config.json") && has("open_clip_pytorch_model.bin")) {
        choice.files = {"open_clip_config.json"};
        weights = "open_clip_pytorch_model.bin";
    } else if (has("config.json") && has("pytorch_model.bin")) {
        choice.files = {"config.json"};
        weights = "pytorch_model.bin";
    } else {
        throw UsageError(
            concat(id, " holds no model that clipsim reads: neither config.json with model.safetensors ",
                   "(or its shards, or pytorch_model.bin) nor open_clip_config.json with ",
                   "open_clip_model.safetensors (or open_clip_pytorch_model.bin)"));
    }
    for (const char* name : small_files) {
        if (has(name)) choice.files.emplace_back(name);
    }
    if (!weights.empty())
        choice.files.push_back(weights);  // last: what is wrong with the small ones shows at once
    return choice;
}

std::vector<std::string> shards_of(std::string_view index_json, const std::string& id) {
    const auto root = nlohmann::json::parse(index_json, nullptr, /*allow_exceptions=*/false);
    const auto map = root.is_object() ? root.find("weight_map") : root.end();
    if (map == root.end() || !map->is_object() || map->empty()) {
        throw Error(
            concat(index_name, " of ", id, " does not say which files hold the weights (weight_map)"));
    }
    std::set<std::string> shards;
    for (const auto& shard : *map) {
        const std::string name = shard.is_string() ? shard.get<std::string>() : std::string();
        if (!is_plain_file_name(name) || !name.ends_with(".safetensors")) {
            throw Error(concat(index_name, " of ", id, " names ",
                               name.empty() ? "something" : printable(name.substr(0, 200)),
                               ", which is not a .safetensors file beside it"));
        }
        shards.insert(name);
    }
    return {shards.begin(), shards.end()};
}

}  // namespace clipsim
