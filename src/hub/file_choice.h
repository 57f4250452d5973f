// Which files of a repository clipsim needs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clipsim {

struct FileChoice {
    std::vector<std::string> files;
    std::string
        shard_index;  // one of `files`: the weights are the files that it names; "": they are in `files`
};

// From the names of all files of the repository `id`: a Hugging Face folder with safetensors before
// open_clip's files (safetensors before .bin) before a Hugging Face folder with pytorch_model.bin. Throws
// UsageError where there is none.
FileChoice choose_files(std::span<const std::string> names, const std::string& id);

// The files that a model.safetensors.index.json names. Throws Error where it is malformed or names something
// that is no file beside it.
std::vector<std::string> shards_of(std::string_view index_json, const std::string& id);

}  // namespace clipsim
