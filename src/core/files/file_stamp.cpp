#include "clipsim/core/files/file_stamp.h"

#include <sys/stat.h>

#include <cerrno>
#include <ctime>

namespace clipsim {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t settled_after = 2 * second;

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * second + time.tv_nsec;
}

}  // namespace

bool StatStamp::is_settled() const {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return nanoseconds(now) - ctime_ns > settled_after;
}

std::optional<StatStamp> stat_stamp(const std::filesystem::path& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return std::nullopt;
    if (!S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        return std::nullopt;
    }
    return StatStamp{{static_cast<std::uint64_t>(info.st_size), nanoseconds(info.st_mtim)},
                     static_cast<std::uint64_t>(info.st_ino),
                     nanoseconds(info.st_ctim)};
}

}  // namespace clipsim
