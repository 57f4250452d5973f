// The bar of a download, in megabytes, for bytes that come in pieces and sometimes twice.
#pragma once

#include <cstdint>
#include <string>

#include "clipsim/core/progress.h"

namespace clipsim {

class TransferProgress {
  public:
    TransferProgress(const std::string& title, std::uint64_t bytes, ProgressStyle style)
        : progress_(title, "MB", megabytes(bytes), style) {}

    // `bytes` of all files together are here; fewer than before (a file started over) do not move the bar
    // back.
    void set(std::uint64_t bytes, const std::string& file) {
        if (megabytes(bytes) <= drawn_) return;
        progress_.advance(megabytes(bytes) - drawn_, file);
        drawn_ = megabytes(bytes);
    }
    void finish() { progress_.finish(); }

  private:
    static std::uint64_t megabytes(std::uint64_t bytes) { return (bytes + 500'000) / 1'000'000; }

    Progress progress_;
    std::uint64_t drawn_ = 0;
};

}  // namespace clipsim
