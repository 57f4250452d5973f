// One whole version of an index in a folder: the vectors of images.db, index.faiss and text.faiss as they
// were at one moment, whatever a writer does meanwhile. images.db is not held on to, as its log could then
// only grow: what an image is called is looked up in its newest state, and an image that is not there any
// more makes the snapshot a stale one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "clipsim/index/folder/manifest.h"
#include "clipsim/index/index_reader.h"
#include "clipsim/index/index_store.h"
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
                              const IndexParameters& wanted = {});
    ~IndexSnapshot();
    IndexSnapshot(IndexSnapshot&&) noexcept;
    IndexSnapshot& operator=(IndexSnapshot&&) noexcept;

    const Manifest& manifest() const;
    // Neither images.db nor the manifest was written since it was opened.
    bool is_current() const;
    // Those of the text space are loaded when they are first asked for. Throws UsageError where none are
    // kept, StaleIndexError where they were not loaded in time.
    const LiveIndex& vectors(Space space) const;
    LiveIndex& vectors(Space space);
    std::vector<StoredImage> find(std::span<const std::int64_t> ids) const;  // throws StaleIndexError
    std::vector<std::int64_t> matching(const ImageFilter& filter) const;     // ids, ascending
    std::vector<StoredImage> images() const;                                 // by id
    std::vector<std::string> labels() const;                                 // each once, sorted

  private:
    struct Impl;
    explicit IndexSnapshot(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace clipsim
