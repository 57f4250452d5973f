#include "other_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "clipsim/core/files/descriptor.h"
#include "clipsim/core/strings.h"
#include "clipsim/image/image_format.h"

namespace clipsim {

namespace {

// Sidecars, previews of videos and half-written files are here too, though some begin as images.
constexpr std::string_view known_others[] = {
    ".3gp",  ".7z",   ".aac",  ".aae",   ".avi",        ".bak",      ".bin",        ".bz2",  ".c",
    ".cpp",  ".css",  ".csv",  ".db",    ".doc",        ".docx",     ".dll",        ".epub", ".exe",
    ".flac", ".flv",  ".gz",   ".h",     ".htm",        ".html",     ".ini",        ".iso",  ".jar",
    ".java", ".js",   ".json", ".jsonl", ".log",        ".lrv",      ".m2ts",       ".m4a",  ".m4v",
    ".md",   ".mkv",  ".mov",  ".mp3",   ".mp4",        ".mpeg",     ".mpg",        ".mts",  ".npy",
    ".npz",  ".odt",  ".ogg",  ".old",   ".onnx",       ".part",     ".pdf",        ".pkl",  ".partial",
    ".ppt",  ".pptx", ".pt",   ".pth",   ".py",         ".rar",      ".rtf",        ".sh",   ".so",
    ".sql",  ".srt",  ".svg",  ".tar",   ".temp",       ".tgz",      ".thm",        ".tmp",  ".tsv",
    ".txt",  ".wav",  ".webm", ".wma",   ".wmv",        ".xls",      ".xlsx",       ".xml",  ".xmp",
    ".xz",   ".yaml", ".yml",  ".zip",   ".crdownload", ".download", ".safetensors"};

std::string extension_of(const std::filesystem::path& file) {
    return lower_case(file.extension().string());
}

}  // namespace

bool is_known_other(const std::filesystem::path& file) {
    return std::ranges::find(known_others, extension_of(file)) != std::end(known_others);
}

bool begins_as_image(const std::filesystem::path& file) {
    // What is at the other end of a pipe may never come.
    const Descriptor opened(file, O_RDONLY | O_NONBLOCK);
    std::array<std::byte, image_format_bytes> start{};
    const ssize_t count = opened.valid() ? ::pread(opened.get(), start.data(), start.size(), 0) : 0;
    return count > 0 && image_format(std::span(start).first(static_cast<std::size_t>(count))).has_value();
}

std::string kind_of_other(const std::filesystem::path& file) {
    const std::string extension = extension_of(file);
    return extension.empty() || extension == "." ? "without extension" : extension;
}

}  // namespace clipsim
