// What shows that a file is still the one it was, without reading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace clipsim {

// Survives a copy that keeps times: what is kept beside data that may be copied together with the file.
struct FileStamp {
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;  // since 1970

    bool operator==(const FileStamp&) const = default;
};

// For what stays on this machine. Programs that write a file may set its mtime back, and renames bring
// another file to its name: ctime and inode show both.
struct StatStamp : FileStamp {
    std::uint64_t inode = 0;
    std::int64_t ctime_ns = 0;  // since 1970

    bool operator==(const StatStamp&) const = default;
    // Whether a later change will show. A file that was written in the last two seconds may be written again
    // within the same tick of the file system's clock.
    bool is_settled() const;
};

// Of the regular file that a link leads to; nothing, with errno, where there is none.
std::optional<StatStamp> stat_stamp(const std::filesystem::path& file);

}  // namespace clipsim
