// Trying again, with patience.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/hub/settings.h"

namespace clipsim {

// What may go well the next time: a busy server, a broken connection.
class RetryableError : public Error {
  public:
    explicit RetryableError(const std::string& message, std::optional<std::chrono::milliseconds> after = {})
        : Error(message), after_(after) {}
    // What the server asked for (Retry-After).
    std::optional<std::chrono::milliseconds> after() const { return after_; }

  private:
    std::optional<std::chrono::milliseconds> after_;
};

// Of "Retry-After": seconds or a date (RFC 9110, 10.2.3); nothing where it is neither.
std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& value);

class Retries {
  public:
    Retries(const RetryPolicy& policy, std::stop_token stop) : policy_(policy), stop_(std::move(stop)) {}

    // Something came through: the next failure counts as the first.
    void reset() { failures_ = 0; }
    // After a failure: says so, waits, returns. Throws the error on where it was the last attempt or the
    // server asks for more patience than the policy has; throws Interrupted when a stop was requested.
    void wait(const RetryableError& error);

  private:
    const RetryPolicy& policy_;
    std::stop_token stop_;
    int failures_ = 0;
};

// The result of `attempt`, called until it throws no RetryableError.
template <typename Attempt>
auto with_retries(const HubSettings& settings, const Attempt& attempt) {
    Retries retries(settings.retry, settings.stop);
    while (true) {
        try {
            return attempt();
        } catch (const RetryableError& error) {
            retries.wait(error);
        }
    }
}

}  // namespace clipsim
