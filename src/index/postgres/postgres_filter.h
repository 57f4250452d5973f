// `--where` as SQL.
#pragma once

#include <string>
#include <vector>

#include "clipsim/index/image_filter.h"

namespace clipsim {

class PostgresFilter {
  public:
    // Its parameters are $(first + 1) and so on.
    PostgresFilter(const ImageFilter& filter, int first);

    // A condition on the columns path and label that holds for all images that fit; for others, too, only
    // where exact() is false (globs with brackets).
    const std::string& sql() const { return sql_; }
    const std::vector<std::string>& values() const { return values_; }
    bool exact() const { return exact_; }

  private:
    std::string sql_ = "true";
    std::vector<std::string> values_;
    bool exact_ = true;
};

}  // namespace clipsim
