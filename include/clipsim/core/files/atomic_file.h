// Files that a reader meets either in the old state or in the new one, whole: written aside, fsynced,
// renamed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace clipsim {

// A file under construction at `path() + ".tmp-PID"`; commit() makes it `target`, destruction without commit
// removes it.
class AtomicFile {
  public:
    // Throws Error when the folder can't be written.
    explicit AtomicFile(std::filesystem::path target);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    // Where to write. The file does not exist yet when the writer is a library that creates it itself.
    const std::filesystem::path& temporary_path() const { return temporary_; }
    // fsync the file, rename it over the target, fsync the folder. Throws Error (disk full, permissions).
    void commit();

  private:
    std::filesystem::path target_;
    std::filesystem::path temporary_;
    bool committed_ = false;
};

// Writes a whole file atomically. Throws Error.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

// Reads a whole file. Throws UsageError when it is missing, unreadable, larger than `max_bytes` or but Git
// LFS's note of it.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = UINT64_C(1) << 30);

// Creates a folder that output goes to. Throws Error with the path when it can't be created or written to.
void ensure_writable_folder(const std::filesystem::path& folder);

}  // namespace clipsim
