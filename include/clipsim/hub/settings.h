// How to reach a model hub: where, as whom, how patiently.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "clipsim/core/progress.h"

namespace clipsim {

// What happens when a server is busy (429, 5xx) or a connection breaks: wait, longer each time, and try
// again.
struct RetryPolicy {
    int attempts = 6;
    std::chrono::milliseconds first_delay{1'000};  // doubled after each attempt
    std::chrono::milliseconds longest_delay{
        300'000};  // a server that asks for more (Retry-After) is given up on
    // Waits; by default for that long or until a stop is requested. Tests put their own here.
    std::function<void(std::chrono::milliseconds)> sleep;
};

struct HubSettings {
    std::string endpoint = "https://huggingface.co";  // no slash at the end
    std::string token;                                // "": nobody in particular
    std::filesystem::path cache;                      // see core/hub_cache.h
    bool offline = false;
    std::chrono::seconds connect_timeout{20};
    std::chrono::seconds stall_timeout{60};  // no byte for that long: the connection counts as broken
    RetryPolicy retry;
    ProgressStyle progress = ProgressStyle::automatic;
    std::stop_token stop;
};

// As Python's huggingface_hub takes them: HF_ENDPOINT; HF_TOKEN or the file HF_TOKEN_PATH ($HF_HOME/token);
// HF_HUB_CACHE, HF_HOME; HF_HUB_OFFLINE. Throws UsageError for an endpoint that is not an http(s) URL, a
// token with characters that no token has, or no place for a cache.
HubSettings hub_settings_from_environment();

}  // namespace clipsim
