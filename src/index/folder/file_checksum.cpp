#include "clipsim/index/folder/file_checksum.h"

#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/files/descriptor.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr std::uint64_t always_hashed = std::uint64_t{64} << 20;

FileStamp stamp_of(const std::filesystem::path& file) {
    const std::optional<StatStamp> stamp = stat_stamp(file);
    if (!stamp) throw Error(concat("cannot read ", printable(file), ": ", errno_text()));
    return *stamp;
}

bool is_unchanged(const FileStamp& now, const FileStamp& known) {
    return now == known && known.mtime_ns != 0;
}

}  // namespace

FileChecksum checksum_file(const std::filesystem::path& file) {
    const FileStamp stamp = stamp_of(file);  // before it is read: a change meanwhile shows later
    return {hash_file(file), stamp};
}

FileChecksum checksum_written(const std::filesystem::path& file, std::string hash) {
    return {std::move(hash), stamp_of(file)};
}

FileChecksum renewed_checksum(const std::filesystem::path& file, const FileChecksum& known) {
    return is_unchanged(stamp_of(file), known.stamp) ? known : checksum_file(file);
}

bool is_intact(const std::filesystem::path& file, const FileChecksum& known) {
    const FileStamp now = stamp_of(file);
    if (is_unchanged(now, known.stamp) && now.size > always_hashed) return true;
    return hash_file(file) == known.hash;
}

}  // namespace clipsim
