// Why a known file was not met: gone, or merely out of sight.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace clipsim {

enum class Fate {
    there,    // it is where it was
    gone,     // its folder was listed without error, and it is not there
    absent,   // its folder is not there, or has nothing in it: deleted, or a disk that is not mounted
    away,     // it, or a folder above it, is a link to what is not there
    unknown,  // looking failed
};

struct Finding {
    Fate fate = Fate::gone;
    std::filesystem::path place;  // what stood in the way: the file, or a folder above it
    std::string reason;
};

// Looks at each folder once.
class MissingFiles {
  public:
    Finding look_for(const std::filesystem::path& file);

  private:
    const Finding& folder(const std::filesystem::path& folder);
    Finding look_at_folder(const std::filesystem::path& folder);

    std::map<std::filesystem::path, Finding> folders_;  // gone: what is not in it is gone
};

}  // namespace clipsim
