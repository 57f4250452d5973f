#include "clipsim/hub/settings.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/hub_cache.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
#include "url.h"

namespace clipsim {

namespace {

std::string environment(const char* variable) {
    const char* value = std::getenv(variable);
    return value == nullptr ? std::string() : std::string(value);
}

bool is_on(const char* variable) {
    std::string value = environment(variable);
    std::ranges::transform(value, value.begin(), [](unsigned char c) { return std::toupper(c); });
    return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

// Without the line's end that a file has and a copied value may have. Throws UsageError that does not show
// it.
std::string checked_token(std::string_view text, const std::string& source) {
    const std::string_view token = trimmed(text);
    if (std::ranges::any_of(token, [](char c) { return c <= 0x20 || c > 0x7E; })) {
        throw UsageError(
            concat(source, " holds characters that no token has; `hf auth login` writes a new one"));
    }
    return std::string(token);
}

std::string find_token() {
    for (const char* variable : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
        if (std::string token = checked_token(environment(variable), variable); !token.empty()) return token;
    }
    std::filesystem::path file = environment("HF_TOKEN_PATH");
    if (file.empty()) file = huggingface_home() / "token";
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) return {};
    return checked_token(read_file(file, 4096), printable(file));
}

}  // namespace

HubSettings hub_settings_from_environment() {
    HubSettings settings;
    if (const std::string endpoint = environment("HF_ENDPOINT"); !endpoint.empty()) {
        settings.endpoint = checked_endpoint(endpoint, "HF_ENDPOINT");
    }
    settings.token = find_token();
    settings.cache = hub_cache_folder();
    if (settings.cache.empty())
        throw UsageError("there is no folder for downloaded models: set HF_HOME or HOME");
    settings.offline = is_on("HF_HUB_OFFLINE") || is_on("TRANSFORMERS_OFFLINE");
    return settings;
}

}  // namespace clipsim
