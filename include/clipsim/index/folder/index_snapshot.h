// One whole version of an index on disk, whatever a writer does meanwhile: images.db, manifest.json,
// index.faiss and text.faiss as they were at one moment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "clipsim/index/folder/manifest.h"
#include "clipsim/index/image_store.h"
#include "clipsim/vectors/live_index.h"

namespace clipsim {

// Thread-safe.
class IndexSnapshot {
  public:
    // ef_search and nprobe are the index's own where `wanted` gives none. A derived file that is missing,
    // damaged or not of this images.db is done without, with a warning: answers then come from images.db,
    // exact but slower to begin. Throws UsageError when there is no index, it is half-written, of another
    // model or written by a newer clipsim.
    static IndexSnapshot open(const std::filesystem::path& folder, const IndexIdentity& identity,
                              const IndexConfig& wanted = {});
    ~IndexSnapshot();
    IndexSnapshot(IndexSnapshot&&) noexcept;
    IndexSnapshot& operator=(IndexSnapshot&&) noexcept;

    const Manifest& manifest() const;
    // The joint vectors are loaded when they are first asked for. Throws UsageError where none are kept.
    const LiveIndex& vectors(IndexSpace space) const;
    LiveIndex& vectors(IndexSpace space);
    std::optional<StoredImage> find(std::int64_t id) const;
    std::vector<std::int64_t> matching(const ImageFilter& filter) const;  // ids, ascending

  private:
    struct Impl;
    explicit IndexSnapshot(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace clipsim
