#include "clipsim/core/hub_cache.h"

#include <algorithm>
#include <cstdlib>

#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;

// The folder a variable names; no shell has replaced the ~ inside of a config or an env file.
fs::path environment_folder(const char* variable) {
    const char* value = std::getenv(variable);
    return value == nullptr ? fs::path() : expanded_home(value);
}

}  // namespace

bool is_plain_file_name(std::string_view text) {
    return !text.empty() && text.size() <= 255 && text != "." && text != ".." &&
           std::ranges::none_of(text, [](char c) {
               return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
           });
}

bool is_safe_relative_path(std::string_view path) {
    while (true) {
        const auto slash = path.find('/');
        if (!is_plain_file_name(path.substr(0, slash))) return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

std::optional<HubRepository> parse_hub_repository(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto at = text.find('@', slash);
    HubRepository repository{
        std::string(text.substr(0, slash)),
        std::string(text.substr(slash + 1, at == std::string_view::npos ? at : at - slash - 1))};
    if (at != std::string_view::npos) repository.revision = text.substr(at + 1);
    if (!is_plain_file_name(repository.owner) || !is_plain_file_name(repository.name) ||
        !is_safe_relative_path(repository.revision)) {
        return std::nullopt;
    }
    return repository;
}

fs::path huggingface_home() {
    if (fs::path home = environment_folder("HF_HOME"); !home.empty()) return home;
    if (const fs::path cache = environment_folder("XDG_CACHE_HOME"); !cache.empty())
        return cache / "huggingface";
    const fs::path home = environment_folder("HOME");
    return home.empty() ? fs::path() : home / ".cache" / "huggingface";
}

fs::path hub_cache_folder() {
    for (const char* variable : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
        if (fs::path cache = environment_folder(variable); !cache.empty()) return cache;
    }
    const fs::path home = huggingface_home();
    return home.empty() ? fs::path() : home / "hub";
}

fs::path hub_repository_folder(const fs::path& cache, const HubRepository& repository) {
    return cache / concat("models--", repository.owner, "--", repository.name);
}

std::optional<fs::path> cached_snapshot(const fs::path& cache, const HubRepository& repository) {
    const fs::path folder = hub_repository_folder(cache, repository);
    std::error_code error;
    std::string commit = repository.revision;
    if (fs::is_regular_file(folder / "refs" / commit, error)) {
        commit = read_file(folder / "refs" / commit, 256);
        commit.erase(commit.find_last_not_of(" \r\n") + 1);
    }
    if (!is_plain_file_name(commit) || !fs::is_directory(folder / "snapshots" / commit, error))
        return std::nullopt;
    return folder / "snapshots" / commit;
}

}  // namespace clipsim
