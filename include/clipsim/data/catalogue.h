// The labelled images under a folder: one sub-folder per class, images at any depth inside it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
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
    std::map<std::string, std::size_t> left_out;  // by kind: ".mov", "hidden", "excluded"
};

struct ScanOptions {
    // Called for each file and folder that is met; what it throws ends the walk.
    std::function<void()> on_entry = {};
    bool may_be_empty = false;  // roots that are missing or hold no image are no error
    // gitignore's patterns of what is left out, relative to the root (or the one of `bases` that it is in).
    // Before them stand hidden names and the folders of other programs (@eaDir, lost+found); behind them the
    // .clipsimignore files that are met.
    std::vector<std::string> exclude = {};
    std::vector<std::filesystem::path> bases = {};
    std::vector<std::filesystem::path> own = {};  // files and folders of ours, left out too
    // Pictures that clipsim drew are left out wherever they lie: each image is looked into.
    bool look_for_drawn = true;
};

// Walks the folder. An image is what has an extension of one, or an unknown extension or none and begins as
// one. Each real folder and file is taken once, by its own path where it lies under the root and else by the
// first of the symbolic links to it (loops end). What is no image or left out is counted in a line on stderr.
// Folders that can't be read and links to what is not there are skipped with a warning. Throws UsageError
// when the root is missing, no folder, or holds no image.
Catalogue scan_catalogue(const std::filesystem::path& root, const ScanOptions& options = {});

// The images under several folders as one catalogue; each image's class is the first folder below its root.
// An image under several of the roots is taken once, with the first of them. Among several, a root may be a
// file. Throws UsageError.
Catalogue scan_folders(std::span<const std::filesystem::path> roots, const ScanOptions& options = {});

// "12 .mov, 3 .txt, 20 hidden": the most first.
std::string describe_left_out(const std::map<std::string, std::size_t>& left_out);

}  // namespace clipsim
