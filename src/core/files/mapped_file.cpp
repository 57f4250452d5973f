#include "clipsim/core/files/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// Nothing for an empty file: the system does not map one.
std::span<std::byte> map(const Descriptor& file, std::size_t size, MappedFile::Kind kind) {
    if (size == 0) return {};
    const bool ours = kind == MappedFile::Kind::private_copy;
    void* memory = ::mmap(nullptr, size, ours ? PROT_READ | PROT_WRITE : PROT_READ,
                          ours ? MAP_PRIVATE : MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) return {};
    return {static_cast<std::byte*>(memory), size};
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& file, Kind kind) {
    const Descriptor descriptor(file, O_RDONLY);
    struct stat status {};
    const bool known = descriptor.valid() && ::fstat(descriptor.get(), &status) == 0;
    if (!known || !S_ISREG(status.st_mode))
        throw UsageError(concat("cannot read ", printable(file), ": ", known ? "not a file" : errno_text()));
    bytes_ = map(descriptor, static_cast<std::size_t>(status.st_size), kind);
    if (bytes_.empty() && status.st_size > 0)
        throw UsageError(concat("cannot read ", printable(file), ": ", errno_text()));
}

MappedFile::MappedFile(const Descriptor& file, const std::filesystem::path& name, std::size_t size, Kind kind)
    : bytes_(map(file, size, kind)) {
    if (bytes_.empty() && size > 0) throw Error(concat("cannot map ", printable(name), ": ", errno_text()));
}

void MappedFile::let_go() const {
    if (!bytes_.empty()) ::madvise(bytes_.data(), bytes_.size(), MADV_DONTNEED);
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

}  // namespace clipsim
