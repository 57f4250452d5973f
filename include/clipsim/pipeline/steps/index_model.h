// Which model an index was made with, of those that output_dir knows: after a training searches go on with
// the one before until the index has been made anew.
#pragma once

#include "clipsim/model/embedder.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"
#include "clipsim/search/searcher.h"

namespace clipsim {

struct OpenedIndex {
    Embedder embedder;  // of the model that the index was made with
    Searcher searcher;
};

// With the fine-tuned model of output_dir, the one before it or the base model alone, whichever the index is
// of. Throws as Embedder and Searcher do for the first of them where it is of none.
OpenedIndex open_index_with_its_model(const Config& config, const RunOptions& run);

// False also where there is no index.
bool index_is_of_current_model(const Config& config);

}  // namespace clipsim
