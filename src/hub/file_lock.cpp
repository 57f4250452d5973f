#include "file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// Whether the locked file still is the one at that path: its last holder may have removed it meanwhile.
bool is_current(int descriptor, const std::filesystem::path& file) {
    struct stat ours {
    }, there{};
    return ::fstat(descriptor, &ours) == 0 && ::stat(file.c_str(), &there) == 0 &&
           ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& file, const std::string& what, const std::stop_token& stop) {
    ensure_writable_folder(file.parent_path());
    bool told = false;
    while (true) {
        descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0664);
        if (descriptor_ < 0)
            throw Error(concat("cannot write ", printable(file), ": ", std::strerror(errno)));
        const bool locked = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
        if (!locked && errno != EWOULDBLOCK && errno != EINTR) return;
        if (locked && is_current(descriptor_, file)) return;
        ::close(descriptor_);
        descriptor_ = -1;
        if (locked) continue;
        if (!told) log_info(concat("another process ", what, "; waiting for it"));
        told = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        throw_if_stopped(stop, "what was downloaded is kept");
    }
}

FileLock::~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace clipsim
