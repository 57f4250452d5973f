// What an index is and for which model, wherever it is kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/space.h"
#include "clipsim/vectors/index_parameters.h"

namespace clipsim {

// Which vectors an index holds: of the image space and, where that is not the text space too and sentences
// are to be searched for, of the text space beside it.
struct IndexIdentity {
    std::string model_id;
    std::string model_hash;
    int dimension = 0;       // of the image space
    int text_dimension = 0;  // of the text space; 0: no vectors of it are kept
    // What model_hash is made of, for messages: empty in an index of an earlier version.
    std::string base_hash = {};  // of the model before it was fine-tuned; model_hash where it was not
    std::string precision = {};  // as model.precision calls it

    int dimension_of(Space space) const { return space == Space::image ? dimension : text_dimension; }
    // Whether the vectors of the two may be compared; the id is a name.
    bool same_vectors(const IndexIdentity& other) const {
        return model_hash == other.model_hash && dimension == other.dimension &&
               text_dimension == other.text_dimension;
    }
};

struct IndexDescription {
    IndexIdentity identity;
    IndexParameters parameters;                     // as asked for, `type` resolved: never automatic
    std::int64_t images = 0;                        // that the index holds
    std::vector<std::filesystem::path> roots = {};  // the folders that it was made of, where they are known
};

// Whether the vectors came from another tool (`clipsim vectors index V.npy`): an index of a matrix bears its
// name. They can't be made again from photos.
inline bool is_imported(const IndexIdentity& identity) {
    return identity.model_id.ends_with(".npy");
}

// In what two identities differ, e.g. "model clip-lite, not clip-nano"; "" where they may be compared.
std::string difference(const IndexIdentity& stored, const IndexIdentity& wanted);

// own: what this program may make anew; shared: others search it too, and a reader whose model is not the
// index's is not told to take it from them.
enum class IndexUse { own, shared };

// Throws UsageError where the vectors of the index in `place` are not those of `wanted`: what differs, and
// how to go on. The text space may differ: it is only looked at when it is asked for.
void check_same_model(const std::string& place, const IndexIdentity& stored, const IndexIdentity& wanted,
                      IndexUse use = IndexUse::own);

// There is no index in the place.
class NoIndexError : public UsageError {
  public:
    using UsageError::UsageError;
};

// What a newer clipsim wrote, and this one therefore leaves alone.
class NewerIndexError : public UsageError {
  public:
    using UsageError::UsageError;
};

}  // namespace clipsim
