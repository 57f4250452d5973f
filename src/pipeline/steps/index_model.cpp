#include "clipsim/pipeline/steps/index_model.h"

#include <optional>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/model/model_identity.h"
#include "clipsim/pipeline/steps/index_spaces.h"
#include "clipsim/pipeline/steps/output_layout.h"

namespace clipsim {

namespace {

using Checkpoint = std::optional<std::filesystem::path>;

std::optional<std::string> model_hash_of_index(const Config& config, const std::stop_token& stop = {}) {
    try {
        return open_index_reader(index_place(config), std::nullopt, {}, ThreadPool(1), stop)
            ->description()
            .identity.model_hash;
    } catch (const Interrupted&) {
        throw;
    } catch (const Error&) {
        return std::nullopt;
    }
}

OpenedIndex open_with(const Config& config, const RunOptions& run, const Checkpoint& checkpoint) {
    Embedder embedder(config.model, checkpoint, run.device);
    const IndexIdentity identity = index_identity(embedder, config);
    return {std::move(embedder),
            Searcher(index_place(config), identity, config.index, run.threads, run.stop)};
}

bool is_made_with(const std::string& index_hash, const Config& config, const Checkpoint& checkpoint) {
    try {
        return identify_model(config.model, checkpoint, hash_file).image_hash == index_hash;
    } catch (const UsageError&) {
        return false;  // a checkpoint that is damaged
    }
}

}  // namespace

OpenedIndex open_index_with_its_model(const Config& config, const RunOptions& run) {
    set_compute_threads(run.threads);
    const OutputLayout layout(config);
    const Checkpoint current = layout.checkpoint();
    try {
        return open_with(config, run, current);
    } catch (const UsageError&) {
        // Is it because a training has ended since?
        const std::optional<std::string> hash = model_hash_of_index(config, run.stop);
        std::error_code ignored;
        std::vector<Checkpoint> earlier;
        if (std::filesystem::exists(layout.previous_best_model(), ignored))
            earlier.emplace_back(layout.previous_best_model());
        if (current) earlier.emplace_back(std::nullopt);
        for (const Checkpoint& checkpoint : earlier) {
            if (!hash || !is_made_with(*hash, config, checkpoint)) continue;
            log_info(concat("the index is of the model before the last training: searching with that one",
                            index_place(config).server
                                ? ""  // which others may be using
                                : "; `clipsim index --rebuild` brings it to the new one"));
            return open_with(config, run, checkpoint);
        }
        throw;
    }
}

bool index_is_of_current_model(const Config& config) {
    const std::optional<std::string> hash = model_hash_of_index(config);
    return hash && is_made_with(*hash, config, OutputLayout(config).checkpoint());
}

}  // namespace clipsim
