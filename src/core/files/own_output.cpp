#include "clipsim/core/files/own_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "clipsim/core/error.h"
#include "clipsim/core/files/descriptor.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

using namespace std::string_view_literals;

std::string head_of(const std::filesystem::path& file) {
    const Descriptor in(file, O_RDONLY);
    std::array<char, 4096> bytes{};
    const ssize_t count = in.valid() ? ::read(in.get(), bytes.data(), bytes.size()) : 0;
    return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// write_npy ends its header with a tab, which NumPy's own does not.
bool is_own_matrix(std::string_view head) {
    if (!head.starts_with("\x93NUMPY\1\0"sv) || head.size() < 10) return false;
    const auto byte = [&](std::size_t i) {
        return static_cast<std::size_t>(static_cast<unsigned char>(head[i]));
    };
    const std::size_t end = 10 + byte(8) + 256 * byte(9);
    return end <= head.size() && head.substr(0, end).ends_with("\t\n");
}

}  // namespace

bool is_own_output(const std::filesystem::path& file) {
    const std::string head = head_of(file);
    if (head.starts_with("\x89PNG\r\n")) return holds(head, concat("tEXtSoftware", '\0', drawn_by));
    if (head.starts_with("\xFF\xD8")) return holds(head, concat("\xFF\xFE", '\0', '\x09', drawn_by));
    if (head.starts_with("<!doctype html>"))
        return holds(head, concat("<meta name=\"generator\" content=\"", drawn_by, "\">"));
    if (head.starts_with("{\n \"model\": ")) return holds(head, "\n \"model_hash\": ");
    return is_own_matrix(head);
}

void check_output(const std::filesystem::path& file, bool force) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(file, error);
    if (error == std::errc::filename_too_long)
        throw UsageError(concat(printable(file), ": the name is too long for the file system"));
    if (!std::filesystem::exists(status)) return;
    if (std::filesystem::is_directory(status))
        throw UsageError(concat(printable(file), " is a folder; name a file in it"));
    if (!std::filesystem::is_regular_file(status))
        throw UsageError(concat(printable(file), " is no regular file; name another"));
    if (force || std::filesystem::file_size(file, error) == 0 || is_own_output(file)) return;
    throw UsageError(
        concat(printable(file),
               " is there already, and clipsim did not write it; name another file, or add --force "
               "to replace it"));
}

}  // namespace clipsim
