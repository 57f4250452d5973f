// Bringing an index up to date: plan (what changed on disk), commit (vectors of what was embedded), finish (drop what
// vanished, derive index.faiss). Killed at any moment, the next run goes on from the last committed batch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "clipsim/index/image_store.h"

namespace clipsim {

// A file that should be in the index.
struct IndexCandidate {
    std::filesystem::path path;
    std::string label;
};

struct UpdatePlan {
    std::vector<ImageEntry> to_embed;  // new or changed content
    std::size_t unchanged = 0;
    std::size_t renamed = 0;  // same content at another path, or a new copy: the vector is reused
    std::size_t removed = 0;
    std::vector<std::filesystem::path> unreadable;
    bool empty() const { return to_embed.empty() && renamed == 0 && removed == 0; }
};

struct UpdateReport {
    std::size_t embedded = 0, unchanged = 0, renamed = 0, removed = 0;
    std::int64_t total = 0;  // images in the index afterwards
    IndexType type = IndexType::flat;
};

class IndexUpdater {
 public:
    // Opens index_dir for writing. An index of another model is refused unless `rebuild`, which starts an empty one;
    // the old one stays in place for readers until finish().
    IndexUpdater(const std::filesystem::path& index_dir, const IndexIdentity& identity, const IndexConfig& config,
                 bool rebuild);
    ~IndexUpdater();
    IndexUpdater(const IndexUpdater&) = delete;
    IndexUpdater& operator=(const IndexUpdater&) = delete;

    // Compares the candidates with the store: size and mtime first, the content hash where they differ. Changes nothing.
    // Images of the store that lie outside the candidates' list count as removed.
    const UpdatePlan& plan(std::span<const IndexCandidate> candidates);

    // Stores vectors of some of plan().to_embed; entries: the plan's, vectors: [N, dimension] unit rows.
    void commit(std::span<const ImageEntry> entries, std::span<const float> vectors);

    // Renames, drops what vanished or could not be embedded any more, writes index.faiss and manifest.json.
    UpdateReport finish();

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clipsim
