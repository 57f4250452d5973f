// `--where` as SQL for images.db.
#pragma once

#include <string>
#include <vector>

#include "clipsim/index/image_filter.h"

namespace clipsim {

// SQL that finds all images (id, path, label) that fit a filter, by an index of the table, and maybe more.
struct SqliteFilter {
    explicit SqliteFilter(const ImageFilter& filter);

    std::string sql = "SELECT id, path, label FROM images";
    std::vector<std::string> labels, bounds;  // what to bind to it: these as text, then these as blobs
};

}  // namespace clipsim
