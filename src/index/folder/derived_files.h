// index.faiss, text.faiss and manifest.json, kept in step with images.db at a cost in proportion to what
// changed.
#pragma once

#include <filesystem>
#include <optional>

#include "clipsim/core/parallel.h"
#include "clipsim/index/folder/manifest.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "clipsim/index/index_writer.h"

namespace clipsim {

class DerivedFiles {
  public:
    // wanted: as the user asked for it; threads 0: one per core. The folder's lock is held.
    DerivedFiles(std::filesystem::path folder, IndexIdentity identity, IndexParameters wanted,
                 const UpdateSettings& settings, int threads);

    // Throws NewerIndexError where the manifest is a newer clipsim's.
    void refuse_newer() const;
    // Writes what has to be written, if anything, and fills in the report what it found and did.
    void refresh(SqliteStore& store, UpdateReport& report);

  private:
    struct Files;
    struct Usable {
        Manifest manifest;
        bool is_current = true;  // size and time of change of the files are those that it says
    };
    std::optional<Usable> usable_manifest(const SqliteStore& store, const IndexParameters& resolved) const;
    IndexParameters resolved_parameters(const SqliteStore& store) const;
    bool has_text_space() const { return identity_.text_dimension > 0; }

    void rebuild(SqliteStore& store, Manifest& manifest);
    void add_delta(SqliteStore& store, Manifest& manifest);
    void swap_in(Files& files, Manifest& manifest, const SqliteStore& store) const;
    void remove_leftovers() const;

    std::filesystem::path folder_;
    IndexIdentity identity_;
    IndexParameters wanted_;
    UpdateSettings settings_;
    ThreadPool pool_;
};

}  // namespace clipsim
