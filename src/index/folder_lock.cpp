#include "folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

FolderLock::FolderLock(const std::filesystem::path& folder) {
    const std::filesystem::path file = folder / "lock";
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) throw Error(concat("cannot write ", printable(file), ": ", std::strerror(errno)));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        ::close(descriptor_);
        if (reason != EWOULDBLOCK)
            throw Error(concat("cannot lock ", printable(file), ": ", std::strerror(reason)));
        throw Error(concat("another clipsim is updating ", printable(folder), "; wait until it is done"));
    }
}

FolderLock::~FolderLock() {
    ::close(descriptor_);
}

}  // namespace clipsim
