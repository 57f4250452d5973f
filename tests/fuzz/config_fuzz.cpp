// clipsim's own config: what is read can be written and read again.
#include <cstdint>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/pipeline/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    try {
        const Config config =
            parse_config(std::string(reinterpret_cast<const char*>(data), size), "config.json", {});
        const std::string written =
            config_to_json(config).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
        parse_config(written, "written.json", {});
    } catch (const UsageError&) {
    }
    return 0;
}
