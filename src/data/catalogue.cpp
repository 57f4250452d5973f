#include "clipsim/data/catalogue.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "clipsim/core/error.h"
#include "clipsim/core/files/descriptor.h"
#include "clipsim/core/files/own_output.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/image/extension.h"
#include "clipsim/text/composed.h"
#include "ignore_rules.h"
#include "other_files.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;

struct Found {
    fs::path path;
    std::string label;  // "" directly under the root
};

// Finds each real folder and each real file once, whatever links or mounts lead there and in whatever order
// the system lists them: first all that lies under the roots themselves, then linked folders, then linked
// files, each in sorted order.
class Walker {
  public:
    explicit Walker(const ScanOptions& options) : options_(options) {
        for (const fs::path& own : options.own) {
            if (const auto id = file_id(own)) own_.insert(*id);
            own_names_.insert(own.filename());
        }
    }

    void find(std::span<const fs::path> roots) {
        for (const fs::path& root : roots) {
            std::error_code ignored;
            if (fs::is_regular_file(root, ignored)) {
                visit_root_file(root);
            } else {
                walk(root, {root, rules_of_root(root, base_of(root), options_.exclude)});
            }
        }
        // Walking a linked folder may find further links.
        while (!folder_links_.empty()) {
            const auto [link, from] = *folder_links_.begin();
            folder_links_.erase(folder_links_.begin());
            walk(link, from);
        }
        std::set<fs::path> taken;
        if (!file_links_.empty()) {
            for (const Found& image : found) taken.insert(image.path);
        }
        for (const auto& [link, from] : file_links_) take_linked_file(link, from.root, taken);
    }

    std::vector<Found> found;
    std::vector<UnseenPlace> unseen;
    std::map<std::string, std::size_t> left_out;

  private:
    using FileId = std::pair<std::uint64_t, std::uint64_t>;  // device, inode

    struct Place {
        fs::path root;
        std::shared_ptr<const IgnoreRules> rules;
    };

    static std::optional<FileId> file_id(const fs::path& path) {
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0) return std::nullopt;
        return FileId{info.st_dev, info.st_ino};
    }

    const fs::path& base_of(const fs::path& root) const {
        for (const fs::path& base : options_.bases) {
            if (std::ranges::mismatch(base, root).in1 == base.end()) return base;
        }
        return root;
    }

    void walk(const fs::path& folder, Place place) {
        const std::optional<FileId> id = file_id(folder);
        if (!id) return skip(folder, concat("the folder ", printable(folder), ": ", errno_text()));
        if (!walked_.emplace(*id, folder).second) return;
        if (folder != place.root && (own_.contains(*id) || is_index(folder) || is_run(folder))) {
            ++left_out["of clipsim"];
            return;
        }
        place.rules = with_ignore_file(std::move(place.rules), folder);
        std::vector<std::string> names = names_in(folder);
        std::error_code error;
        for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
             entry.increment(error)) {
            if (options_.on_entry) options_.on_entry();
            names.push_back(entry->path().filename().string());
            visit(*entry, names, place);
            names.pop_back();
        }
        if (error) skip(folder, concat("the folder ", printable(folder), ": ", error.message()));
    }

    void skip(const fs::path& path, const std::string& reason) {
        log_warning("skipping " + reason);
        unseen.push_back({path, reason});
    }

    void visit(const fs::directory_entry& entry, std::span<const std::string> names, const Place& place) {
        std::error_code error;
        const bool is_link = entry.is_symlink(error);
        const fs::file_status status = is_link ? fs::status(entry.path(), error) : entry.status(error);
        if (const std::string* kind = left_out_by(*place.rules, names, fs::is_directory(status))) {
            ++left_out[*kind];
        } else if (fs::is_directory(status)) {
            if (is_link) {
                folder_links_.emplace(entry.path(), place);
            } else {
                walk(entry.path(), place);
            }
        } else if (fs::is_regular_file(status)) {
            visit_file(entry.path(), is_link, place);
        } else if (fs::exists(status)) {
            ++left_out["no file"];  // a pipe, a device
        } else if (!is_link) {
            skip(entry.path(), concat(printable(entry.path()), ": ", error.message()));
        } else if (!is_known_other(entry.path())) {
            skip(entry.path(), concat("the broken link ", printable(entry.path()), ": ", error.message()));
        } else {
            ++left_out[kind_of_other(entry.path())];
        }
    }

    // `photos/*` is files, too.
    void visit_root_file(const fs::path& file) {
        const fs::path folder = file.parent_path();
        if (walked_.contains(file_id(folder).value_or(FileId{}))) return;
        const auto rules = with_ignore_file(rules_of_root(folder, base_of(folder), options_.exclude), folder);
        std::error_code ignored;
        if (const std::string* kind = left_out_by(*rules, names_in(file), false)) {
            ++left_out[*kind];
        } else {
            visit_file(file, fs::is_symlink(file, ignored), {folder, rules});
        }
    }

    void visit_file(const fs::path& file, bool is_link, const Place& place) {
        if (own_names_.contains(file.filename()) && own_.contains(file_id(file).value_or(FileId{}))) {
            ++left_out["of clipsim"];
        } else if (!has_image_extension(file) && (is_known_other(file) || !begins_as_image(file))) {
            ++left_out[kind_of_other(file)];
        } else if (options_.look_for_drawn && is_own_output(file)) {
            ++left_out["drawn by clipsim"];
        } else if (is_link) {
            file_links_.emplace(file, place);
        } else {
            take(file, place.root);
        }
    }

    void take_linked_file(const fs::path& link, const fs::path& root, const std::set<fs::path>& taken) {
        std::error_code error;
        const fs::path real = fs::canonical(link, error);
        if (error || !linked_files_.insert(real).second) return;
        const auto folder = walked_.find(file_id(real.parent_path()).value_or(FileId{}));
        const bool met = folder != walked_.end() && taken.contains(folder->second / real.filename());
        if (!met) take(link, root);
    }

    void take(const fs::path& path, const fs::path& root) {
        const fs::path inside = path.lexically_relative(root);
        const bool direct = std::next(inside.begin()) == inside.end();
        found.push_back({path, direct ? std::string{} : composed(inside.begin()->string())});
    }

    static bool has(const fs::path& folder, const char* name) {
        std::error_code ignored;
        return fs::exists(folder / name, ignored);
    }

    static bool is_index(const fs::path& folder) {
        return has(folder, "images.db") && has(folder, "manifest.json");
    }

    // The output_dir of another config: sheets and curves are no photos. It may be a folder of photos too.
    static bool is_run(const fs::path& folder) {
        if (!has(folder, "config.json") ||
            !(has(folder, "checkpoints") || has(folder, "index/images.db") || has(folder, "metrics.jsonl")))
            return false;
        std::error_code error;
        for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
             entry.increment(error)) {
            const std::string name = entry->path().filename().string();
            const bool ours = name == "index" || name == "checkpoints" || name == "results" ||
                              name == "cache" || name.starts_with("index-shard-") || name.starts_with('.');
            if (!ours && entry->is_directory(error)) return false;
        }
        return true;
    }

    const ScanOptions& options_;
    std::set<FileId> own_;
    std::set<fs::path> own_names_;
    std::map<FileId, fs::path> walked_;  // real folders, by the name that each was walked under
    std::set<fs::path> linked_files_;    // real files
    std::map<fs::path, Place> folder_links_, file_links_;  // link -> where it was found
};

