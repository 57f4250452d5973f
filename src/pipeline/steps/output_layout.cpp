#include "clipsim/pipeline/steps/output_layout.h"

#include <nlohmann/json.hpp>

#include "clipsim/core/files/atomic_file.h"
#include "clipsim/pipeline/config.h"

namespace clipsim {

std::optional<std::filesystem::path> OutputLayout::checkpoint() const {
    std::error_code ignored;
    if (!std::filesystem::exists(best_model(), ignored)) return std::nullopt;
    return best_model();
}

std::vector<std::filesystem::path> OutputLayout::all() const {
    return {root, index(), results(), curves(), root / "checkpoints", root / "cache"};
}

ScanOptions scan_options(const Config& config) {
    ScanOptions options;
    options.exclude = config.data.exclude;
    options.own = OutputLayout(config).all();
    return options;
}

void prepare_output(const Config& config) {
    const OutputLayout layout(config);
    ensure_writable_folder(layout.root);
    write_file_atomically(
        layout.config(),
        config_to_json(config).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace clipsim
