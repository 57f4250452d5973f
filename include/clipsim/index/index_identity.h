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

// What a newer clipsim wrote, and this one therefore leaves alone.
class NewerIndexError : public UsageError {
  public:
    using UsageError::UsageError;
};

}  // namespace clipsim
