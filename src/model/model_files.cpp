#include "clipsim/model/model_files.h"

#include <array>
#include <cstdlib>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;

struct KnownModel {
    std::string_view name;
    std::string_view repository;  // on the Hugging Face hub; "": comes with clipsim
};
constexpr std::array<KnownModel, 4> known_models{{{"clip-nano", ""},
                                                  {"ViT-B-32", "openai/clip-vit-base-patch32"},
                                                  {"ViT-B-16", "openai/clip-vit-base-patch16"},
                                                  {"ViT-L-14", "openai/clip-vit-large-patch14"}}};

const KnownModel* find_known(const std::string& name) {
    for (const KnownModel& model : known_models) {
        if (model.name == name) return &model;
    }
    return nullptr;
}

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

std::string environment(const char* variable) {
    const char* value = std::getenv(variable);
    return value == nullptr ? std::string() : std::string(value);
}

// Where huggingface_hub keeps repositories
// (https://huggingface.co/docs/huggingface_hub/guides/manage-cache); empty where there is no home.
fs::path hub_cache() {
    if (const std::string cache = environment("HF_HUB_CACHE"); !cache.empty()) return cache;
    if (const std::string home = environment("HF_HOME"); !home.empty()) return fs::path(home) / "hub";
    if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty())
        return fs::path(cache) / "huggingface" / "hub";
    const std::string home = environment("HOME");
    return home.empty() ? fs::path() : fs::path(home) / ".cache" / "huggingface" / "hub";
}

bool is_plain_name(std::string_view text) {
    return !text.empty() && text != "." && text != ".." && text.find('/') == std::string_view::npos &&
           text.find('\0') == std::string_view::npos;
}

// "owner/name" or "owner/name@revision"
struct Repository {
    std::string owner, name, revision = "main";
};

std::optional<Repository> parse_repository(const std::string& text) {
    const auto slash = text.find('/');
    if (slash == std::string::npos) return std::nullopt;
    const auto at = text.find('@', slash);
    Repository repository{text.substr(0, slash), text.substr(slash + 1, at - slash - 1)};
    if (at != std::string::npos) repository.revision = text.substr(at + 1);
    if (!is_plain_name(repository.owner) || !is_plain_name(repository.name) ||
        !is_plain_name(repository.revision)) {
        return std::nullopt;
    }
    return repository;
}

// The folder of files of that revision, if it was downloaded.
std::optional<fs::path> cached_snapshot(const Repository& repository) {
    const fs::path folder = hub_cache() / concat("models--", repository.owner, "--", repository.name);
    std::error_code error;
    std::string commit = repository.revision;
    if (fs::is_regular_file(folder / "refs" / commit, error)) {
        commit = read_file(folder / "refs" / commit, 256);
        commit.erase(commit.find_last_not_of(" \r\n") + 1);
    }
    if (!is_plain_name(commit) || !fs::is_directory(folder / "snapshots" / commit, error))
        return std::nullopt;
    return folder / "snapshots" / commit;
}

ModelFiles files_in(const fs::path& folder) {
    fs::path clean = folder.lexically_normal();
    if (!clean.has_filename()) clean = clean.parent_path();
    if (clean.filename() == "." || clean.filename().empty()) clean = fs::absolute(folder).lexically_normal();
    if (!clean.has_filename()) clean = clean.parent_path();
    const ModelFiles files{clean.filename().string(), folder / "config.json", folder / "model.safetensors",
                           folder / "preprocessor_config.json"};
    for (const fs::path& file : {files.config, files.weights, files.preprocessor}) {
        std::error_code error;
        if (!fs::is_regular_file(file, error)) {
            throw UsageError(
                concat("the model folder ", printable(folder), " lacks ", printable(file.filename())));
        }
    }
    return files;
}

// A snapshot's folder is named by a hash; the repository's name says more.
ModelFiles renamed(ModelFiles files, const std::string& id) {
    files.id = id;
    return files;
}

[[noreturn]] void refuse_unknown(const std::string& name) {
    std::vector<std::string> names;
    std::string list;
    for (const KnownModel& model : known_models) {
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
    if (const KnownModel* known = find_known(name); known != nullptr) {
        for (const fs::path& folder : models_folders()) {
            if (fs::is_directory(folder / name, error)) return files_in(folder / name);
        }
        if (const auto repository = parse_repository(std::string(known->repository))) {
            if (const auto snapshot = cached_snapshot(*repository)) return renamed(files_in(*snapshot), name);
        }
        if (known->repository.empty()) {
            throw UsageError(concat("the model ", name,
                                    " that comes with clipsim is missing; set CLIPSIM_MODELS to the ",
                                    "folder that holds ", name, "/"));
        }
        throw UsageError(concat("the model ", name,
                                " is not here: download config.json, model.safetensors and ",
                                "preprocessor_config.json of the Hugging Face repository ", known->repository,
                                " into models/", name, "/ (or set CLIPSIM_MODELS to the folder that holds ",
                                name, "/), or run `hf download ", known->repository, "`"));
    }
    if (fs::is_directory(path, error)) return files_in(path);
    if (fs::is_regular_file(path, error)) return files_in(path.has_parent_path() ? path.parent_path() : ".");
    if (const auto repository = parse_repository(name)) {
        if (const auto snapshot = cached_snapshot(*repository)) return renamed(files_in(*snapshot), name);
        throw UsageError(concat("model.clip: \"", name, "\" is no folder, and the Hugging Face cache (",
                                printable(hub_cache()),
                                ") does not hold such a repository; run `hf download ", repository->owner,
                                "/", repository->name, "` first"));
    }
    refuse_unknown(name);
}

}  // namespace clipsim
