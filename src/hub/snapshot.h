// Writes a repository's folder in the cache (core/hub_cache.h says what is where).
#pragma once

#include <filesystem>
#include <string>

#include "blob_download.h"
#include "clipsim/core/hub_cache.h"

namespace clipsim {

class Snapshot {
  public:
    // Makes the folders. Throws Error where that can't be.
    Snapshot(const std::filesystem::path& cache, const HubRepository& repository, const std::string& commit);

    // snapshots/COMMIT
    const std::filesystem::path& folder() const { return folder_; }
    BlobPlace place(const Blob& blob) const;
    // snapshots/COMMIT/FILE becomes a relative link to the blob (a copy where the file system has no links).
    void link(const Blob& blob) const;
    // refs/REVISION becomes the commit, unless the revision is the commit itself.
    void name_revision() const;

  private:
    std::filesystem::path repository_folder_, locks_, folder_;
    std::string revision_, commit_;
};

}  // namespace clipsim
