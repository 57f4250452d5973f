#include "clipsim/pipeline/steps/output_layout.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/config.h"

namespace clipsim {

namespace {

using Json = nlohmann::ordered_json;

// With every section, and formatted as by prepare_output: what a person wrote has comments, or leaves keys
// out.
bool is_resolved_config(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    constexpr std::array sections{"model", "data", "train", "index", "search", "output_dir"};
    return json.is_object() &&
           std::ranges::all_of(sections, [&](const char* key) { return json.contains(key); }) &&
           json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n" == text;
}

// With "output_dir": "." the config's own place may be that of the resolved one.
void refuse_own_config(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return;
    const std::string text = read_file(file);
    if (text.empty() || is_resolved_config(text)) return;
    throw UsageError(concat(printable(file),
                            " is there already, and clipsim did not write it: name another "
                            "output_dir, where the resolved config can go"));
}

}  // namespace

std::optional<std::filesystem::path> OutputLayout::checkpoint() const {
    std::error_code ignored;
    if (!std::filesystem::exists(best_model(), ignored)) return std::nullopt;
    return best_model();
}

std::vector<std::filesystem::path> OutputLayout::all() const {
    return {root, index(), results(), curves(), root / "checkpoints", root / "cache"};
}

IndexPlace index_place(const Config& config) {
    return {config.index, OutputLayout(config).index()};
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
    refuse_own_config(layout.config());
    write_file_atomically(
        layout.config(),
        config_to_json(config).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace clipsim
