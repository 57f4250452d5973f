#include "clipsim/data/catalogue.h"

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

struct Found {
    fs::path path;
    std::string label;  // "" directly under the root
};

// Finds each real folder and each real file once, whatever links lead there and in whatever order the system
// lists them: first all that lies under the roots themselves, then linked folders, then linked files, each in
// sorted order.
class Walker {
  public:
    explicit Walker(const ScanOptions& options) : options_(options) {}

    std::vector<Found> find(std::span<const fs::path> roots) {
        for (const fs::path& root : roots) {
            std::error_code error;
            walk(root, fs::canonical(root, error), root);
        }
        // Walking a linked folder may find further links.
        while (!folder_links_.empty()) {
            const auto [link, root] = *folder_links_.begin();
            folder_links_.erase(folder_links_.begin());
            std::error_code error;
            const fs::path real = fs::canonical(link, error);
            if (error) {
                skip(link, concat("the link ", printable(link), ": ", error.message()));
            } else {
                walk(link, real, root);
            }
        }
        for (const auto& [link, root] : file_links_) take_linked_file(link, root);
        return std::move(found_);
    }

    std::vector<UnseenPlace> unseen() { return std::move(unseen_); }

  private:
    // `real` is the folder's path without links.
    void walk(const fs::path& folder, const fs::path& real, const fs::path& root) {
        if (!walked_.insert(real).second) return;
        std::error_code error;
        for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
             entry.increment(error)) {
            visit(*entry, real, root);
        }
        if (error) skip(folder, concat("the folder ", printable(folder), ": ", error.message()));
    }

    void skip(const fs::path& path, const std::string& reason) {
        log_warning("skipping " + reason);
        unseen_.push_back({path, reason});
    }

    void visit(const fs::directory_entry& entry, const fs::path& real_parent, const fs::path& root) {
        if (options_.on_entry) options_.on_entry();
        const fs::path name = entry.path().filename();
        if (is_hidden(name)) return;
        std::error_code error;
        if (entry.is_symlink(error)) {
            visit_link(entry, root);
        } else if (entry.is_directory(error)) {
            walk(entry.path(), real_parent / name, root);
        } else if (entry.is_regular_file(error) && has_image_extension(name)) {
            take(entry.path(), root);
        } else if (error) {
            skip(entry.path(), concat(printable(entry.path()), ": ", error.message()));
        }
    }

    void visit_link(const fs::directory_entry& link, const fs::path& root) {
        std::error_code error;
        const fs::file_status target = fs::status(link.path(), error);
        if (fs::is_directory(target)) {
            folder_links_.emplace(link.path(), root);
        } else if (fs::is_regular_file(target)) {
            if (has_image_extension(link.path())) file_links_.emplace(link.path(), root);
        } else if (!fs::exists(target)) {
            // With nothing at its end, the name alone tells a photo, and a folder has none that does.
            if (has_image_extension(link.path()) || !link.path().has_extension())
                skip(link.path(), concat("the broken link ", printable(link.path()), ": ", error.message()));
        }
    }

    void take_linked_file(const fs::path& link, const fs::path& root) {
        std::error_code error;
        const fs::path real = fs::canonical(link, error);
        if (error || !linked_files_.insert(real).second) return;
        const bool met =
            walked_.contains(real.parent_path()) && !is_hidden(real.filename()) && has_image_extension(real);
        if (!met) take(link, root);
    }

    void take(const fs::path& path, const fs::path& root) {
        const fs::path inside = path.lexically_relative(root);
        const bool direct = std::next(inside.begin()) == inside.end();
        found_.push_back({path, direct ? std::string{} : inside.begin()->string()});
    }

    static bool is_hidden(const fs::path& name) { return name.native().starts_with('.'); }

    const ScanOptions& options_;
    std::vector<Found> found_;
    std::vector<UnseenPlace> unseen_;
    std::set<fs::path> walked_;                               // real folders
    std::set<fs::path> linked_files_;                         // real files
    std::map<fs::path, fs::path> folder_links_, file_links_;  // link -> root it was found under
};

// False where it is missing, and may be.
bool is_folder(const fs::path& root, bool may_be_missing) {
    std::error_code error;
    const fs::file_status status = fs::status(root, error);
    if (fs::is_directory(status)) return true;
    if (fs::exists(status)) throw UsageError(concat(printable(root), " is not a folder"));
    if (error != std::errc::no_such_file_or_directory)
        throw UsageError(concat("the folder of photos ", printable(root), ": ", error.message()));
    if (may_be_missing) return false;
    throw UsageError(concat("the folder of photos ", printable(root),
                            " does not exist; set data.root (--set data.root=FOLDER)"));
}

Catalogue make_catalogue(fs::path root, std::vector<Found> found) {
    std::ranges::sort(found, {}, &Found::path);
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

}  // namespace

Catalogue scan_catalogue(const fs::path& root) {
    return scan_folders(std::span(&root, 1));
}

Catalogue scan_folders(std::span<const fs::path> roots, const ScanOptions& options) {
    if (roots.empty()) throw UsageError("no folder of photos given");
    std::vector<fs::path> there;
    for (const fs::path& root : roots) {
        if (is_folder(root, options.may_be_empty)) there.push_back(root);
    }
    Walker walker(options);
    std::vector<Found> found = walker.find(there);
    std::vector<UnseenPlace> unseen = walker.unseen();
    if (found.empty() && !options.may_be_empty) {
        throw UsageError(concat("no image (jpg, png, webp, bmp, tiff, gif) under ", printable(roots.front()),
                                roots.size() > 1 ? " and the other folders" : "",
                                unseen.empty() ? "" : concat("; skipped ", unseen.front().problem)));
    }
    Catalogue catalogue = make_catalogue(roots.size() == 1 ? roots.front() : fs::path{}, std::move(found));
    catalogue.unseen = std::move(unseen);
    return catalogue;
}

}  // namespace clipsim
