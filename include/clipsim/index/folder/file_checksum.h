// Whether a derived file is the one that the manifest vouches for.
#pragma once

#include <filesystem>
#include <string>

#include "clipsim/core/files/file_stamp.h"

namespace clipsim {

// What a file looked like when it was hashed.
struct FileChecksum {
    std::string hash;  // XXH3-128
    FileStamp stamp;   // mtime_ns 0: not known

    bool operator==(const FileChecksum&) const = default;
};

// Reads the file. Throws Error.
FileChecksum checksum_file(const std::filesystem::path& file);

// Of a file that was just written, hashed as it was. Throws Error.
FileChecksum checksum_written(const std::filesystem::path& file, std::string hash);

// What checksum_file would return. The file is read only where its stamp is not the known one's. Throws
// Error.
FileChecksum renewed_checksum(const std::filesystem::path& file, const FileChecksum& known);

// A file of up to 64 MiB is hashed, which takes some milliseconds. A larger one is taken for intact where its
// stamp is the known one's, so that a start does not read it whole, and hashed otherwise. (checksum_file
// always reads, and `clipsim index --verify` calls it.) Throws Error for a file that can't be read.
bool is_intact(const std::filesystem::path& file, const FileChecksum& known);

}  // namespace clipsim
