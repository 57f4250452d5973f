#include "hub_status.h"

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "retry.h"
#include "url.h"

namespace clipsim {

namespace {

// "https://huggingface.co" of a URL below it, for messages.
std::string host_of(const std::string& url) {
    const std::string text = presentable(url);
    const auto scheme = text.find("://");
    return text.substr(0, text.find('/', scheme == std::string::npos ? 0 : scheme + 3));
}

[[noreturn]] void refuse(const HttpResponse& response, const HubRepository& repository,
                         const std::string& file) {
    const std::string hub = host_of(response.url);
    const std::string id = repository.id();
    // X-Error-Code is what huggingface_hub goes by, too (utils/_http.py, hf_raise_for_status).
    const std::string code = response.header("x-error-code");
    if (code == "GatedRepo") {
        throw UsageError(concat(id, " is gated: accept its terms at ", hub, "/", id,
                                " and set HF_TOKEN to a token of yours (or run `hf auth login`)"));
    }
    if (response.status == 401) {
        throw UsageError(concat(hub, " shows no repository ", id,
                                ": it does not exist, or it is private or gated and ",
                                "HF_TOKEN is not set or not valid"));
    }
    if (response.status == 403) {
        throw UsageError(concat(hub, " refuses ", id,
                                ": the model is gated (accept its terms there), or HF_TOKEN ",
                                "lacks the right to read it"));
    }
    if (code == "RevisionNotFound")
        throw UsageError(concat(id, " has no revision ", repository.revision, " at ", hub));
    if (!file.empty())
        throw UsageError(concat(id, " has no file ", printable(file), " at revision ", repository.revision));
    throw UsageError(concat(hub, " has no repository ", id, ", or none of revision ", repository.revision));
}

}  // namespace

void check_status(const HttpResponse& response, const std::string& endpoint, const HubRepository& repository,
                  const std::string& file) {
    if (response.ok()) return;
    const int status = response.status;
    const bool refusal = status == 401 || status == 403 || status == 404;
    const bool hub = same_origin(endpoint, response.url);
    if (refusal && hub) refuse(response, repository, file);
    const std::string message = concat(presentable(response.url), " answers with status ", status,
                                       status == 429 ? " (too many requests)" : "");
    if (refusal || status == 408 || status == 429 || status >= 500) {
        throw RetryableError(message, parse_retry_after(response.header("retry-after")));
    }
    throw Error(message);
}

}  // namespace clipsim
