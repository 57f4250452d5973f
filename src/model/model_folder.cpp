#include "model_folder.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/json_file.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;

constexpr const char* hugging_face_config = "config.json";
constexpr const char* open_clip_config = "open_clip_config.json";
constexpr std::initializer_list<const char*> hugging_face_weights{
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"};
constexpr std::initializer_list<const char*> open_clip_weights{"open_clip_model.safetensors",
                                                               "open_clip_pytorch_model.bin"};

bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

fs::path if_there(const fs::path& path) {
    return is_file(path) ? path : fs::path();
}

// transformers 5 writes one file for all that a model takes, with the images' part in it; where both files
// are there, it reads that one.
fs::path preprocessor_in(const fs::path& folder) {
    const fs::path processor = folder / "processor_config.json";
    if (is_file(processor) && read_json_file(processor).values.contains("image_processor")) return processor;
    return if_there(folder / "preprocessor_config.json");
}

fs::path first_of(const fs::path& folder, std::initializer_list<const char*> names) {
    for (const char* name : names) {
        if (is_file(folder / name)) return folder / name;
    }
    return {};
}

// The folder's one file with such an extension; empty where there is none, or several.
fs::path only_one(const fs::path& folder, std::initializer_list<const char*> extensions) {
    std::vector<fs::path> found;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        const std::string extension = entry.path().extension().string();
        if (is_file(entry.path()) && std::ranges::find(extensions, extension) != extensions.end())
            found.push_back(entry.path());
    }
    return found.size() == 1 ? found.front() : fs::path();
}

// The folder's own name, however it was spelt.
std::string name_of_folder(const fs::path& folder) {
    fs::path clean = folder.lexically_normal();
    if (!clean.has_filename()) clean = clean.parent_path();
    if (clean.filename() == "." || clean.filename() == ".." || clean.filename().empty())
        clean = fs::absolute(folder).lexically_normal();
    if (!clean.has_filename()) clean = clean.parent_path();
    return clean.filename().string();
}

ModelFiles in_folder(const fs::path& folder, const fs::path& config, const fs::path& weights) {
    return {name_of_folder(folder), config, weights, preprocessor_in(folder)};
}

ModelFiles of_openai(const fs::path& file) {
    return {file.stem().string(), {}, file, preprocessor_in(file.parent_path())};
}

}  // namespace

fs::path ModelFiles::folder() const {
    return weights.has_parent_path() ? weights.parent_path() : ".";
}

ModelFiles model_files_in(const fs::path& folder) {
    const fs::path config = if_there(folder / hugging_face_config);
    fs::path weights = first_of(folder, hugging_face_weights);
    if (!config.empty() && !weights.empty()) return in_folder(folder, config, weights);

    const fs::path open_clip = if_there(folder / open_clip_config);
    if (!open_clip.empty()) {
        weights = first_of(folder, open_clip_weights);
        if (weights.empty()) weights = only_one(folder, {".bin", ".pt", ".pth"});
        if (weights.empty()) weights = only_one(folder, {".safetensors"});
        if (!weights.empty()) return in_folder(folder, open_clip, weights);
        throw UsageError(
            concat("the model folder ", printable(folder), " lacks open_clip_model.safetensors"));
    }
    if (!config.empty() || !weights.empty()) {
        throw UsageError(concat("the model folder ", printable(folder), " lacks ",
                                config.empty() ? "config.json" : "model.safetensors"));
    }
    if (const fs::path openai = only_one(folder, {".pt"}); !openai.empty()) return of_openai(openai);
    throw UsageError(
        concat("the folder ", printable(folder),
               " holds no model: neither config.json and model.safetensors, nor open_clip_config.json and ",
               "open_clip_model.safetensors, nor one of OpenAI's .pt files"));
}

ModelFiles model_files_of(const fs::path& file) {
    const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
    if (file.extension() == ".json") return model_files_in(folder);
    const std::string name = file.filename().string();
    const fs::path config = if_there(folder / hugging_face_config),
                   open_clip = if_there(folder / open_clip_config);
    const bool is_hugging_face = name.starts_with("model") || name.starts_with("pytorch_model");
    if (!config.empty() && (is_hugging_face || (open_clip.empty() && file.extension() != ".pt")))
        return in_folder(folder, config, folder / name);
    if (!open_clip.empty()) return in_folder(folder, open_clip, folder / name);
    if (file.extension() != ".safetensors" && file.extension() != ".bin") return of_openai(folder / name);
    throw UsageError(concat(printable(file),
                            ": the shape of the model is not in it; it needs its config.json (Hugging ",
                            "Face) or open_clip_config.json beside it"));
}

}  // namespace clipsim
