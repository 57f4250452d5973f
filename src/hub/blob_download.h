// One file of a hub, into the folder of blobs: with resume, checksum, patience.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "clipsim/core/hub_cache.h"
#include "http_client.h"
#include "hub_api.h"

namespace clipsim {

struct BlobPlace {
    std::filesystem::path file;  // blobs/ETAG; blobs/ETAG.incomplete while it is downloaded
    std::filesystem::path lock;
};

// Whether the blob is there whole.
bool blob_is_here(const BlobPlace& place, const Blob& blob);

// Downloads `blob` from `url`. `on_bytes` is told how many of its bytes are here, each time more are. Returns
// the number of bytes that came over the network. Throws Error when the content has not the stated checksum
// or size (it is removed then) or the network or the disk fails (the part that came is kept); what
// check_status throws; Interrupted.
std::uint64_t download_blob(HttpClient& client, const HubSettings& settings, const HubRepository& repository,
                            const Blob& blob, const std::string& url, const BlobPlace& place,
                            const std::function<void(std::uint64_t)>& on_bytes);

}  // namespace clipsim
