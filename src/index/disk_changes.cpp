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
#include "clipsim/core/files/own_output.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/parallel.h"
#include "clipsim/core/text.h"
#include "missing_files.h"

namespace clipsim {

namespace {

using Row = std::size_t;  // of `stored`

constexpr const char* kept = "nothing was changed";

bool lies_under_one_of(const std::filesystem::path& path, std::span<const std::filesystem::path> places) {
    return std::ranges::any_of(places, [&](const std::filesystem::path& place) {
        return std::ranges::mismatch(place, path).in1 == place.end();
    });
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
    if (!file.valid() || head < 0 || tail < 0)
        throw Error(concat("cannot read ", printable(path), ": ", errno_text()));
    return hash_bytes(bytes);
}

// A candidate that is not known to be unchanged.
struct NewFile {
    ImageEntry entry;
    std::string problem = {};  // why it could not be read
    std::string ends = {};
};

// More rows than this, and more than a tenth of all, are not dropped unasked.
constexpr std::size_t a_handful = 5;

bool are_many(std::size_t rows, std::size_t of) {
    return rows > a_handful && rows * 10 > of;
}

class Comparison {
  public:
    Comparison(std::span<const StoredImage> stored, std::span<const std::filesystem::path> roots,
               const PlanOptions& options)
        : stored_(stored), roots_(roots), options_(options), rows_(stored.size(), RowState::not_met) {
        for (Row row = 0; row < stored.size(); ++row) by_path_.emplace(stored[row].path.native(), row);
    }

    DiskChanges run(std::span<const IndexCandidate> candidates) {
        std::vector<NewFile> files = files_that_changed(candidates);
        hash_ahead(files);
        std::vector<ImageEntry> unknown;
        for (NewFile& file : files) compare(file, unknown);
        for (Row row = 0; row < stored_.size(); ++row) {
            throw_if_stopped(options_.stop, kept);
            if (rows_[row] == RowState::not_met) look_for(row);
            if (stored_[row].complete) contents_.insert(stored_[row].content_hash);
        }
        for (ImageEntry& entry : unknown) place(std::move(entry));
        for (Row row = 0; row < stored_.size(); ++row) decide(row);
        drop_vanished();
        return std::move(changes_);
    }

  private:
    // Size and times; an older index knows only one of these.
    static bool looks_unchanged(const StoredImage& image, const StatStamp& stamp) {
        return image.complete && static_cast<const FileStamp&>(stamp) == image.stamp &&
               (image.ctime_ns == 0 || image.ctime_ns == stamp.ctime_ns);
    }

    bool is_known_unchanged(const std::filesystem::path& path, const StatStamp& stamp) const {
        const auto known = by_path_.find(path.native());
        return known != by_path_.end() && looks_unchanged(stored_[known->second], stamp);
    }

    enum class RowState {
        not_met,
        met,  // unchanged, or looked at again
        unreadable,
        outdated,  // the file has other content now
        moved,     // the row has another path now
        excluded,  // the file is there, and left out of the walk
        gone,
        elsewhere,  // not under the roots, and there
        of_others,  // another machine brought it: not for this one to take away
        unseen,     // nobody knows, or it is not for us to say
    };

    // Of a row whose path is none of the candidates.
    void look_for(Row row) {
        const std::filesystem::path& path = stored_[row].path;
        const bool walked = lies_under_one_of(path, roots_);
        const bool out_of_sight = walked && lies_under_one_of(path, options_.unseen);
        Finding finding = missing_.look_for(path);
        if (finding.fate == Fate::there && stored_[row].complete) here_.insert(stored_[row].content_hash);
        if (!stored_[row].machine.empty() && !(options_.prune && walked && finding.fate == Fate::gone)) {
            // Its file is on the other machine: the same content here is a copy.
            if (stored_[row].complete) here_.insert(stored_[row].content_hash);
            rows_[row] = RowState::of_others;
            return;
        }
        if (finding.fate == Fate::there && !walked) {
            rows_[row] = RowState::elsewhere;
            return;
        }
        if (out_of_sight && finding.fate != Fate::away)
            finding = {Fate::unknown, path.parent_path(), "it could not be looked into"};
        const bool may_go = finding.fate == Fate::there || finding.fate == Fate::gone ||
                            (options_.prune && finding.fate != Fate::unknown);
        rows_[row] = finding.fate == Fate::there ? RowState::excluded
                     : may_go                    ? RowState::gone
                                                 : RowState::unseen;
        if (rows_[row] == RowState::unseen) {
            unseen_.emplace(row,
                            UnseenImage{path, finding.place, finding.reason, finding.fate != Fate::unknown});
        }
        // A folder that was renamed is not there under its old name.
        const bool may_move = finding.fate != Fate::away && finding.fate != Fate::unknown;
        if (stored_[row].complete && may_move) movable_.emplace(stored_[row].content_hash, row);
    }

    // A row that stays, and that no candidate labels.
    void relabel(Row row) {
        const StoredImage& image = stored_[row];
        if (options_.roots == nullptr) return;
        const std::optional<std::string> label = options_.roots->label_of(image.path);
        if (label && *label != image.label) restamp(row, image.stamp, image.ctime_ns, *label);
    }

