// The folders that an index was made of. An image's label depends on them and on nothing else: the first
// folder below the outermost of them, in Unicode's composed form (NFC).
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clipsim/index/index_store.h"

namespace clipsim {

class IndexRoots {
  public:
    IndexRoots() = default;
    // Absolute and normalised. One that ends in a slash is the folder of a class: its name is the label.
    explicit IndexRoots(std::span<const std::filesystem::path> folders);
    // Of an index that was made before its roots were kept: as the labels tell.
    static IndexRoots told_by_labels(std::span<const StoredImage> images);

    std::vector<std::filesystem::path> folders() const;  // as above, sorted, none within another
    // An absolute folder by the name that it has in the index, from the roots or from `others` in them: the
    // same folder may be reached by a link, or by a mount.
    std::filesystem::path known_name(const std::filesystem::path& folder,
                                     const std::set<std::filesystem::path>& others = {}) const;
    // Folders beside each other that hold most of `images` directly are those of classes: `index photos/*`
    // labels as `index photos` does.
    void add(std::span<const std::filesystem::path> folders, std::span<const std::filesystem::path> images);
    // "" for an image directly in a root that is no class; nothing outside all of them.
    std::optional<std::string> label_of(const std::filesystem::path& image) const;

  private:
    struct Root {
        std::filesystem::path folder;
        bool is_class = false;
    };

    void take(const std::filesystem::path& folder);
    void keep_outermost();
    void find_classes(std::span<const std::filesystem::path> images);

    std::vector<Root> roots_;
};

// Paths of any bytes as a line of ASCII each, and back.
std::string encode_paths(std::span<const std::filesystem::path> paths);
std::vector<std::filesystem::path> decode_paths(std::string_view lines);

}  // namespace clipsim
