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

}  // namespace

bool try_lock(const Descriptor& file) {
    return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
}

FileLock::FileLock(const std::filesystem::path& file, const std::string& what, const char* kept,
                   const std::stop_token& stop) {
    ensure_writable_folder(file.parent_path());
    bool told = false;
    while (true) {
        descriptor_ = Descriptor(file, O_RDWR | O_CREAT, 0664);
        if (!descriptor_.valid()) throw Error(concat("cannot write ", printable(file), ": ", errno_text()));
        const bool locked = try_lock(descriptor_);
        if (!locked && errno != EWOULDBLOCK && errno != EINTR) return;
        if (locked && is_current(descriptor_, file)) return;
        if (locked) continue;
        if (!told) log_info(concat("another process ", what, "; waiting for it"));
        told = true;
        descriptor_ = {};
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        throw_if_stopped(stop, kept);
    }
}

}  // namespace clipsim
