#include "clipsim/index/merge_indexes.h"

#include <chrono>
#include <unordered_map>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/text.h"
#include "clipsim/index/manifest.h"
#include "clipsim/index/sqlite_store.h"

namespace clipsim {

namespace {

struct Part {
    std::filesystem::path folder;
    SqliteStore store;
    std::vector<StoredImage> images;
};

IndexIdentity identity_in(const std::filesystem::path& folder) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder / "manifest.json", ignored)) {
        throw UsageError(concat(printable(folder),
                                " holds no finished index (no manifest.json); run `clipsim index --shard` "
                                "there to its end"));
    }
    return read_manifest(folder / "manifest.json").identity;
}

std::vector<Part> open_parts(std::span<const std::filesystem::path> folders, const IndexIdentity& identity) {
    std::vector<Part> parts;
    for (const std::filesystem::path& folder : folders) {
        const IndexIdentity other = identity_in(folder);
        if (other.model_hash != identity.model_hash || other.dimension != identity.dimension ||
            other.joint_dimension != identity.joint_dimension) {
            throw UsageError(concat(printable(folder), " is of another model (", other.model_id, ", ",
                                    other.dimension, "+", other.joint_dimension, " dimensions, ",
                                    other.model_hash.substr(0, 8), ") than ", printable(folders[0]), " (",
                                    identity.model_id, ", ", identity.dimension, "+",
                                    identity.joint_dimension, " dimensions, ",
                                    identity.model_hash.substr(0, 8), "); they cannot be merged"));
        }
        SqliteStore store = SqliteStore::open_for_reading(folder / "images.db", identity);
        std::vector<StoredImage> images = store.images();
        parts.push_back({folder, std::move(store), std::move(images)});
    }
    return parts;
}

// Leaves each path in one part. The number of those left out.
std::size_t drop_older(std::vector<Part>& parts) {
    std::unordered_map<std::string, std::pair<std::size_t, std::int64_t>> newest;  // part and time of a path
    for (std::size_t p = 0; p < parts.size(); ++p) {
        for (const StoredImage& image : parts[p].images) {
            const std::pair candidate{p, image.stamp.mtime_ns};
            const auto [known, is_new] = newest.try_emplace(image.path.native(), candidate);
            if (!is_new && candidate.second >= known->second.second) known->second = candidate;
        }
    }
    std::size_t dropped = 0;
    for (std::size_t p = 0; p < parts.size(); ++p) {
        dropped += std::erase_if(parts[p].images, [&](const StoredImage& image) {
            return newest.at(image.path.native()).first != p;
        });
    }
    return dropped;
}

// Batch by batch, so that Ctrl-C is heard.
void commit_part(IndexUpdater& updater, const Part& part, const IndexIdentity& identity, Progress& progress,
                 const MergeOptions& options) {
    constexpr std::size_t batch = 4096;
    for (std::size_t first = 0; first < part.images.size(); first += batch) {
        throw_if_stopped(options.stop, "the index that was there before is kept");
        std::vector<ImageEntry> entries;
        std::vector<float> vectors, joint;
        const std::size_t end = std::min(first + batch, part.images.size());
        const auto append = [&](std::vector<float>& rows, std::int64_t id, IndexSpace space) {
            const std::vector<float> row = part.store.vector(id, space);
            rows.insert(rows.end(), row.begin(), row.end());
        };
        for (std::size_t i = first; i < end; ++i) {
            const StoredImage& image = part.images[i];
            if (!image.complete) continue;  // the next `clipsim index` embeds it
            append(vectors, image.id, IndexSpace::own);
            if (identity.joint_dimension > 0) append(joint, image.id, IndexSpace::joint);
            entries.push_back(image);
        }
        updater.commit(entries, vectors, joint);
        progress.advance(end - first);
    }
}

}  // namespace

MergeSummary merge_indexes(const std::filesystem::path& index_dir, const IndexConfig& config,
                           std::span<const std::filesystem::path> folders, const MergeOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    if (folders.empty()) throw UsageError("index merge wants the folders of the indexes to merge");
    const IndexIdentity identity = identity_in(folders[0]);
    std::vector<Part> parts = open_parts(folders, identity);
    MergeSummary summary;
    summary.duplicates = drop_older(parts);
    std::size_t total = 0;
    for (const Part& part : parts) total += part.images.size();

    UpdateSettings settings;
    settings.stop = options.stop;
    IndexUpdater updater(index_dir, identity, config, IndexUpdater::Mode::rebuild, options.threads, settings);
    updater.plan({},
                 std::vector{std::filesystem::path("/")});  // what an earlier, killed merge left is dropped
    Progress progress("merging", "images", total, options.progress);
    for (const Part& part : parts) commit_part(updater, part, identity, progress, options);
    progress.finish();
    summary.report = updater.finish();
    summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return summary;
}

}  // namespace clipsim
