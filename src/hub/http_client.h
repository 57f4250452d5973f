// HTTP requests to a hub and to where it redirects, over libcurl. Not thread-safe: one per thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "clipsim/hub/settings.h"

namespace clipsim {

struct HttpRequest {
    std::string url;
    bool head = false;            // without the body
    std::uint64_t from_byte = 0;  // > 0: asks for the rest from there on (Range)
};

struct HttpResponse {
    int status = 0;
    std::string url;                             // of the last request, after redirects
    std::map<std::string, std::string> headers;  // names in lower case

    bool ok() const { return status >= 200 && status < 300; }
    bool is_redirect() const { return status >= 300 && status < 400 && !header("location").empty(); }
    // "" where there is none.
    std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string() : found->second;
    }
};

// Gets the body of a response that is ok(), piece by piece. What it throws ends the request and reaches the
// caller.
using BodySink = std::function<void(const HttpResponse& head, std::string_view piece)>;

class HttpClient {
  public:
    // The token of `settings` goes to the scheme, host and port of its endpoint, and to nobody else.
    explicit HttpClient(const HubSettings& settings);

    // Follows redirects: all of them, or only those that stay at the same scheme, host and port (another one
    // is then what is returned). Any status is returned; bodies of those that are not ok() are dropped.
    // Throws RetryableError when the connection broke, Error when there is none to be had, Interrupted.
    enum class Redirects { all, same_origin };
    HttpResponse send(HttpRequest request, Redirects redirects, const BodySink& sink = {});

  private:
    HttpResponse send_once(const HttpRequest& request, const BodySink& sink);

    struct FreeHandle {
        void operator()(void* curl) const;
    };
    std::unique_ptr<void, FreeHandle> handle_;  // libcurl's
    const HubSettings& settings_;
};

}  // namespace clipsim
