#include "folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

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
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK || errno == EINTR) return false;
    throw Error(concat("cannot lock ", printable(file), ": ", std::strerror(errno)));
}

FolderLock::~FolderLock() {
    ::close(descriptor_);
}

}  // namespace clipsim
