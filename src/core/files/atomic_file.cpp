#include "clipsim/core/files/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/files/descriptor.h"
#include "clipsim/core/files/file_name.h"
#include "clipsim/core/files/lfs_pointer.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

std::filesystem::path unique_neighbour(const std::filesystem::path& target) {
    // Only has to differ between threads of one process; the process id does the rest.
    static std::atomic<unsigned> counter{0};
    return named_in(target.parent_path(), target.filename().native(),
                    concat(".tmp-", ::getpid(), "-", counter.fetch_add(1)));
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target)
    : target_(std::move(target)), temporary_(unique_neighbour(target_)) {
    if (target_.has_parent_path()) ensure_writable_folder(target_.parent_path());
}

AtomicFile::~AtomicFile() {
    if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::commit() {
    {
        const Descriptor descriptor(temporary_, O_RDONLY);
        if (!descriptor.valid() || ::fsync(descriptor.get()) != 0) {
            throw Error(concat("cannot write ", printable(target_), ": ", errno_text()));
        }
    }
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
        throw Error(concat("cannot write ", printable(target_), ": ", errno_text()));
    }
    committed_ = true;
    sync_folder(target_.parent_path());
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
    AtomicFile file(path);
    {
        const Descriptor out(file.temporary_path(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (!out.valid()) throw Error(concat("cannot write ", printable(path), ": ", errno_text()));
        while (!content.empty()) {
            const ssize_t written = ::write(out.get(), content.data(), content.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) throw Error(concat("cannot write ", printable(path), ": ", errno_text()));
            content.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    file.commit();
}

std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
    const Descriptor in(path, O_RDONLY);
    struct stat status {};
    if (!in.valid() || ::fstat(in.get(), &status) != 0) {
        throw UsageError(concat("cannot read ", printable(path), ": ", errno_text()));
    }
    if (S_ISDIR(status.st_mode))
        throw UsageError(concat("cannot read ", printable(path), ": it is a folder"));
    std::string content;
    content.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(status.st_size, max_bytes)));
    char buffer[1 << 16];
    while (true) {
        const ssize_t got = ::read(in.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw UsageError(concat("cannot read ", printable(path), ": ", errno_text()));
        if (got == 0) {
            refuse_lfs_pointer(path, content);
            return content;
        }
        if (content.size() + static_cast<std::size_t>(got) > max_bytes) {
            throw UsageError(
                concat(printable(path), " is larger than the ", max_bytes, " bytes such a file may have"));
        }
        content.append(buffer, static_cast<std::size_t>(got));
    }
}

void ensure_writable_folder(const std::filesystem::path& folder) {
    std::error_code error, ignored;
    std::filesystem::create_directories(folder, error);
    if (error && !std::filesystem::is_directory(folder, ignored)) {
        throw Error(concat("cannot create the folder ", printable(folder), ": ", error.message()));
    }
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        throw Error(concat("cannot write into the folder ", printable(folder), ": ", errno_text()));
    }
}

}  // namespace clipsim
