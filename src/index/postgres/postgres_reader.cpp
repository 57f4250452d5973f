#include "postgres_reader.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/index/postgres/open_postgres.h"
#include "postgres_store.h"

namespace clipsim {

std::unique_ptr<PgConnection> ConnectionPool::take() {
    {
        const std::scoped_lock lock(mutex_);
        if (!idle_.empty()) {
            std::unique_ptr<PgConnection> connection = std::move(idle_.back());
            idle_.pop_back();
            return connection;
        }
    }
    auto connection = std::make_unique<PgConnection>(server_, stop_);
    connection->expect_answers_within(std::chrono::duration<double>(server_.timeout_s));
    return connection;
}

void ConnectionPool::give_back(std::unique_ptr<PgConnection> connection) {
    if (connection->is_broken() || connection->in_transaction()) return;
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(connection));
}

void ConnectionPool::drop_idle() {
    const std::scoped_lock lock(mutex_);
    idle_.clear();
}

PostgresReader::PostgresReader(const PostgresConfig& server, const std::optional<IndexIdentity>& identity,
                               const IndexParameters& wanted, const ThreadPool& pool,
                               const std::stop_token& stop)
    : server_(server),
      identity_(identity),
      wanted_(wanted),
      threads_(pool),
      stop_(stop),
      pool_(server, stop) {
    std::unique_ptr<PgConnection> connection = pool_.take();
    const PostgresSchema schema = open_schema(*connection, server.schema, false);
    require_index(*connection, schema);
    state_ = std::make_shared<PostgresState>(PostgresState{schema, PostgresTables::current(schema), {}, 0});
    state_ = look_again(*connection);
    description_.identity = state_->identity();
    description_.parameters = state_->parameters(wanted_);
    description_.roots = roots_of(state_->meta);
    if (!identity_) identity_ = description_.identity;
    description_.images = connection->query("SELECT count(*) FROM " + state_->tables.images).integer(0, 0);
    pool_.give_back(std::move(connection));
}

std::shared_ptr<const PostgresState> PostgresReader::state() const {
    const std::scoped_lock lock(state_mutex_);
    return state_;
}

// Throws where it is no longer what it was opened as.
std::shared_ptr<const PostgresState> PostgresReader::look_again(PgConnection& connection) const {
    auto newest = std::make_shared<PostgresState>(*state());
    const std::array<PgStatement, 2> statements{{{read_meta_sql(newest->tables)}, {pgvector_version_sql}}};
    const std::vector<PgResult> results = connection.pipeline(statements);
    newest->meta = meta_of(results[0]);
    newest->pgvector = pgvector_minor_version(results[1]);
    check_meta(newest->meta, server_.schema, identity_.value_or(newest->identity()), IndexUse::shared);
    const std::scoped_lock lock(state_mutex_);
    return state_ = newest;
}

std::vector<FoundImage> PostgresReader::nearest(std::span<const float> query, int k, Space space,
                                                const ImageFilter& where) const {
    const PostgresQuestion question{query, k, space, where};
    std::unique_ptr<PgConnection> connection = pool_.take();
    try {
        return answer(connection, question);
    } catch (const UsageError&) {
        throw;
    } catch (const Interrupted&) {
        throw;
    } catch (const Error&) {
        if (!connection->is_broken() || connection->gave_up()) throw;
    }
    // The server was restarted since the last search; the earlier connections are all gone.
    pool_.drop_idle();
    connection = pool_.take();
    return answer(connection, question);
}

std::vector<FoundImage> PostgresReader::answer(std::unique_ptr<PgConnection>& connection,
                                               const PostgresQuestion& question) const {
    std::shared_ptr<const PostgresState> known = state();
    bool exact = false;
    // Again only where the index was made anew since the last search, or has too few to give.
    while (true) {
        PostgresAnswer answer;
        try {
            answer = ask(*connection, *known, wanted_, question, exact);
        } catch (const Interrupted&) {
            throw;
        } catch (const Error&) {
            if (connection->is_broken()) throw;
            const std::shared_ptr<const PostgresState> newest = look_again(*connection);
            if (known->serves(newest->meta)) throw;
            known = newest;
            continue;
        }
        if (!known->serves(answer.meta)) {
            known = look_again(*connection);
            exact = false;
        } else if (!answer.whole) {
            exact = true;
        } else {
            pool_.give_back(std::move(connection));
            return std::move(answer.found);
        }
    }
}

NearestRows PostgresReader::nearest_rows(std::span<const float> queries, int k,
                                         const ImageFilter& where) const {
    const std::vector<std::int64_t>& ids = this->ids();
    const auto dimension = static_cast<std::size_t>(description_.identity.dimension);
    const std::size_t count = queries.size() / dimension;
    NearestRows nearest_to(count, static_cast<std::size_t>(k));
    threads_.parallel_for(count, 1, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t q = begin; q < end; ++q) {
            std::size_t rank = 0;
            const auto query = queries.subspan(q * dimension, dimension);
            for (const FoundImage& image : nearest(query, k, Space::image, where)) {
                const auto at = std::ranges::lower_bound(ids, image.id);
                // An image that came since the ids were read has no row in their order.
                if (at != ids.end() && *at == image.id)
                    nearest_to.set(q, rank++, at - ids.begin(), image.score);
            }
        }
    });
    return nearest_to;
}

std::vector<StoredImage> PostgresReader::images(const ImageFilter& where) const {
    std::vector<StoredImage> images = PostgresStore::open_for_reading(server_, *identity_, stop_)->images();
    std::erase_if(images,
                  [&](const StoredImage& image) { return !where.matches(image.path.native(), image.label); });
    return images;
}

std::vector<std::string> PostgresReader::labels() const {
    std::unique_ptr<PgConnection> connection = pool_.take();
    std::vector<std::string> labels;
    connection->for_each(concat("SELECT DISTINCT label FROM ", state()->tables.images, " ORDER BY label"), {},
                         [&](const PgResult& row) { labels.push_back(row.text(0, 0)); });
    pool_.give_back(std::move(connection));
    return labels;
}

IndexStorage PostgresReader::storage() const {
    std::unique_ptr<PgConnection> connection = pool_.take();
    const PostgresTables tables = state()->tables;
    IndexStorage storage;
    storage.bytes = static_cast<std::uint64_t>(
        connection->query("SELECT pg_catalog.pg_total_relation_size($1::text::regclass)", {tables.images})
            .integer(0, 0));
    const PostgresMeta meta = read_meta(*connection, tables);
    if (const auto updated = meta.find("updated"); updated != meta.end())
        storage.changed_s = std::strtoll(updated->second.c_str(), nullptr, 10);
    pool_.give_back(std::move(connection));
    return storage;
}

const std::vector<std::int64_t>& PostgresReader::ids() const {
    std::call_once(ids_once_, [&] {
        std::unique_ptr<PgConnection> connection = pool_.take();
        connection->for_each(concat("SELECT id FROM ", state()->tables.images, " ORDER BY id"), {},
                             [&](const PgResult& row) { ids_.push_back(row.integer(0, 0)); });
        pool_.give_back(std::move(connection));
    });
    return ids_;
}

std::unique_ptr<IndexReader> open_postgres_reader(const PostgresConfig& server,
                                                  const std::optional<IndexIdentity>& identity,
                                                  const IndexParameters& wanted, const ThreadPool& pool,
                                                  const std::stop_token& stop) {
    return std::make_unique<PostgresReader>(server, identity, wanted, pool, stop);
}

}  // namespace clipsim
