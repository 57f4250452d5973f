// The lines of `search --batch`, a chunk at a time.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "clipsim/core/files/descriptor.h"

namespace clipsim::cli {

class QueryLines {
  public:
    // "-" is stdin. Throws UsageError when the file can't be read.
    explicit QueryLines(const std::filesystem::path& file);
    // What is there to read, but at most 256 lines; waits for the first of them, so that a line is answered
    // before the next one comes. None at the end. Throws Interrupted when it is stopped.
    std::vector<std::string> next(const std::stop_token& stop);

  private:
    void take_lines(std::vector<std::string>& lines);
    bool readable(int milliseconds) const;

    Descriptor file_;  // none: stdin
    int descriptor_;
    std::string rest_;  // read, but not given out
    bool ended_ = false;
};

}  // namespace clipsim::cli
