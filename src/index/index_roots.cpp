#include "clipsim/index/index_roots.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include "clipsim/text/composed.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;

using FileId = std::pair<std::uint64_t, std::uint64_t>;  // device, inode

std::optional<FileId> file_id(const fs::path& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return std::nullopt;
    return FileId{info.st_dev, info.st_ino};
}

bool lies_in(const fs::path& path, const fs::path& folder) {
    return std::ranges::mismatch(folder, path).in1 == folder.end();
}

// The folder, the one it is in, and so on to the root of the file system.
std::vector<fs::path> upwards(fs::path folder) {
    std::vector<fs::path> folders{folder};
    while (folder.has_relative_path()) folders.push_back(folder = folder.parent_path());
    return folders;
}

// Of /photos/ant/x.jpg with the label ant: /photos.
std::optional<fs::path> root_told_by(const StoredImage& image) {
    if (image.label.empty()) return std::nullopt;
    for (const fs::path& folder : upwards(image.path.parent_path())) {
        if (composed(folder.filename().string()) == composed(image.label)) return folder.parent_path();
    }
    return std::nullopt;
}

}  // namespace

IndexRoots::IndexRoots(std::span<const fs::path> folders) {
    for (const fs::path& folder : folders) take(folder);
    keep_outermost();
}

IndexRoots IndexRoots::told_by_labels(std::span<const StoredImage> images) {
    constexpr std::size_t believable = 100;
    std::vector<fs::path> folders;
    for (const StoredImage& image : images) {
        const std::optional<fs::path> root = root_told_by(image);
        if (!root || std::ranges::find(folders, *root) != folders.end()) continue;
        if (folders.size() == believable) return {};
        folders.push_back(*root);
    }
    return IndexRoots(folders);
}

std::vector<fs::path> IndexRoots::folders() const {
    std::vector<fs::path> folders;
    for (const Root& root : roots_) folders.push_back(root.is_class ? root.folder / "" : root.folder);
    return folders;
}

fs::path IndexRoots::known_name(const fs::path& folder, const std::set<fs::path>& others) const {
    std::map<FileId, fs::path> names;
    const auto learn = [&](const fs::path& known) {
        if (const auto id = file_id(known)) names.emplace(*id, known);
    };
    for (const Root& root : roots_) {
        for (const fs::path& above : upwards(root.folder)) learn(above);
    }
    for (const fs::path& other : others) learn(other);
    for (const fs::path& above : upwards(folder)) {
        const auto id = file_id(above);
        const auto name = id ? names.find(*id) : names.end();
        if (name == names.end()) continue;
        return above == folder ? name->second : name->second / folder.lexically_relative(above);
    }
    return folder;
}

void IndexRoots::add(std::span<const fs::path> folders, std::span<const fs::path> images) {
    for (const fs::path& folder : folders) take(folder);
    keep_outermost();
    find_classes(images);
}

std::optional<std::string> IndexRoots::label_of(const fs::path& image) const {
    const auto root =
        std::ranges::find_if(roots_, [&](const Root& outer) { return lies_in(image, outer.folder); });
    if (root == roots_.end()) return std::nullopt;
    if (root->is_class) return composed(root->folder.filename().string());
    const fs::path inside = image.lexically_relative(root->folder);
    const bool direct = std::next(inside.begin()) == inside.end();
    return direct ? std::string() : composed(inside.begin()->string());
}

void IndexRoots::take(const fs::path& folder) {
    const bool is_class = folder.has_relative_path() && !folder.has_filename();
    roots_.push_back({is_class ? folder.parent_path() : folder, is_class});
}

void IndexRoots::keep_outermost() {
    // An outer one comes before those in it; of two equal ones, what is known to be a class.
    std::ranges::sort(roots_, [](const Root& a, const Root& b) {
        return std::tie(a.folder, b.is_class) < std::tie(b.folder, a.is_class);
    });
    std::vector<Root> outermost;
    for (Root& root : roots_) {
        if (std::ranges::none_of(outermost,
                                 [&](const Root& outer) { return lies_in(root.folder, outer.folder); }))
            outermost.push_back(std::move(root));
    }
    roots_ = std::move(outermost);
}

void IndexRoots::find_classes(std::span<const fs::path> images) {
    struct Siblings {
        std::size_t folders = 0, direct = 0, deeper = 0;  // images directly in them, and below
    };
    std::map<fs::path, Siblings> by_parent;
    for (const Root& root : roots_) ++by_parent[root.folder.parent_path()].folders;
    for (const fs::path& image : images) {
        const auto root =
            std::ranges::find_if(roots_, [&](const Root& outer) { return lies_in(image, outer.folder); });
        if (root == roots_.end()) continue;
        Siblings& siblings = by_parent[root->folder.parent_path()];
        ++(image.parent_path() == root->folder ? siblings.direct : siblings.deeper);
    }
    for (Root& root : roots_) {
        const Siblings& siblings = by_parent[root.folder.parent_path()];
        if (siblings.folders > 1 && siblings.direct > 0 && siblings.direct >= siblings.deeper)
            root.is_class = true;
    }
}

std::string encode_paths(std::span<const fs::path> paths) {
    constexpr const char* digits = "0123456789ABCDEF";
    std::string lines;
    for (const fs::path& path : paths) {
        for (const char c : path.native()) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte > ' ' && byte < 0x7F && c != '%') {
                lines += c;
            } else {
                lines += {'%', digits[byte / 16], digits[byte % 16]};
            }
        }
        lines += '\n';
    }
    return lines;
}

std::vector<fs::path> decode_paths(std::string_view lines) {
    std::vector<fs::path> paths;
    std::string path;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i] == '\n') {
            paths.emplace_back(std::exchange(path, {}));
        } else if (lines[i] == '%' && i + 2 < lines.size()) {
            unsigned byte = 0;
            std::from_chars(lines.data() + i + 1, lines.data() + i + 3, byte, 16);
            path += static_cast<char>(byte);
            i += 2;
        } else {
            path += lines[i];
        }
    }
    if (!path.empty()) paths.emplace_back(path);
    return paths;
}

}  // namespace clipsim
