// One writer per index: a lock on the file `lock` in its folder.
#pragma once

#include "clipsim/core/files/file_lock.h"
#include "clipsim/core/text.h"

namespace clipsim {

// Throws Error when another process holds it for longer than `wait`, Interrupted.
inline FileLock lock_folder(const std::filesystem::path& folder, std::chrono::milliseconds wait = {},
                            const std::stop_token& stop = {}) {
    return {folder / "lock",       concat("another clipsim is updating ", printable(folder)),
            "nothing was changed", stop,
            FileLock::Kind::ofd,   wait};
}

inline bool is_locked(const std::filesystem::path& folder) {
    return FileLock::is_held(folder / "lock");
}

}  // namespace clipsim