// False where it is missing, and may be. A file may stand among several roots.
bool can_be_walked(const fs::path& root, bool may_be_missing, bool among_others) {
    std::error_code error;
    const fs::file_status status = fs::status(root, error);
    if (fs::is_directory(status) || (among_others && fs::is_regular_file(status))) return true;
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

std::string describe_left_out(const std::map<std::string, std::size_t>& left_out) {
    constexpr std::size_t most_kinds = 12;
    std::vector<std::pair<std::string, std::size_t>> kinds(left_out.begin(), left_out.end());
    std::ranges::stable_sort(kinds, std::greater{}, &std::pair<std::string, std::size_t>::second);
    std::string text;
    std::size_t others = 0;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (i < most_kinds) {
            text += concat(i == 0 ? "" : ", ", kinds[i].second, " ", printable(kinds[i].first));
        } else {
            others += kinds[i].second;
        }
    }
    return others == 0 ? text : concat(text, ", ", others, " others");
}

Catalogue scan_catalogue(const fs::path& root, const ScanOptions& options) {
    return scan_folders(std::span(&root, 1), options);
}

Catalogue scan_folders(std::span<const fs::path> roots, const ScanOptions& options) {
    if (roots.empty()) throw UsageError("no folder of photos given");
    std::vector<fs::path> there;
    for (const fs::path& root : roots) {
        if (can_be_walked(root, options.may_be_empty, roots.size() > 1)) there.push_back(root);
    }
    Walker walker(options);
    walker.find(there);
    if (!walker.left_out.empty()) log_info("left out: " + describe_left_out(walker.left_out));
    if (walker.found.empty() && !options.may_be_empty) {
        throw UsageError(concat("no image under ", printable(roots.front()),
                                roots.size() > 1 ? " and the other folders" : "",
                                walker.unseen.empty() ? "" : "; skipped " + walker.unseen.front().problem));
    }
    Catalogue catalogue =
        make_catalogue(roots.size() == 1 ? roots.front() : fs::path{}, std::move(walker.found));
    catalogue.unseen = std::move(walker.unseen);
    catalogue.left_out = std::move(walker.left_out);
    return catalogue;
}

}  // namespace clipsim
