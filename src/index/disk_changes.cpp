#include "disk_changes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "clipsim/core/error.h"
#include "clipsim/core/files/descriptor.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/parallel.h"

namespace clipsim {

namespace {

using Row = std::size_t;  // of `stored`

constexpr const char* kept = "nothing was changed";

bool lies_under(const std::filesystem::path& path, const std::filesystem::path& root) {
    return std::ranges::mismatch(root, path).in1 == root.end();
}

// Of the first and the last 4 KiB: tells apart most files that have nothing but their size in common.
std::string hash_ends(const std::filesystem::path& path) {
    constexpr std::size_t piece = 4096;
    const Descriptor file(path, O_RDONLY);
    std::array<std::byte, 2 * piece> bytes{};
    const ssize_t head = ::pread(file.get(), bytes.data(), piece, 0);
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    const off_t last = std::max(off_t{0}, size - static_cast<off_t>(piece));
    const ssize_t tail = ::pread(file.get(), bytes.data() + piece, piece, last);
    if (!file.valid() || head < 0 || tail < 0) throw Error(errno_text());
    return hash_bytes(bytes);
}

// A candidate that is not known to be unchanged.
struct NewFile {
    ImageEntry entry;
    bool readable = true;
    std::string ends = {};
};

class Comparison {
  public:
    Comparison(std::span<const StoredImage> stored, std::span<const std::filesystem::path> roots,
               const PlanOptions& options)
        : stored_(stored), roots_(roots), options_(options), seen_(stored.size(), false) {
        for (Row row = 0; row < stored.size(); ++row) by_path_.emplace(stored[row].path.native(), row);
    }

    DiskChanges run(std::span<const IndexCandidate> candidates) {
        std::vector<NewFile> files = files_that_changed(candidates);
        hash_ahead(files);
        std::vector<ImageEntry> unknown;
        for (NewFile& file : files) compare(file, unknown);
        for (Row row = 0; row < stored_.size(); ++row) {
            throw_if_stopped(options_.stop, kept);
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
    // Calls work(i) for all i on all threads.
    template <typename Work>
    void for_all(const char* title, std::size_t count, Work&& work) const {
        Progress progress(title, "files", count, options_.progress);
        pool_.parallel_for(count, 1, [&](std::size_t begin, std::size_t end, std::size_t) {
            for (std::size_t i = begin; i < end; ++i) {
                throw_if_stopped(options_.stop, kept);
                work(i);
                progress.advance();
            }
        });
        progress.finish_if_shown();
    }

    // Looks at the stamp of each.
    std::vector<NewFile> files_that_changed(std::span<const IndexCandidate> candidates) {
        std::vector<std::optional<StatStamp>> stamps(candidates.size());
        for_all("comparing", candidates.size(),
                [&](std::size_t i) { stamps[i] = stat_stamp(candidates[i].path); });
        std::vector<NewFile> files;
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            const auto& [path, label] = candidates[i];
            const auto known = by_path_.find(path.native());
            if (known != by_path_.end()) {
                const StoredImage& image = stored_[known->second];
                seen_[known->second] = stamps[i].has_value();
                if (image.complete && stamps[i] && *stamps[i] == image.stamp) {
                    ++changes_.plan.unchanged;
                    if (image.label != label) restamp(known->second, image.stamp, label);
                    continue;
                }
            }
            files.push_back({{path, stamps[i].value_or(StatStamp{}), {}, label}, stamps[i].has_value()});
        }
        return files;
    }

    // Only a file whose size another one has, or had, can be a copy of it, or it at another path. All others
    // are hashed when they are decoded, which reads them anyway.
    void hash_ahead(std::vector<NewFile>& files) {
        std::unordered_set<std::uint64_t> known_sizes;
        for (const StoredImage& image : stored_) {
            if (image.complete) known_sizes.insert(image.stamp.size);
        }
        std::unordered_map<std::uint64_t, std::size_t> new_sizes;
        for (const NewFile& file : files) ++new_sizes[file.entry.stamp.size];
        std::vector<NewFile*> to_hash, of_one_size;
        for (NewFile& file : files) {
            if (!file.readable) continue;
            if (known_sizes.contains(file.entry.stamp.size)) {
                to_hash.push_back(&file);
            } else if (new_sizes[file.entry.stamp.size] > 1) {
                of_one_size.push_back(&file);
            }
        }
        read(of_one_size, [](NewFile& file) { file.ends = hash_ends(file.entry.path); });
        std::unordered_map<std::string, std::size_t> same_ends;
        for (const NewFile* file : of_one_size) ++same_ends[file->ends];
        for (NewFile* file : of_one_size) {
            if (file->readable && same_ends[file->ends] > 1) to_hash.push_back(file);
        }
        read(to_hash, [&](NewFile& file) {
            file.entry.content_hash = hash_file_unless_stopped(file.entry.path, options_.stop);
        });
        changes_.plan.hashed_ahead = to_hash.size();
    }

    template <typename Read>
    void read(std::span<NewFile* const> files, Read&& read) const {
        if (files.empty()) return;
        for_all("looking for copies", files.size(), [&](std::size_t i) {
            try {
                read(*files[i]);
            } catch (const Interrupted&) {
                throw;
            } catch (const Error&) {
                files[i]->readable = false;
            }
        });
    }

    // Known by its path, or left in `unknown`.
    void compare(NewFile& file, std::vector<ImageEntry>& unknown) {
        const auto known = by_path_.find(file.entry.path.native());
        if (!file.readable) {
            if (known != by_path_.end()) seen_[known->second] = false;
            changes_.plan.unreadable.push_back(std::move(file.entry.path));
            return;
        }
        if (known != by_path_.end()) {
            const StoredImage& image = stored_[known->second];
            if (image.complete && image.content_hash == file.entry.content_hash) {
                ++changes_.plan.unchanged;
                return restamp(known->second, file.entry.stamp, file.entry.label);
            }
            outdated_.insert(known->second);
        }
        unknown.push_back(std::move(file.entry));
    }

    // A new path or new content: moved here, copied here, or to be embedded.
    void place(ImageEntry entry) {
        const bool path_is_taken = by_path_.contains(entry.path.native());
        if (entry.content_hash.empty()) {
            changes_.plan.to_embed.push_back(std::move(entry));
            return;
        }
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
        return !stat_stamp(path).has_value();
    }

    std::span<const StoredImage> stored_;
    std::span<const std::filesystem::path> roots_;
    const PlanOptions& options_;
    const ThreadPool pool_{options_.threads};
    std::unordered_map<std::string, Row> by_path_;
    std::vector<bool> seen_;
    std::unordered_multimap<std::string, Row> gone_;  // by content hash
    std::unordered_set<Row> outdated_;
    std::unordered_set<std::string> contents_;  // hashes that have a vector, or will have
    DiskChanges changes_;
};

}  // namespace

DiskChanges compare_with_disk(std::span<const StoredImage> stored, std::span<const IndexCandidate> candidates,
                              std::span<const std::filesystem::path> roots, const PlanOptions& options) {
    return Comparison(stored, roots, options).run(candidates);
}

}  // namespace clipsim
