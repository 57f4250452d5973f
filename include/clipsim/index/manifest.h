// index/manifest.json: what an index is and for which model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "clipsim/core/config.h"

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

struct Manifest {
    static constexpr int current_schema_version = 2;  // 1: without joint vectors
    int schema_version = current_schema_version;
    IndexIdentity identity;
    std::string metric = "cosine";
    IndexConfig config;            // as asked for, `type` resolved: never automatic
    std::int64_t images = 0;       // rows of images.db
    std::int64_t vectors = 0;      // of index.faiss
    std::uint64_t generation = 0;  // of images.db when index.faiss was derived from it
    std::string index_hash;        // XXH3-128 of index.faiss
    std::string joint_index_hash;  // of text.faiss; "" where identity.joint_dimension is 0
};

// Throws UsageError: missing, not JSON, a newer schema version. The message says to run `clipsim index`.
Manifest read_manifest(const std::filesystem::path& file);
void write_manifest(const std::filesystem::path& file, const Manifest& manifest);  // atomic

}  // namespace clipsim
