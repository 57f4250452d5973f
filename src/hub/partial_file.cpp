#include "partial_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/text.h"

namespace clipsim {

PartialFile::PartialFile(std::filesystem::path path, std::uint64_t whole, std::optional<Checksum::Kind> kind,
                         const std::stop_token& stop)
    : path_(std::move(path)), whole_(whole), kind_(kind) {
    if (kind_) checksum_.emplace(*kind_, whole_);
    descriptor_ = Descriptor(path_, O_RDWR | O_CREAT | O_NOFOLLOW, 0666);
    if (!descriptor_.valid()) fail();
    read_existing(stop);
}

void PartialFile::fail() const {
    const int reason = errno;
    const bool full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
    throw Error(
        concat("cannot write ", printable(path_), ": ", std::strerror(reason),
               full ? "; what was downloaded is kept: make room and run the same command again" : ""));
}

void PartialFile::read_existing(const std::stop_token& stop) {
    struct stat status {};
    if (::fstat(descriptor_.get(), &status) != 0) fail();
    if (static_cast<std::uint64_t>(status.st_size) > whole_) return restart();
    std::vector<char> buffer(std::size_t{1} << 20U);
    while (true) {
        const ssize_t got = ::read(descriptor_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail();
        if (got == 0) return;
        if (checksum_) checksum_->update({buffer.data(), static_cast<std::size_t>(got)});
        size_ += static_cast<std::uint64_t>(got);
        throw_if_stopped(stop, "what was downloaded is kept");
    }
}

void PartialFile::append(std::string_view bytes) {
    std::uint64_t written = 0;
    const bool all = write_at(descriptor_, std::as_bytes(std::span(bytes)), size_, &written);
    const int problem = errno;
    if (checksum_) checksum_->update(bytes.substr(0, written));
    size_ += written;
    errno = problem;
    if (!all) fail();
}

void PartialFile::restart() {
    if (::ftruncate(descriptor_.get(), 0) != 0) fail();
    if (kind_) checksum_.emplace(*kind_, whole_);
    size_ = 0;
}

void PartialFile::remove() {
    ::unlink(path_.c_str());
}

bool PartialFile::matches(const Checksum& checksum) {
    return checksum_ && checksum.kind == *kind_ && checksum_->hex() == checksum.hex;
}

void PartialFile::commit(const std::filesystem::path& target) {
    if (::fsync(descriptor_.get()) != 0) fail();
    if (::rename(path_.c_str(), target.c_str()) != 0) fail();
    sync_folder(target.parent_path());
}

}  // namespace clipsim
