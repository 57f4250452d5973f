// The lines of `search --batch`, a chunk at a time.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "clipsim/core/files/descriptor.h"

namespace clipsim::cli {

class QueryLines {
  public:
    // "-" is stdin. Throws UsageError when the file can't be read; next() for one in UTF-16.
    explicit QueryLines(const std::filesystem::path& file);
    // What is there to read, but at most 256 lines; waits for the first of them, so that a line is answered
    // before the next one comes. None at the end. Throws Interrupted when it is stopped.
    std::vector<std::string> next(const std::stop_token& stop);

  private:
    // As it is meant: without what editors put around it.
    std::string line(std::string_view text);
    void take_lines(std::vector<std::string>& lines);
    bool readable(int milliseconds) const;

    std::string name_;  // for messages
    Descriptor file_;   // none: stdin
    int descriptor_;
    std::string rest_;   // read, but not given out
    bool first_ = true;  // the next line is the file's first
    bool ended_ = false;
};

}  // namespace clipsim::cli
