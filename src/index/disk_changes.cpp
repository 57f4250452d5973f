#include "disk_changes.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"

namespace clipsim {

namespace {

using Row = std::size_t;  // of `stored`

std::optional<FileStamp> stamp_of(const std::filesystem::path& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
    return FileStamp{static_cast<std::uint64_t>(info.st_size),
                     static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec};
}

bool lies_under(const std::filesystem::path& path, const std::filesystem::path& root) {
    return std::ranges::mismatch(root, path).in1 == root.end();
}

class Comparison {
  public:
    Comparison(std::span<const StoredImage> stored, std::span<const std::filesystem::path> roots)
        : stored_(stored), roots_(roots), seen_(stored.size(), false) {
        for (Row row = 0; row < stored.size(); ++row) by_path_.emplace(stored[row].path.native(), row);
    }

    DiskChanges run(std::span<const IndexCandidate> candidates) {
        std::vector<ImageEntry> unknown;
        for (const IndexCandidate& candidate : candidates) compare(candidate, unknown);
        for (Row row = 0; row < stored_.size(); ++row) {
            const bool gone = !seen_[row] && is_gone(stored_[row].path);
            if (!stored_[row].complete) {
                if (gone) changes_.vanished.push_back(stored_[row].id);
                continue;  // it has nothing to give to another path
            }
            if (gone) gone_.emplace(stored_[row].content_hash, row);
            contents_.insert(stored_[row].content_hash);
        }
        for (ImageEntry& entry : unknown) place(std::move(entry));
        for (const auto& [hash, row] : gone_) changes_.vanished.push_back(stored_[row].id);
        for (const Row row : outdated_) changes_.outdated.push_back(stored_[row].id);
        changes_.plan.removed = changes_.vanished.size();
        return std::move(changes_);
    }

  private:
    // Known by its path, or left in `unknown` with its content's hash.
    void compare(const IndexCandidate& candidate, std::vector<ImageEntry>& unknown) {
        const auto known = by_path_.find(candidate.path.native());
        const bool complete = known != by_path_.end() && stored_[known->second].complete;
        const std::optional<FileStamp> stamp = stamp_of(candidate.path);
        if (complete && stamp == stored_[known->second].stamp) {
            seen_[known->second] = true;
            ++changes_.plan.unchanged;
            if (stored_[known->second].label != candidate.label)
                restamp(known->second, *stamp, candidate.label);
            return;
        }
        std::string hash;
        try {
            if (!stamp) throw Error("not a file any more");
            hash = hash_file(candidate.path);
        } catch (const Error&) {
            changes_.plan.unreadable.push_back(candidate.path);
            return;
        }
        if (known != by_path_.end()) {
            seen_[known->second] = true;
            if (complete && stored_[known->second].content_hash == hash) {
                ++changes_.plan.unchanged;
                return restamp(known->second, *stamp, candidate.label);
            }
            outdated_.insert(known->second);
        }
        unknown.push_back({candidate.path, *stamp, hash, candidate.label});
    }

    // A new path or new content: moved here, copied here, or to be embedded.
    void place(ImageEntry entry) {
        const bool path_is_taken = by_path_.contains(entry.path.native());
        const auto source = gone_.find(entry.content_hash);
        if (source != gone_.end() && !path_is_taken) {
            StoredImage image{std::move(entry), stored_[source->second].id};
            changes_.moved.push_back(std::move(image));
            gone_.erase(source);
            ++changes_.plan.renamed;
        } else if (contents_.contains(entry.content_hash)) {
            changes_.copies.push_back(std::move(entry));
            ++changes_.plan.renamed;
        } else {
            contents_.insert(entry.content_hash);
            changes_.plan.to_embed.push_back(std::move(entry));
        }
    }

    void restamp(Row row, const FileStamp& stamp, const std::string& label) {
        StoredImage image = stored_[row];
        image.stamp = stamp;
        image.label = label;
        changes_.moved.push_back(std::move(image));
    }

    // The candidates are all there is under the roots; elsewhere the file itself decides.
    bool is_gone(const std::filesystem::path& path) const {
        if (std::ranges::any_of(roots_, [&](const auto& root) { return lies_under(path, root); }))
            return true;
        return !stamp_of(path).has_value();
    }

    std::span<const StoredImage> stored_;
    std::span<const std::filesystem::path> roots_;
    std::unordered_map<std::string, Row> by_path_;
    std::vector<bool> seen_;
    std::unordered_multimap<std::string, Row> gone_;  // by content hash
    std::unordered_set<Row> outdated_;
    std::unordered_set<std::string> contents_;  // hashes that have a vector, or will have
    DiskChanges changes_;
};

}  // namespace

DiskChanges compare_with_disk(std::span<const StoredImage> stored, std::span<const IndexCandidate> candidates,
                              std::span<const std::filesystem::path> roots) {
    return Comparison(stored, roots).run(candidates);
}

}  // namespace clipsim
