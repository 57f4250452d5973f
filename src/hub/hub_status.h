// What an HTTP status of a hub means to the user.
#pragma once

#include "clipsim/core/hub_cache.h"
#include "http_client.h"

namespace clipsim {

// Returns where response.ok(). Throws UsageError for the hub's 401, 403 and 404 (no permission, no such
// repository, revision or file; `file` is "" where none was asked for), RetryableError for 408, 429 and 5xx,
// Error for others. Where `endpoint` redirected to another server, a refusal there is a link that ran out:
// RetryableError, too.
void check_status(const HttpResponse& response, const std::string& endpoint, const HubRepository& repository,
                  const std::string& file);

}  // namespace clipsim
