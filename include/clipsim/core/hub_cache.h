// The cache that Python's huggingface_hub keeps, and where things are in it
// (https://huggingface.co/docs/huggingface_hub/guides/manage-cache):
//     models--OWNER--NAME/blobs/ETAG               the contents
//     models--OWNER--NAME/snapshots/COMMIT/FILE    relative links to them
//     models--OWNER--NAME/refs/REVISION            the commit a branch or tag was at
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace clipsim {

// A model of the hub. `revision` is a branch, a tag or a commit, e.g. "main" or "refs/pr/3".
struct HubRepository {
    std::string owner, name, revision = "main";

    std::string id() const { return owner + "/" + name; }
};

// "owner/name" or "owner/name@revision"; nothing where the text is neither or could lead out of a folder.
std::optional<HubRepository> parse_hub_repository(std::string_view text);

// Where huggingface_hub keeps its things (HF_HOME, XDG_CACHE_HOME, ~/.cache/huggingface); empty where there
// is no home.
std::filesystem::path huggingface_home();
// HF_HUB_CACHE (or the older HUGGINGFACE_HUB_CACHE), else hub/ of huggingface_home(); empty where there is no
// home.
std::filesystem::path hub_cache_folder();
// models--OWNER--NAME in that cache.
std::filesystem::path hub_repository_folder(const std::filesystem::path& cache,
                                            const HubRepository& repository);
// The folder of the files of that revision, where it was downloaded.
std::optional<std::filesystem::path> cached_snapshot(const std::filesystem::path& cache,
                                                     const HubRepository& repository);

// Whether `text` is the name of one file or folder: not empty, not . or .., no slash, no control character.
bool is_plain_file_name(std::string_view text);
// Whether a/b/c.d stays below the folder it is put in, under any system: parts are plain file names,
// separated by /.
bool is_safe_relative_path(std::string_view path);

}  // namespace clipsim
