#include "faiss_format/checked_writer.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

}  // namespace

CheckedWriter::CheckedWriter(const std::filesystem::path& file)
    : path_(file), file_(std::fopen(file.c_str(), "wbe")) {
    if (!file_) fail();
    std::setvbuf(file_.get(), nullptr, _IOFBF, buffer_bytes);
}

void CheckedWriter::fail() const {
    throw Error(concat("cannot write ", printable(path_), ": ", std::strerror(errno)));
}

size_t CheckedWriter::operator()(const void* data, size_t size, size_t count) {
    if (std::fwrite(data, size, count, file_.get()) != count) fail();
    hash_.add({static_cast<const std::byte*>(data), size * count});
    size_ += size * count;
    return count;
}

std::string CheckedWriter::finish() {
    if (std::fflush(file_.get()) != 0 || ::fsync(::fileno(file_.get())) != 0) fail();
    if (std::fclose(file_.release()) != 0) fail();
    return hash_.digest();
}

}  // namespace clipsim
