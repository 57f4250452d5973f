#include "clipsim/core/files/atomic_folder.h"

#include <unistd.h>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/files/descriptor.h"
#include "clipsim/core/files/file_name.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace fs = std::filesystem;

AtomicFolder::AtomicFolder(const fs::path& target) : target_(target.lexically_normal()) {
    if (!target_.has_filename()) target_ = target_.parent_path();
    std::error_code error;
    if (fs::exists(target_, error) && !(fs::is_directory(target_, error) && fs::is_empty(target_, error)))
        throw UsageError(concat(printable(target_), " is there already; name a new folder, or remove it"));
    temporary_ = named_in(target_.parent_path(), target_.filename().native(), concat(".tmp-", ::getpid()));
    fs::remove_all(temporary_, error);
    ensure_writable_folder(target_.has_parent_path() ? target_.parent_path() : ".");
    ensure_writable_folder(temporary_);
}

AtomicFolder::~AtomicFolder() {
    std::error_code ignored;
    if (!committed_) fs::remove_all(temporary_, ignored);
}

void AtomicFolder::commit() {
    sync_folder(temporary_);
    std::error_code error;
    fs::rename(temporary_, target_, error);
    if (error) throw Error(concat("cannot write ", printable(target_), ": ", error.message()));
    committed_ = true;
    sync_folder(target_.parent_path());
}

}  // namespace clipsim
