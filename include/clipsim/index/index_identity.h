// What an index is and for which model, wherever it is kept.
#pragma once

#include <cstdint>
#include <string>

#include "clipsim/core/error.h"
#include "clipsim/vectors/index_parameters.h"

namespace clipsim {

// own: the space that images are compared in. joint: CLIP's joint space of images and sentences, kept beside
// it where own is another.
enum class IndexSpace { own, joint };

// Which vectors an index holds; two indexes mix only when hash and dimension agree.
struct IndexIdentity {
    std::string model_id;
    std::string model_hash;
    int dimension = 0;
    int joint_dimension = 0;  // 0: none are kept
};

struct IndexDescription {
    IndexIdentity identity;
    IndexParameters parameters;  // as asked for, `type` resolved: never automatic
    std::int64_t images = 0;     // that the index holds
};

// What a newer clipsim wrote, and this one therefore leaves alone.
class NewerIndexError : public UsageError {
  public:
    using UsageError::UsageError;
};

}  // namespace clipsim
