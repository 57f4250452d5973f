#include "folder_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder, std::chrono::milliseconds wait,
                       const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds between_tries{50};
    const std::filesystem::path file = folder / "lock";
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) throw Error(concat("cannot write ", printable(file), ": ", std::strerror(errno)));
    try {
        const Clock::time_point deadline = Clock::now() + wait;
        bool told = false;
        while (!try_lock(file)) {
            if (Clock::now() >= deadline) {
                throw Error(
                    concat("another clipsim is updating ", printable(folder), "; wait until it is done"));
            }
            if (!told) {
                log_info(concat("another clipsim is updating ", printable(folder), "; waiting for it, up to ",
                                std::chrono::duration_cast<std::chrono::seconds>(wait).count(), " s"));
            }
            told = true;
            std::this_thread::sleep_for(between_tries);
            throw_if_stopped(stop, "nothing was changed");
        }
    } catch (...) {
        ::close(descriptor_);
        throw;
    }
}

bool FolderLock::try_lock(const std::filesystem::path& file) const {
    struct flock lock = whole_file();
    if (::fcntl(descriptor_, F_OFD_SETLK, &lock) == 0) return true;
    if (errno == EAGAIN || errno == EACCES || errno == EINTR) return false;
    throw Error(concat("cannot lock ", printable(file), ": ", std::strerror(errno)));
}

bool FolderLock::is_held(const std::filesystem::path& folder) {
    const int descriptor = ::open((folder / "lock").c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    struct flock lock = whole_file();
    const bool held = ::fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    ::close(descriptor);
    return held;
}

FolderLock::~FolderLock() {
    ::close(descriptor_);
}

}  // namespace clipsim
