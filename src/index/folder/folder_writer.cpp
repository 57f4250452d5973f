#include <optional>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "derived_files.h"
#include "folder_lock.h"
#include "sqlite.h"

namespace clipsim {

namespace {

// A database and the files that SQLite keeps beside it.
void remove_database(const std::filesystem::path& file) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        std::error_code ignored;
        std::filesystem::remove(std::filesystem::path(file).concat(suffix), ignored);
    }
}

// The store of a rebuild: continues that of an earlier, killed rebuild when it is of the same model.
SqliteStore open_staging(const std::filesystem::path& file, const IndexIdentity& identity) {
    try {
        return SqliteStore::open_for_writing(file, identity);
    } catch (const DiskError&) {
        throw;  // what was embedded stays, for when there is room again
    } catch (const Error&) {
        remove_database(file);
        return SqliteStore::open_for_writing(file, identity);
    }
}

class FolderWriter final : public IndexWriter {
  public:
    FolderWriter(std::filesystem::path folder, IndexIdentity identity, const IndexParameters& parameters,
                 UpdateMode mode, int threads, const UpdateSettings& settings)
        : folder_(std::move(folder)),
          identity_(std::move(identity)),
          derived_(folder_, identity_, parameters, settings, threads),
          mode_(mode) {
        std::error_code ignored;
        if (mode == UpdateMode::dry_run) {
            if (std::filesystem::exists(database(), ignored))
                store_ = SqliteStore::open_for_reading(database(), identity_);
            return;
        }
        ensure_writable_folder(folder_);
        lock_ = lock_folder(folder_, settings.wait, settings.stop);
        if (mode == UpdateMode::rebuild) {
            store_ = open_staging(staging(), identity_);
        } else {
            derived_.refuse_newer();
            store_ = SqliteStore::open_for_writing(database(), identity_);
            remove_database(staging());  // left by a rebuild that was killed and is not wanted any more
        }
    }

    IndexStore* store() override { return store_ ? &*store_ : nullptr; }

    void publish(UpdateReport& report) override {
        if (mode_ == UpdateMode::rebuild) swap_in_rebuilt();
        derived_.refresh(*store_, report);
    }

  private:
    std::filesystem::path database() const { return folder_ / "images.db"; }
    std::filesystem::path staging() const { return folder_ / "images.db.rebuild"; }

    void swap_in_rebuilt() {
        store_.reset();
        try {
            SqliteStore::replace_all(database(), staging());
        } catch (const DiskError&) {
            throw;  // the earlier index stays
        } catch (const Error& error) {
            log_warning(concat(error.what(), "; replacing it"));
            remove_database(database());
            SqliteStore::replace_all(database(), staging());
        }
        remove_database(staging());
        store_ = SqliteStore::open_for_writing(database(), identity_);
    }

    std::filesystem::path folder_;
    IndexIdentity identity_;
    DerivedFiles derived_;
    UpdateMode mode_;
    std::optional<FileLock> lock_;      // none: a dry run
    std::optional<SqliteStore> store_;  // none: a dry run over nothing
};

}  // namespace

std::unique_ptr<IndexWriter> open_folder_writer(const std::filesystem::path& folder,
                                                const IndexIdentity& identity,
                                                const IndexParameters& parameters, UpdateMode mode,
                                                int threads, const UpdateSettings& settings) {
    return std::make_unique<FolderWriter>(folder, identity, parameters, mode, threads, settings);
}

}  // namespace clipsim
