#include "file_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

static_assert(std::endian::native == std::endian::little, "model files are little-endian");

FileBytes map_file(const std::filesystem::path& file) {
    FileBytes result{printable(file), {}, nullptr};
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (descriptor < 0 || ::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        const std::string reason = descriptor < 0 ? std::strerror(errno) : "not a file";
        if (descriptor >= 0) ::close(descriptor);
        throw UsageError(concat("cannot read ", result.name, ": ", reason));
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0) {
        ::close(descriptor);
        return result;
    }
    // Private and writable: whatever is done to a tensor stays in this process.
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
    const int problem = errno;
    ::close(descriptor);
    if (memory == MAP_FAILED)
        throw UsageError(concat("cannot read ", result.name, ": ", std::strerror(problem)));
    result.bytes = {static_cast<std::byte*>(memory), size};
    result.keep = std::shared_ptr<const void>(memory, [size](void* mapped) { ::munmap(mapped, size); });
    return result;
}

}  // namespace clipsim
