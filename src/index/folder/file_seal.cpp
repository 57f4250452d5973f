#include "clipsim/index/folder/file_seal.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr std::uint64_t always_hashed = std::uint64_t{64} << 20;

FileSeal stamp_of(const std::filesystem::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0)
        throw Error(concat("cannot read ", printable(file), ": ", std::strerror(errno)));
    return {{},
            static_cast<std::uint64_t>(status.st_size),
            std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

bool is_unchanged(const FileSeal& now, const FileSeal& seal) {
    return now.size == seal.size && now.mtime_ns == seal.mtime_ns && seal.mtime_ns != 0;
}

}  // namespace

FileSeal seal_file(const std::filesystem::path& file) {
    FileSeal seal = stamp_of(file);  // before it is read: a change meanwhile shows later
    seal.hash = hash_file(file);
    return seal;
}

FileSeal seal_written(const std::filesystem::path& file, std::string hash) {
    FileSeal seal = stamp_of(file);
    seal.hash = std::move(hash);
    return seal;
}

FileSeal renewed_seal(const std::filesystem::path& file, const FileSeal& seal) {
    return is_unchanged(stamp_of(file), seal) ? seal : seal_file(file);
}

bool is_intact(const std::filesystem::path& file, const FileSeal& seal) {
    const FileSeal now = stamp_of(file);
    if (is_unchanged(now, seal) && now.size > always_hashed) return true;
    return hash_file(file) == seal.hash;
}

}  // namespace clipsim
