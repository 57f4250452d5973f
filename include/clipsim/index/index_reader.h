// What a search asks of an index, wherever it is kept: the nearest images, all of one state of the index.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/index/image_filter.h"
#include "clipsim/index/index_identity.h"
#include "clipsim/index/index_store.h"
#include "clipsim/vectors/vector_index.h"

namespace clipsim {

struct FoundImage {
    std::int64_t id = 0;
    std::filesystem::path path;
    std::string label;
    float score = 0;                // inner product of unit vectors: cosine similarity
    std::string content_hash = {};  // of the file's bytes, as hash_file makes it
};

// What an index takes up, and when it was last written to.
struct IndexStorage {
    std::uint64_t bytes = 0;
    std::optional<std::int64_t> changed_s = {};  // since 1970; none: not known
};

// A writer took away what the reader's state is made of: it has to be opened again.
class StaleIndexError : public Error {
  public:
    using Error::Error;
};

// Thread-safe.
class IndexReader {
  public:
    virtual ~IndexReader() = default;
    virtual const IndexDescription& description() const = 0;
    // Loads what searches of the space take, so that the first of them is as fast as the others. Throws as
    // nearest does.
    virtual void load(Space space) const = 0;
    // The k nearest among the images that fit, best first; fewer only when there are fewer. `query` is a unit
    // vector of `space`. Throws UsageError for a space of which the index keeps no vectors, StaleIndexError.
    virtual std::vector<FoundImage> nearest(std::span<const float> query, int k, Space space,
                                            const ImageFilter& where) const = 0;
    // The same for a matrix of queries [Q, dimension] in the space of images.
    virtual NearestRows nearest_rows(std::span<const float> queries, int k,
                                     const ImageFilter& where) const = 0;
    // What the index holds of each image that fits, without its vectors, by id.
    virtual std::vector<StoredImage> images(const ImageFilter& where) const = 0;
    virtual std::vector<std::string> labels() const = 0;  // each once, sorted
    virtual IndexStorage storage() const = 0;
    // False: a writer has changed the index since, and what is opened now sees that.
    virtual bool is_current() const = 0;
};

}  // namespace clipsim
