#include "retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <mutex>

#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

using std::chrono::milliseconds;

void sleep_until_stopped(milliseconds delay, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, delay, [] { return false; });
}

}  // namespace

std::optional<milliseconds> parse_retry_after(const std::string& value) {
    constexpr std::int64_t longest_seconds = 1'000'000;  // far beyond any patience
    if (const auto seconds = parse_number<std::int64_t>(value)) {
        if (*seconds < 0) return std::nullopt;
        return milliseconds(1000 * std::min(*seconds, longest_seconds));
    }
    const std::time_t date = curl_getdate(value.c_str(), nullptr);
    if (date < 0) return std::nullopt;
    return milliseconds(1000 * std::clamp<std::int64_t>(date - std::time(nullptr), 0, longest_seconds));
}

void Retries::wait(const RetryableError& error) {
    throw_if_stopped(stop_, "what was downloaded is kept");
    ++failures_;
    if (failures_ >= policy_.attempts) {
        throw Error(concat(error.what(), " (", policy_.attempts, " attempts); what was downloaded is kept"));
    }
    milliseconds delay = policy_.first_delay * (1 << std::min(failures_ - 1, 16));
    if (error.after()) delay = std::max(delay, *error.after());
    if (delay > policy_.longest_delay) {
        throw Error(concat(error.what(), "; it asks to wait for ", delay.count() / 1000,
                           " seconds: try again then; what was downloaded is kept"));
    }
    log_warning(concat(error.what(), "; trying again in ", (delay.count() + 999) / 1000, " s"));
    if (policy_.sleep) {
        policy_.sleep(delay);
    } else {
        sleep_until_stopped(delay, stop_);
    }
    throw_if_stopped(stop_, "what was downloaded is kept");
}

}  // namespace clipsim
