#include "clipsim/model/model_files.h"

#include <cstdlib>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/hub_cache.h"
#include "clipsim/core/known_models.h"
#include "clipsim/core/text.h"
#include "model_folder.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> models_folders() {
    std::vector<fs::path> folders;
    if (const char* given = std::getenv("CLIPSIM_MODELS"); given != nullptr && *given != '\0')
        folders.emplace_back(given);
    folders.emplace_back("models");
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (!error) folders.push_back(program.parent_path().parent_path() / "share" / "clipsim" / "models");
    folders.emplace_back(CLIPSIM_SOURCE_MODELS);
    return folders;
}

// A snapshot's folder is named by a hash; the repository's name says more.
ModelFiles renamed(ModelFiles files, const std::string& id) {
    files.id = id;
    return files;
}

[[noreturn]] void refuse_unknown(const std::string& name) {
    std::vector<std::string> names;
    std::string list;
    for (const KnownModel& model : known_models()) {
        names.emplace_back(model.name);
        list += (list.empty() ? "" : ", ") + names.back();
    }
    const std::string nearest = nearest_name(name, names);
    throw UsageError(concat("model.clip: \"", name, "\" is neither a folder nor a known model (", list, ")",
                            nearest.empty() ? std::string{} : concat("; did you mean ", nearest, "?")));
}

}  // namespace

ModelFiles find_model(const std::string& name) {
    std::error_code error;
    const fs::path path(name);
    if (const KnownModel* known = find_known_model(name); known != nullptr) {
        for (const fs::path& folder : models_folders()) {
            if (fs::is_directory(folder / name, error)) return model_files_in(folder / name);
        }
        if (const auto repository = parse_hub_repository(known->repository)) {
            if (const auto snapshot = cached_snapshot(hub_cache_folder(), *repository))
                return renamed(model_files_in(*snapshot), name);
        }
        if (known->repository.empty()) {
            throw UsageError(concat("the model ", name,
                                    " that comes with clipsim is missing; set CLIPSIM_MODELS to the ",
                                    "folder that holds ", name, "/"));
        }
        throw UsageError(concat("the model ", name, " is not here: `clipsim model pull ", name, "` gets it (",
                                known->megabytes, " MB, from ", known->repository,
                                " of the Hugging Face hub), or put that repository's config.json, ",
                                "model.safetensors and preprocessor_config.json into models/", name,
                                "/ (or set CLIPSIM_MODELS to the folder that holds ", name, "/)"));
    }
    if (fs::is_directory(path, error)) return model_files_in(path);
    if (fs::is_regular_file(path, error)) return model_files_of(path);
    if (const auto repository = parse_hub_repository(name)) {
        if (const auto snapshot = cached_snapshot(hub_cache_folder(), *repository))
            return renamed(model_files_in(*snapshot), name);
        throw UsageError(
            concat("model.clip: \"", printable(name), "\" is no folder, and the Hugging Face cache (",
                   printable(hub_cache_folder()), ") does not hold such a repository; `clipsim model pull ",
                   printable(name), "` gets it"));
    }
    refuse_unknown(name);
}

}  // namespace clipsim
