#include "clipsim/index/merge_indexes.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

struct Part {
    std::unique_ptr<IndexStore> store;
    std::vector<StoredImage> images;
};

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
void commit_part(IndexUpdater& updater, const Part& part, Progress& progress, const MergeOptions& options) {
    constexpr std::size_t batch = 4096;
    for (std::size_t first = 0; first < part.images.size(); first += batch) {
        throw_if_stopped(options.stop, "the previous index is kept");
        std::vector<ImageEntry> entries;
        std::vector<float> image_vectors, text_vectors;
        const std::size_t end = std::min(first + batch, part.images.size());
        const auto append = [&](std::vector<float>& rows, std::int64_t id, Space space) {
            const std::vector<float> row = part.store->vector(id, space);
            rows.insert(rows.end(), row.begin(), row.end());
        };
        for (std::size_t i = first; i < end; ++i) {
            const StoredImage& image = part.images[i];
            if (!image.complete) continue;  // the next `clipsim index` embeds it
            append(image_vectors, image.id, Space::image);
            if (part.store->text_dimension() > 0) append(text_vectors, image.id, Space::text);
            entries.push_back(image);
        }
        updater.commit(entries, image_vectors, text_vectors);
        progress.advance(end - first);
    }
}

}  // namespace

IndexIdentity common_identity(std::span<const MergePart> parts) {
    if (parts.empty()) throw UsageError("index merge needs the folders of the indexes to merge");
    IndexIdentity identity = parts.front().identity;
    const auto is_matrix = [&](const MergePart& part) {
        return is_imported(part.identity) && part.identity.dimension == identity.dimension;
    };
    if (parts.size() > 1 && std::ranges::all_of(parts, is_matrix)) {
        std::string hashes;
        for (const MergePart& part : parts) hashes += part.identity.model_hash;
        identity.model_hash = hash_bytes(std::as_bytes(std::span(hashes)));
        return identity;
    }
    for (const MergePart& part : parts) {
        if (part.identity.same_vectors(identity)) continue;
        throw UsageError(concat(part.name, " was made with ", difference(part.identity, identity), " as ",
                                parts[0].name, " was; they cannot be merged"));
    }
    return identity;
}

MergeSummary merge_indexes(std::vector<MergePart> opened, std::unique_ptr<IndexWriter> target,
                           const MergeOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<Part> parts;
    std::vector<std::filesystem::path> roots;
    for (MergePart& part : opened) {
        const std::vector<std::filesystem::path> of_part = part.store->roots();
        roots.insert(roots.end(), of_part.begin(), of_part.end());
        std::vector<StoredImage> images = part.store->images();
        parts.push_back({std::move(part.store), std::move(images)});
    }
    MergeSummary summary;
    summary.duplicates = drop_older(parts);
    std::size_t total = 0;
    for (const Part& part : parts) total += part.images.size();

    target->store()->keep_roots(IndexRoots(roots).folders());
    IndexUpdater updater(std::move(target));
    updater.start_over();
    Progress progress("merging", "images", total, options.progress);
    for (const Part& part : parts) commit_part(updater, part, progress, options);
    progress.finish();
    summary.report = updater.finish();
    summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return summary;
}

}  // namespace clipsim
