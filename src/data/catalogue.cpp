#include "clipsim/data/catalogue.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/image/extension.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;

// Walks folders; each real folder once, so that links to folders can't loop.
class Walker {
 public:
    // Calls found(path) for each image at or below `folder`.
    template <typename Found>
    void walk(const fs::path& folder, const Found& found) {
        struct stat status {};
        if (::stat(folder.c_str(), &status) != 0 || !visited_.insert({status.st_dev, status.st_ino}).second) return;
        std::error_code error;
        for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
            visit(*entry, found);
        }
        if (error) log_warning(concat("skipping the folder ", printable(folder), ": ", error.message()));
    }

 private:
    template <typename Found>
    void visit(const fs::directory_entry& entry, const Found& found) {
        if (entry.path().filename().native().starts_with('.')) return;
        std::error_code error;
        if (entry.is_directory(error)) {
            walk(entry.path(), found);
        } else if (entry.is_regular_file(error) && has_image_extension(entry.path())) {
            found(entry.path());
        }
    }

    std::set<std::pair<dev_t, ino_t>> visited_;
};

void require_folder(const fs::path& root) {
    std::error_code error;
    const fs::file_status status = fs::status(root, error);
    if (!fs::exists(status)) {
        throw UsageError(concat("the folder of photos ", printable(root),
                                " does not exist; set data.root (--set data.root=FOLDER)"));
    }
    if (!fs::is_directory(status)) throw UsageError(concat(printable(root), " is not a folder"));
}

struct Found {
    fs::path path;
    std::string label;  // "" directly under the root
};

Catalogue make_catalogue(fs::path root, std::vector<Found> found) {
    std::ranges::sort(found, {}, &Found::path);
    const auto repeated = std::ranges::unique(found, {}, &Found::path);
    found.erase(repeated.begin(), repeated.end());
    std::map<std::string, int> labels;
    for (const Found& image : found) {
        if (!image.label.empty()) labels[image.label] = 0;
    }
    Catalogue catalogue;
    catalogue.root = std::move(root);
    for (auto& [name, label] : labels) {
        label = static_cast<int>(catalogue.classes.size());
        catalogue.classes.push_back(name);
    }
    for (Found& image : found) {
        catalogue.images.push_back({std::move(image.path), image.label.empty() ? -1 : labels[image.label]});
    }
    return catalogue;
}

void find_images(const fs::path& root, std::vector<Found>& found) {
    require_folder(root);
    Walker walker;
    walker.walk(root, [&](const fs::path& path) {
        const fs::path inside = path.lexically_relative(root);
        const bool direct = std::next(inside.begin()) == inside.end();
        found.push_back({path, direct ? std::string{} : inside.begin()->string()});
    });
}

}  // namespace

Catalogue scan_catalogue(const fs::path& root) { return scan_folders(std::span(&root, 1)); }

Catalogue scan_folders(std::span<const fs::path> roots) {
    std::vector<Found> found;
    for (const fs::path& root : roots) find_images(root, found);
    if (found.empty()) {
        throw UsageError(concat("no image (jpg, png, webp, bmp, tiff, gif) under ", printable(roots.front()),
                                roots.size() > 1 ? " and the other folders" : ""));
    }
    return make_catalogue(roots.size() == 1 ? roots.front() : fs::path{}, std::move(found));
}

}  // namespace clipsim
