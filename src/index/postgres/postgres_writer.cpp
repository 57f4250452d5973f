#include <chrono>
#include <optional>

#include "clipsim/core/error.h"
#include "clipsim/index/postgres/open_postgres.h"
#include "clipsim/vectors/vector_index.h"
#include "postgres_index.h"
#include "postgres_lock.h"
#include "postgres_store.h"

namespace clipsim {

namespace {

class PostgresWriter final : public IndexWriter {
  public:
    PostgresWriter(const PostgresConfig& server, const IndexIdentity& identity, const IndexParameters& wanted,
                   UpdateMode mode, const UpdateSettings& settings)
        : server_(server), identity_(identity), wanted_(wanted), mode_(mode), stop_(settings.stop) {
        if (mode == UpdateMode::dry_run) {
            open_dry();
            return;
        }
        connection_ = std::make_shared<PgConnection>(server);
        lock_.emplace(*connection_, server.schema, settings.wait, settings.stop);
        use_schema(*connection_, server.schema, true);
        check_parameters(*connection_, wanted, identity);
        if (mode == UpdateMode::rebuild) {
            open_staging();
        } else {
            open_current();
        }
    }

    IndexStore* store() override { return store_.get(); }

    // All in one transaction: a search meets the previous tables and indexes, or the new ones.
    void publish(UpdateReport& report) override {
        const std::stop_callback cancel(stop_, [this] { connection_->cancel(); });
        const PostgresMeta meta = read_meta(*connection_, tables_);
        const std::optional<IndexParameters> before = indexed_parameters(meta);
        const IndexParameters resolved = resolve(before);
        const auto start = std::chrono::steady_clock::now();
        const bool current = before && built_parameters(*before) == built_parameters(resolved) &&
                             has_vector_indexes(*connection_, tables_, resolved, identity_);
        PgTransaction transaction(*connection_);
        if (!current) create_vector_indexes(*connection_, tables_, resolved, identity_);
        set_indexed_parameters(*connection_, tables_, resolved);
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        set_meta(*connection_, tables_, "updated",
                 std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count()));
        if (mode_ == UpdateMode::rebuild) swap_in_staging(*connection_);
        transaction.commit();
        if (mode_ == UpdateMode::rebuild) use_tables(PostgresTables::current());
        connection_->execute("ANALYZE images");  // what the planner chooses by
        report.build_seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        report.derivation = current ? UpdateReport::Derivation::kept : UpdateReport::Derivation::rebuilt;
        report.type = resolved.type;
        report.parameters = resolved;
    }

  private:
    void open_dry() {
        try {
            store_ = PostgresStore::open_for_reading(server_, identity_);
        } catch (const NoIndexError&) {
            store_.reset();
        }
    }

    void open_current() {
        const PostgresTables current = PostgresTables::current();
        if (tables_exist(*connection_, current)) {
            check_meta(read_meta(*connection_, current), server_.schema, identity_);
            migrate(*connection_, current);
        } else {
            create_tables(*connection_, current, identity_);
        }
        // Left by a rebuild that was killed and is not wanted any more.
        drop_tables(*connection_, PostgresTables::staging());
        keep_text_vectors(*connection_, current, identity_.text_dimension);
        use_tables(current);
    }

    // Continues an earlier, killed rebuild when it is of the same model.
    void open_staging() {
        const PostgresTables staging = PostgresTables::staging();
        bool usable = tables_exist(*connection_, staging);
        try {
            if (usable) check_meta(read_meta(*connection_, staging), server_.schema, identity_);
        } catch (const Error&) {
            usable = false;
        }
        if (!usable) {
            drop_tables(*connection_, staging);
            create_tables(*connection_, staging, identity_);
        }
        migrate(*connection_, staging);
        keep_text_vectors(*connection_, staging, identity_.text_dimension);
        use_tables(staging);
    }

    void use_tables(const PostgresTables& tables) {
        tables_ = tables;
        store_ = std::make_unique<PostgresStore>(connection_, tables_, identity_);
    }

    // ef_search and nprobe are those that the index was tuned to, or the defaults, where the config has none.
    IndexParameters resolve(const std::optional<IndexParameters>& before) const {
        IndexParameters resolved = wanted_;
        resolved.type = resolve_index_type(wanted_.type, store_->count());
        if (wanted_.type == IndexType::automatic && !can_index(resolved)) resolved.type = IndexType::flat;
        resolved.hnsw.ef_search = HnswConfig::default_ef_search;
        resolved.ivf.nprobe = IvfConfig::default_nprobe;
        if (before) resolved = with_search_parameters(resolved, *before);
        return with_search_parameters(resolved, wanted_);
    }

    bool can_index(const IndexParameters& resolved) const {
        try {
            check_parameters(*connection_, resolved, identity_);
            return true;
        } catch (const UsageError&) {
            return false;  // too many dimensions
        }
    }

    PostgresConfig server_;
    IndexIdentity identity_;
    IndexParameters wanted_;
    UpdateMode mode_;
    std::stop_token stop_;
    std::shared_ptr<PgConnection> connection_;
    std::optional<PostgresWriteLock> lock_;  // none: a dry run
    PostgresTables tables_;
    std::unique_ptr<PostgresStore> store_;  // none: a dry run over nothing
};

}  // namespace

std::unique_ptr<IndexWriter> open_postgres_writer(const PostgresConfig& server, const IndexIdentity& identity,
                                                  const IndexParameters& parameters, UpdateMode mode,
                                                  const UpdateSettings& settings) {
    return std::make_unique<PostgresWriter>(server, identity, parameters, mode, settings);
}

}  // namespace clipsim
