#include <chrono>
#include <optional>
#include <thread>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/index/postgres/open_postgres.h"
#include "clipsim/vectors/vector_index.h"
#include "postgres_index.h"
#include "postgres_lock.h"
#include "postgres_ownership.h"
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
        check_schema_name(server.schema);
        lock_.emplace(server, settings.wait, settings.stop);
        connection_ = std::make_shared<PgConnection>(server, settings.stop);
        schema_ = open_schema(*connection_, server.schema, true);
        check_parameters(*connection_, wanted, identity);
        if (mode == UpdateMode::rebuild) {
            open_staging();
        } else {
            open_current();
        }
    }

    IndexStore* store() override { return store_.get(); }

    // The index is built beside what searches use; then one short transaction puts it into its place. A
    // search meets the previous tables and indexes, or the new ones.
    void publish(UpdateReport& report) override {
        const std::optional<IndexParameters> before = indexed_parameters(read_meta(*connection_, tables_));
        const IndexParameters resolved = resolve(before);
        const auto start = std::chrono::steady_clock::now();
        const std::vector<std::string> there = vector_indexes(*connection_, schema_, tables_);
        const bool current = before && built_parameters(*before) == built_parameters(resolved) &&
                             there.size() == wanted_indexes(resolved, identity_);
        lock_->require();
        if (!current) create_vector_indexes(*connection_, schema_, tables_, resolved, identity_);
        swap_in(current ? std::vector<std::string>{} : there, resolved);
        if (mode_ == UpdateMode::rebuild) use_tables(PostgresTables::current(schema_));
        connection_->execute(concat("ANALYZE ", tables_.images));  // what the planner chooses by
        report.build_seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        report.derivation = current ? UpdateReport::Derivation::kept : UpdateReport::Derivation::rebuilt;
        report.type = resolved.type;
        report.parameters = resolved;
    }

  private:
    // Dropping a table or an index waits for the searches under way, and those that come meanwhile wait
    // behind it: so it waits for moments only, again and again.
    void swap_in(const std::vector<std::string>& old_indexes, const IndexParameters& resolved) {
        constexpr std::chrono::minutes patience{10};
        constexpr std::chrono::milliseconds between_tries{500};
        const auto start = std::chrono::steady_clock::now();
        bool told = false;
        while (true) {
            try {
                lock_->require();
                return try_to_swap_in(old_indexes, resolved);
            } catch (const PgLockTimeout&) {
                const auto waited = std::chrono::steady_clock::now() - start;
                if (waited >= patience) {
                    throw Error(concat("the tables in the PostgreSQL schema ", printable(server_.schema),
                                       " have been in use for ten minutes (by pg_dump, perhaps); what was "
                                       "done is kept, run the command again"));
                }
                if (!told && waited > std::chrono::seconds(2)) {
                    told = true;
                    log_info("waiting for those who read the earlier tables (a long search, pg_dump)");
                }
            }
            std::this_thread::sleep_for(between_tries);
            throw_if_stopped(stop_, "what was done is kept; run the command again");
        }
    }

    void try_to_swap_in(const std::vector<std::string>& old_indexes, const IndexParameters& resolved) {
        PgTransaction transaction(*connection_);
        connection_->execute("SET LOCAL lock_timeout = '300ms'");
        for (const std::string& index : old_indexes) connection_->execute("DROP INDEX " + index);
        set_indexed_parameters(*connection_, tables_, resolved);
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        set_meta(*connection_, tables_, "updated",
                 std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count()));
        if (mode_ == UpdateMode::rebuild) swap_in_staging(*connection_, schema_);
        transaction.commit();
    }

    void open_dry() {
        try {
            store_ = PostgresStore::open_for_reading(server_, identity_, stop_);
        } catch (const NoIndexError&) {
            store_.reset();
        }
    }

    void open_current() {
        const PostgresTables current = PostgresTables::current(schema_);
        const PostgresTables staging = PostgresTables::staging(schema_);
        if (tables_are_there(*connection_, current)) {
            check_meta(read_meta(*connection_, current), server_.schema, identity_, IndexUse::own);
            migrate(*connection_, current);
        } else {
            create_tables(*connection_, schema_, current, identity_);
        }
        // Left by a rebuild that was killed and is not wanted any more.
        if (owner_of(*connection_, staging) == TableOwner::clipsim) drop_tables(*connection_, staging);
        keep_text_vectors(*connection_, schema_, current, identity_.text_dimension);
        use_tables(current);
    }

    // Continues an earlier, killed rebuild when it is of the same model.
    void open_staging() {
        const PostgresTables staging = PostgresTables::staging(schema_);
        tables_are_there(*connection_, PostgresTables::current(schema_));  // nobody else's, before any work
        bool usable = tables_are_there(*connection_, staging);
        try {
            if (usable)
                check_meta(read_meta(*connection_, staging), server_.schema, identity_, IndexUse::own);
        } catch (const Error&) {
            usable = false;
        }
        if (!usable) {
            drop_tables(*connection_, staging);
            create_tables(*connection_, schema_, staging, identity_);
        }
        migrate(*connection_, staging);
        keep_text_vectors(*connection_, schema_, staging, identity_.text_dimension);
        use_tables(staging);
    }

    void use_tables(const PostgresTables& tables) {
        tables_ = tables;
        store_ = std::make_unique<PostgresStore>(connection_, tables_, identity_, machine_of(server_));
        store_->guard_writes([this] { lock_->require(); });
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
    std::optional<PostgresWriteLock> lock_;  // none: a dry run
    std::shared_ptr<PgConnection> connection_;
    PostgresSchema schema_;
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
