// What an index holds, and taking some of it out, without the photos.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "clipsim/index/image_filter.h"
#include "clipsim/index/index_reader.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"

namespace clipsim {

struct IndexInfo {
    std::string place;
    IndexDescription description;
    IndexStorage storage;
    std::map<std::string, std::int64_t> labels;  // images of each
};

// Throw UsageError where there is no index, Error for one that is damaged.
IndexInfo index_info(const Config& config);
std::vector<StoredImage> index_images(const Config& config, const ImageFilter& where);

// Takes out the images that are named: by their path (a relative one is below the working directory) or, of
// an imported matrix, by their name, a folder for all below it, or a glob as in `path=GLOB` of an
// ImageFilter. Returns what they were, by id. `dry_run` changes nothing. Throws UsageError, before anything
// is changed, for a name that no image of the index has.
std::vector<StoredImage> remove_images(const Config& config, const std::vector<std::string>& names,
                                       bool dry_run, const RunOptions& run = {});

}  // namespace clipsim
