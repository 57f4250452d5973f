#include "clipsim/core/files/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// Whether the locked file still is the one at that path: its last holder may have removed it meanwhile.
bool is_current(const Descriptor& descriptor, const std::filesystem::path& file) {
    struct stat ours {
    }, there{};
    return ::fstat(descriptor.get(), &ours) == 0 && ::stat(file.c_str(), &there) == 0 &&
           ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

// False: another process has it. Throws Error where there are no such locks and they can't be done without.
bool take(const Descriptor& descriptor, FileLock::Kind kind, const std::filesystem::path& file) {
    if (kind == FileLock::Kind::flock)
        return try_lock(descriptor) || (errno != EWOULDBLOCK && errno != EINTR);
    struct flock lock = whole_file();
    if (::fcntl(descriptor.get(), F_OFD_SETLK, &lock) == 0) return true;
    if (errno == EAGAIN || errno == EACCES || errno == EINTR) return false;
    throw Error(concat("cannot lock ", printable(file), ": ", errno_text()));
}

}  // namespace

bool try_lock(const Descriptor& file) {
    return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
}

FileLock::FileLock(const std::filesystem::path& file, const std::string& other, const char* kept,
                   const std::stop_token& stop, Kind kind, std::optional<std::chrono::milliseconds> wait) {
    ensure_writable_folder(file.parent_path());
    const auto start = std::chrono::steady_clock::now();
    bool told = false;
    while (true) {
        descriptor_ = Descriptor(file, O_RDWR | O_CREAT, 0664);
        if (!descriptor_.valid()) throw Error(concat("cannot write ", printable(file), ": ", errno_text()));
        const bool locked = take(descriptor_, kind, file);
        if (locked && is_current(descriptor_, file)) return;
        if (locked) continue;
        if (wait && std::chrono::steady_clock::now() - start >= *wait)
            throw Error(concat(other, "; wait until it is done"));
        if (!told) {
            using Seconds = std::chrono::seconds;
            log_info(concat(other, "; waiting for it",
                            wait ? concat(", up to ", std::chrono::ceil<Seconds>(*wait).count(), " s") : ""));
        }
        told = true;
        descriptor_ = {};
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        throw_if_stopped(stop, kept);
    }
}

bool FileLock::is_held(const std::filesystem::path& file) {
    const Descriptor descriptor(file, O_RDONLY);
    struct flock lock = whole_file();
    return descriptor.valid() && ::fcntl(descriptor.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace clipsim
