#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/json_file.h"
#include "clipsim/core/text.h"
#include "formats.h"

namespace clipsim {

namespace {

constexpr std::uint64_t max_index_bytes = 16 << 20;
constexpr std::size_t max_shards = 1000;

bool is_plain_file_name(const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
           name.find('\0') == std::string::npos && !name.ends_with(".index.json");
}

}  // namespace

WeightsFile read_sharded_weights(const std::filesystem::path& index) {
    const JsonFile json = read_json_file(index, max_index_bytes);
    const auto& values = json.values;
    if (!values.contains("weight_map") || !values["weight_map"].is_object() || values["weight_map"].empty())
        throw UsageError(concat(json.name, ": no weight_map: not an index of sharded weights"));
    WeightsFile result;
    result.path = index;
    result.files = {index};
    std::map<std::string, WeightsFile> shards;
    for (const auto& [tensor, file] : values["weight_map"].items()) {
        if (!file.is_string() || !is_plain_file_name(file.get<std::string>())) {
            throw UsageError(concat(json.name, ": weight_map: the tensor ", printable(tensor),
                                    " has to be in a file beside the index"));
        }
        const auto name = file.get<std::string>();
        auto shard = shards.find(name);
        if (shard == shards.end()) {
            if (shards.size() == max_shards)
                throw UsageError(concat(json.name, ": more than ", max_shards, " files"));
            shard = shards.emplace(name, read_weights(index.parent_path() / name)).first;
            result.files.push_back(shard->second.path);
        }
        result.tensors.emplace(tensor, shard->second.tensor(tensor));
    }
    return result;
}

}  // namespace clipsim
