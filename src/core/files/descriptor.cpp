#include "clipsim/core/files/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace clipsim {

Descriptor::Descriptor(const std::filesystem::path& file, int flags, mode_t mode)
    : descriptor_(::open(file.c_str(), flags | O_CLOEXEC, mode)) {}

Descriptor::~Descriptor() {
    if (valid()) ::close(descriptor_);
}

Descriptor::Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

std::string errno_text() {
    return std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): glibc's is safe
}

bool write_at(const Descriptor& file, std::span<const std::byte> bytes, std::uint64_t offset,
              std::uint64_t* written) {
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
        if (written != nullptr) *written += static_cast<std::uint64_t>(count);
    }
    return true;
}

void sync_folder(const std::filesystem::path& folder) {
    const Descriptor descriptor(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
    if (descriptor.valid()) ::fsync(descriptor.get());
}

}  // namespace clipsim
