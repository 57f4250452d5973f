// Whether a derived file is the one that the manifest vouches for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace clipsim {

// What a file looked like when it was hashed.
struct FileSeal {
    std::string hash;  // XXH3-128
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;  // 0: not known

    bool operator==(const FileSeal&) const = default;
};

// Reads the file. Throws Error.
FileSeal seal_file(const std::filesystem::path& file);

// Of a file that was just written, hashed as it was. Throws Error.
FileSeal seal_written(const std::filesystem::path& file, std::string hash);

// What seal_file would return. The file is read only where its size or time of change is not the seal's.
// Throws Error.
FileSeal renewed_seal(const std::filesystem::path& file, const FileSeal& seal);

// A file of up to 64 MiB is hashed, which takes some milliseconds. A larger one is taken for intact where its
// size and time of change are those of the seal, so that a start does not read it whole, and hashed
// otherwise. (seal_file always reads, and `clipsim index --verify` calls it.) Throws Error for a file that
// can't be read.
bool is_intact(const std::filesystem::path& file, const FileSeal& seal);

}  // namespace clipsim
