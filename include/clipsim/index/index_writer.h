// What an update of an index writes to, wherever it is kept: the store of images, and what searches use
// beside it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "clipsim/index/index_store.h"

namespace clipsim {

enum class UpdateMode {
    update,
    rebuild,  // from scratch, aside: readers keep the old state until it is published; any model's index is
              // replaced
    dry_run,  // nothing is written
};

// How an update is carried out. Rows that came since index.faiss was written (the delta) are searched one by
// one, and those that were deleted since (tombstones) are passed over, until it is worth writing the file
// again.
struct UpdateSettings {
    std::chrono::milliseconds wait{0};  // for another process that updates the index
    std::stop_token stop = {};          // ends the wait
    // Derived files are read whole and compared with their checksums also where size and time of change say
    // that they are as they were written.
    bool verify = false;
    // A delta of more rows than this share of index.faiss, or than this number, is added to it.
    double delta_share = 1.0 / 64;
    std::int64_t most_delta = 4096;
    // More deleted rows than this share of index.faiss, and it is rebuilt.
    double deleted_share = 0.2;
};

// How long the commands wait for another process that updates the same index.
inline constexpr std::chrono::seconds patience_with_writers{60};

struct UpdateReport {
    std::size_t embedded = 0, unchanged = 0, renamed = 0, copies = 0, removed = 0, excluded = 0;
    std::int64_t total = 0;  // images in the index afterwards
    IndexType type = IndexType::flat;
    IndexParameters parameters;  // all resolved
    double build_seconds = 0;    // bringing index.faiss (and text.faiss) into step with the store
    enum class Derivation { kept, added_to, rebuilt };
    Derivation derivation = Derivation::kept;  // what became of them
    std::int64_t delta = 0;                    // images that are not in index.faiss, but searched beside it
    std::int64_t deleted = 0;                  // images that were deleted since it was rebuilt
};

// The only one of its index at a time. One object serves one thread at a time.
class IndexWriter {
  public:
    virtual ~IndexWriter() = default;
    // The images to compare with and to write to; of a rebuild those that it has so far. Null for a dry run
    // where there is no index.
    virtual IndexStore* store() = 0;
    // Ends an update: a rebuild takes the place of what was there, what searches use is derived from the
    // store. Fills in all but the counts of what was done to the images. A stop that is requested meanwhile
    // may end it with Interrupted; what was committed is kept.
    virtual void publish(UpdateReport& report) = 0;
};

}  // namespace clipsim
