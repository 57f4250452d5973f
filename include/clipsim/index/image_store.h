// index/images.db: the truth about what is indexed. SQLite in WAL mode; one writer, many readers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "clipsim/index/manifest.h"

namespace clipsim {

// What a stat tells about a file.
struct FileStamp {
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
    bool operator==(const FileStamp&) const = default;
};

struct StoredImage {
    std::int64_t id = 0;
    std::filesystem::path path;  // absolute, any bytes
    FileStamp stamp;
    std::string content_hash;
    std::string label;  // "" where there is none
};

// What identifies a file for the index without its vector.
struct ImageEntry {
    std::filesystem::path path;
    FileStamp stamp;
    std::string content_hash;
    std::string label;
};

class ImageStore {
 public:
    enum class Mode { read, write };
    // Opens or (write) creates. Throws UsageError for another identity, a newer schema, a file that is no such database,
    // or (write) when another writer holds it.
    ImageStore(const std::filesystem::path& file, const IndexIdentity& identity, Mode mode);
    ~ImageStore();
    ImageStore(ImageStore&&) noexcept;
    ImageStore& operator=(ImageStore&&) noexcept;

    std::vector<StoredImage> images() const;  // by id
    std::optional<StoredImage> find(std::int64_t id) const;
    std::vector<float> vector(std::int64_t id) const;
    // All ids and vectors, [N] and [N, dimension], by id.
    void load_vectors(std::vector<std::int64_t>& ids, std::vector<float>& vectors) const;
    std::int64_t count() const;
    // Grows with every transaction that changes what a search would find.
    std::uint64_t generation() const;

    // Each call is one transaction: all of it or nothing. An entry whose path is there already replaces it, with a new id.
    void put(std::span<const ImageEntry> entries, std::span<const float> vectors);  // [N, dimension]
    void rename(std::int64_t id, const ImageEntry& entry);  // keeps id and vector
    void remove(std::span<const std::int64_t> ids);

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clipsim
