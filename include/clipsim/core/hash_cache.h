// Hashes of large files, remembered beside what depends on them: a file that looks unchanged (size, times,
// inode) is not read again.
#pragma once

#include <filesystem>
#include <map>
#include <stop_token>
#include <string>

#include "clipsim/core/files/file_stamp.h"

namespace clipsim {

class HashCache {
  public:
    // Of what `file` remembers; one that is missing or damaged remembers nothing.
    explicit HashCache(std::filesystem::path file);

    // hash_file of the path, known or computed. Throws as that does, and Interrupted.
    std::string hash(const std::filesystem::path& path, const std::stop_token& stop = {});
    // Writes down what was computed, if anything. A folder that can't be written to is not an error: the
    // hashes are computed again next time.
    void save() const;

  private:
    struct Entry {
        StatStamp stamp;
        std::string hash;
    };

    std::filesystem::path file_;
    std::map<std::string, Entry> entries_;  // by absolute path
    bool changed_ = false;
};

}  // namespace clipsim
