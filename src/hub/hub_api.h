// The three requests that a pull makes of a hub, and what its refusals mean.
#pragma once

#include <string>

#include "clipsim/core/hub_cache.h"
#include "http_client.h"
#include "listing.h"

namespace clipsim {

// Returns where response.ok(). Throws UsageError for the hub's 401, 403 and 404 (no permission, no such
// repository, revision or file; `file` is "" where none was asked for), RetryableError for 408, 429 and 5xx,
// Error for others. Where `endpoint` redirected to another server, a refusal there is a link that ran out:
// RetryableError, too.
void check_status(const HttpResponse& response, const std::string& endpoint, const HubRepository& repository,
                  const std::string& file);

// A file's content, as the hub describes it.
struct Blob {
    std::string file;  // its path in the repository
    std::string etag;  // a plain file name
    std::uint64_t size = 0;
    std::optional<Checksum> checksum;  // nothing where a hub states none
};

class HubApi {
  public:
    // Both must outlive this.
    HubApi(HttpClient& client, const HubSettings& settings, HubRepository repository);

    // Throws as check_status and parse_listing do.
    Listing list();
    // What a download of the file would bring (HEAD). Throws Error where that contradicts the listing or
    // states no size or no ETag.
    Blob describe(const Listing& listing, const ListedFile& file);
    // Where the file's content is.
    std::string url_of(const Listing& listing, const std::string& file) const;

  private:
    HttpClient& client_;
    const HubSettings& settings_;
    HubRepository repository_;
};

}  // namespace clipsim
