// The labelled images under a folder: one sub-folder per class, images at any depth inside it.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace clipsim {

struct ImageFile {
    std::filesystem::path path;  // root / class / ... / name
    int label = -1;              // index into Catalogue::classes; -1: directly under the root
};

// A folder that could not be listed, or a link to what is not there: what is in it is not known.
struct UnseenPlace {
    std::filesystem::path path;
    std::string problem;  // a line that names it
};

struct Catalogue {
    std::filesystem::path root;
    std::vector<std::string> classes;  // sorted; only those with at least one image
    std::vector<ImageFile> images;     // sorted by path
    std::vector<UnseenPlace> unseen;
};

// Walks the folder, hidden names excepted. Each real folder and file is taken once, by its own path where it
// lies under the root and else by the first of the symbolic links to it (loops end). Folders that can't be
// read and links to what is not there are skipped with a warning. Throws UsageError when the root is missing,
// no folder, or holds no image.
Catalogue scan_catalogue(const std::filesystem::path& root);

struct ScanOptions {
    // Called for each file and folder that is met; what it throws ends the walk.
    std::function<void()> on_entry = {};
    bool may_be_empty = false;  // roots that are missing or hold no image are no error
};

// The images under several folders as one catalogue; each image's class is the first folder below its root.
// An image under several of the roots is taken once, with the first of them.
Catalogue scan_folders(std::span<const std::filesystem::path> roots, const ScanOptions& options = {});

}  // namespace clipsim
