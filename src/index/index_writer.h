// What an update of an index in a server writes to: the store of images, and what searches use beside it.
#pragma once

#include <memory>

#include "clipsim/index/updater.h"

namespace clipsim {

class IndexWriter {
  public:
    virtual ~IndexWriter() = default;
    // The images to compare with and to write to; of a rebuild those that it has so far. Null for a dry run
    // where there is no index.
    virtual ImageStore* store() = 0;
    // Ends an update: a rebuild takes the place of what was there, what searches use is derived from the
    // store. Fills in type, parameters, build_seconds and derivation. A
    // stop that is requested meanwhile ends it with Interrupted; what was committed is kept.
    virtual void publish(UpdateReport& report) = 0;
};

// Of an index in a server; settings: wait and stop. Throws as IndexUpdater's constructor does; UsageError
// where this program was built without what config.backend takes.
std::unique_ptr<IndexWriter> open_server_writer(const IndexIdentity& identity, const IndexConfig& config,
                                                IndexUpdater::Mode mode, const UpdateSettings& settings);

}  // namespace clipsim
