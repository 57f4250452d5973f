// A model of a hub, into the cache that Python's huggingface_hub shares.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "clipsim/core/hub_cache.h"
#include "clipsim/hub/settings.h"

namespace clipsim {

struct PulledModel {
    std::filesystem::path folder;  // snapshots/COMMIT: what to give as model.clip
    std::string commit;
    std::vector<std::string> files;      // names in `folder`
    std::uint64_t downloaded_bytes = 0;  // 0: all was here already
};

// Downloads the files that clipsim needs: config, weights (safetensors where there are any), preprocessing
// and tokenizer. What is here already is not asked for again; a partial download is
// resumed. Each file is checked against the checksum that the hub states and appears whole or not at all; the
// revision's name points to the new files when all of them are there. Several processes may pull the same
// model.
//
// Throws UsageError: no such repository or revision, no permission, nothing in it that clipsim reads,
// offline. Throws Error: the network or the disk failed, or the hub sent something else than it stated.
// Throws Interrupted. After both, what was downloaded is kept for the next try.
PulledModel pull_model(const HubRepository& repository, const HubSettings& settings);

}  // namespace clipsim