    void decide(Row row) {
        const StoredImage& image = stored_[row];
        const RowState state = rows_[row];
        if (state == RowState::elsewhere || state == RowState::unseen || state == RowState::of_others)
            relabel(row);
        if (!image.machine.empty()) ++changes_.plan.of_others[image.machine];
        if (rows_[row] == RowState::gone) {
            vanished_.push_back(row);
        } else if (rows_[row] == RowState::excluded) {
            changes_.plan.excluded.push_back(image.path);
            changes_.vanished.push_back(image.id);
        } else if (rows_[row] == RowState::outdated) {
            changes_.outdated.push_back(image);
        } else if (const auto unseen = unseen_.find(row);
                   rows_[row] == RowState::unseen && unseen != unseen_.end()) {
            changes_.plan.unseen.push_back(std::move(unseen->second));
        }
    }

    void drop_vanished() {
        const auto own = static_cast<std::size_t>(
            std::ranges::count_if(stored_, [](const StoredImage& image) { return image.machine.empty(); }));
        const bool too_many = !options_.prune && are_many(vanished_.size(), own);
        for (const Row row : vanished_) {
            (too_many ? changes_.plan.too_many : changes_.plan.removed).push_back(stored_[row].path);
            if (!too_many) changes_.vanished.push_back(stored_[row].id);
        }
    }

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
        std::vector<std::string> problems(candidates.size());
        std::vector<char> drawn(
            candidates.size());  // by clipsim; chars, which threads may write side by side
        for_all("comparing", candidates.size(), [&](std::size_t i) {
            const std::filesystem::path& path = candidates[i].path;
            stamps[i] = stat_stamp(path);
            if (!stamps[i]) {
                problems[i] = concat("cannot read ", printable(path), ": ", errno_text());
            } else if (!is_known_unchanged(path, *stamps[i])) {
                drawn[i] = is_own_output(path) ? 1 : 0;
            }
        });
        std::vector<NewFile> files;
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            const auto& [path, label] = candidates[i];
            const auto known = by_path_.find(path.native());
            if (known != by_path_.end()) {
                const StoredImage& image = stored_[known->second];
                if (stamps[i]) rows_[known->second] = drawn[i] != 0 ? RowState::excluded : RowState::met;
                if (stamps[i] && looks_unchanged(image, *stamps[i])) {
                    ++changes_.plan.unchanged;
                    here_.insert(image.content_hash);
                    if (image.label != label || image.ctime_ns != stamps[i]->ctime_ns)
                        restamp(known->second, image.stamp, stamps[i]->ctime_ns, label);
                    continue;
                }
            }
            if (drawn[i] != 0) {
                ++changes_.plan.drawn;
                continue;
            }
            const StatStamp stamp = stamps[i].value_or(StatStamp{});
            files.push_back({{path, stamp, {}, label, stamp.ctime_ns}, std::move(problems[i])});
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
            if (!file.problem.empty()) continue;
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
            if (file->problem.empty() && same_ends[file->ends] > 1) to_hash.push_back(file);
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
            } catch (const Error& error) {
                files[i]->problem = error.what();
            }
        });
    }

    // Known by its path, or left in `unknown`.
    void compare(NewFile& file, std::vector<ImageEntry>& unknown) {
        const auto known = by_path_.find(file.entry.path.native());
        if (!file.problem.empty()) {
            if (known != by_path_.end() && rows_[known->second] == RowState::met)
                rows_[known->second] = RowState::unreadable;
            changes_.plan.unreadable.push_back({std::move(file.entry.path), std::move(file.problem)});
            return;
        }
        if (known != by_path_.end()) {
            const StoredImage& image = stored_[known->second];
            if (image.complete && image.content_hash == file.entry.content_hash) {
                ++changes_.plan.unchanged;
                here_.insert(image.content_hash);
                return restamp(known->second, file.entry.stamp, file.entry.ctime_ns, file.entry.label);
            }
            rows_[known->second] = RowState::outdated;
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
        const auto source = movable_.find(entry.content_hash);
        if (source != movable_.end() && !path_is_taken) {
            StoredImage image{std::move(entry), stored_[source->second].id};
            changes_.moved.push_back(std::move(image));
            rows_[source->second] = RowState::moved;
            movable_.erase(source);
            here_.insert(changes_.moved.back().content_hash);
            ++changes_.plan.renamed;
        } else if (contents_.contains(entry.content_hash)) {
            const bool is_copy = !here_.insert(entry.content_hash).second;
            ++(is_copy ? changes_.plan.copies : changes_.plan.renamed);
            changes_.copies.push_back(std::move(entry));
        } else {
            contents_.insert(entry.content_hash);
            here_.insert(entry.content_hash);
            changes_.plan.to_embed.push_back(std::move(entry));
        }
    }

    void restamp(Row row, const FileStamp& stamp, std::int64_t ctime_ns, const std::string& label) {
        StoredImage image = stored_[row];
        image.stamp = stamp;
        image.ctime_ns = ctime_ns;
        image.label = label;
        changes_.moved.push_back(std::move(image));
    }

    std::span<const StoredImage> stored_;
    std::span<const std::filesystem::path> roots_;
    const PlanOptions& options_;
    const ThreadPool pool_{options_.threads};
    std::unordered_map<std::string, Row> by_path_;
    std::vector<RowState> rows_;
    MissingFiles missing_;
    std::unordered_map<Row, UnseenImage> unseen_;
    std::unordered_multimap<std::string, Row> movable_;  // by content hash
    std::vector<Row> vanished_;
    std::unordered_set<std::string> contents_;  // hashes that have a vector, or will have
    std::unordered_set<std::string> here_;      // those of files that are where the index says, or will be
    DiskChanges changes_;
};

}  // namespace

DiskChanges compare_with_disk(std::span<const StoredImage> stored, std::span<const IndexCandidate> candidates,
                              std::span<const std::filesystem::path> roots, const PlanOptions& options) {
    return Comparison(stored, roots, options).run(candidates);
}

}  // namespace clipsim
