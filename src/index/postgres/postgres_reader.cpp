#include "postgres_reader.h"

#include <algorithm>
#include <cstdlib>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/index/postgres/open_postgres.h"
#include "clipsim/vectors/vector_index.h"
#include "postgres_filter.h"
#include "postgres_index.h"
#include "postgres_store.h"

namespace clipsim {

namespace {

constexpr int iterative_scan_since = 8;
// Up to so many images that fit a filter are compared one by one: exact, and about as fast as the graph.
constexpr std::int64_t exact_limit = 10'000;

// One search in one snapshot.
class Search {
  public:
    Search(PgConnection& connection, const std::string& schema, const IndexParameters& wanted,
           const std::optional<IndexIdentity>& identity)
        : connection_(connection), transaction_(connection, one_snapshot) {
        const PostgresMeta meta = read_meta(connection, PostgresTables::current());
        stored_ = identity_of(meta);
        roots_ = roots_of(meta);
        check_meta(meta, schema, identity.value_or(stored_));
        IndexParameters flat;
        flat.type = IndexType::flat;  // an update that has not ended yet has no index
        parameters_ = with_search_parameters(indexed_parameters(meta).value_or(flat), wanted);
        iterative_ = pgvector_minor_version(connection) >= iterative_scan_since;
    }

    std::vector<FoundImage> nearest(std::span<const float> query, int k, Space space,
                                    const ImageFilter& where) {
        const int dimension = stored_.dimension_of(space);
        if (dimension == 0) {
            throw UsageError(
                "the index keeps no vectors of the text space; to search for sentences, set "
                "index.text_search to true and run `clipsim index`");
        }
        const Question question{pg_vector(query), k, space, dimension, condition(where, space)};
        std::vector<FoundImage> found;
        const bool exact = parameters_.type == IndexType::flat ||
                           (!where.empty() && (!iterative_ || count(question) <= exact_limit));
        if (!exact) found = ask(question, by_index(question));
        // An index may give fewer than there are: deleted rows take places, a filter passes over most.
        if (exact ||
            (static_cast<int>(found.size()) < k && static_cast<std::int64_t>(found.size()) < count(question)))
            found = ask(question, by_scan(question));
        return found;
    }

    void end() { transaction_.commit(); }
    const IndexParameters& parameters() const { return parameters_; }
    const std::vector<std::filesystem::path>& roots() const { return roots_; }
    const IndexIdentity& identity() const { return stored_; }

  private:
    struct Condition {
        std::string sql;
        std::vector<std::string> values;
    };
    struct Question {
        std::string vector;
        int k;
        Space space;
        int dimension;
        Condition where;
    };

    // Parameter $1 is the vector.
    Condition condition(const ImageFilter& where, Space space) {
        const std::string there = space == Space::image ? "" : " AND joint_vector IS NOT NULL";
        const PostgresFilter translated(where, 1);
        if (translated.exact) return {translated.sql + there, translated.values};
        std::vector<std::int64_t> ids;
        const PostgresFilter alone(where, 0);
        connection_.for_each(concat("SELECT id, path, label FROM images WHERE ", alone.sql), alone.values,
                             [&](const PgResult& row) {
                                 if (where.matches(row.bytes(0, 1), row.bytes(0, 2)))
                                     ids.push_back(row.integer(0, 0));
                             });
        return {"id = ANY ($2::bigint[])" + there, {pg_integers(ids)}};
    }

    std::int64_t count(const Question& question) {
        if (!count_) {
            // $1 is not used; that it is named gives it a type.
            count_ = ask_rows(concat("SELECT count(*) FROM images WHERE ($1::vector IS NOT NULL) AND ",
                                     question.where.sql),
                              question)
                         .integer(0, 0);
        }
        return *count_;
    }

    // An order that no index has: all rows are compared.
    std::string by_scan(const Question& question) const {
        return concat("SELECT id, path, label, -(", column_of(question.space),
                      " <#> $1::vector), content_hash FROM images WHERE ", question.where.sql, " ORDER BY (",
                      column_of(question.space), " <#> $1::vector) + 0, id LIMIT ", question.k);
    }

    // As many as the index looks at, in its own precision; the best of them in full precision.
    std::string by_index(const Question& question) {
        const PgSearch how = pgvector_search(parameters_, question.k, iterative_);
        connection_.execute(how.settings);
        return concat(
            "SELECT id, path, label, -(v <#> $1::vector), content_hash FROM (SELECT id, path, label, "
            "content_hash, ",
            column_of(question.space), " AS v FROM images WHERE ", question.where.sql, " ORDER BY ",
            indexed_expression(parameters_, question.space, question.dimension), " <#> ",
            query_expression(parameters_, question.dimension), " LIMIT ",
            parameters_.storage == Storage::fp16 ? how.candidates : question.k,
            ") candidates ORDER BY v <#> $1::vector, id LIMIT ", question.k);
    }

    PgResult ask_rows(const std::string& sql, const Question& question) {
        std::vector<std::string> values{question.vector};
        values.insert(values.end(), question.where.values.begin(), question.where.values.end());
        return connection_.query(sql, values);
    }

    std::vector<FoundImage> ask(const Question& question, const std::string& sql) {
        const PgResult rows = ask_rows(sql, question);
        std::vector<FoundImage> found;
        for (int row = 0; row < rows.rows(); ++row) {
            found.push_back({rows.integer(row, 0), rows.text(row, 1), rows.text(row, 2),
                             static_cast<float>(rows.number(row, 3)), rows.text(row, 4)});
        }
        return found;
    }

    PgConnection& connection_;
    PgTransaction transaction_;
    IndexIdentity stored_;
    IndexParameters parameters_;
    std::vector<std::filesystem::path> roots_;
    bool iterative_ = false;
    std::optional<std::int64_t> count_;
};

}  // namespace

std::unique_ptr<PgConnection> ConnectionPool::take() {
    {
        const std::scoped_lock lock(mutex_);
        if (!idle_.empty()) {
            std::unique_ptr<PgConnection> connection = std::move(idle_.back());
            idle_.pop_back();
            return connection;
        }
    }
    auto connection = std::make_unique<PgConnection>(server_);
    use_schema(*connection, server_.schema, false);
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
                               const IndexParameters& wanted, const ThreadPool& pool)
    : server_(server), identity_(identity), wanted_(wanted), threads_(pool), pool_(server) {
    std::unique_ptr<PgConnection> connection = pool_.take();
    require_index(*connection, server.schema);
    {
        Search look(*connection, server_.schema, wanted_, identity_);
        description_.identity = look.identity();
        description_.parameters = look.parameters();
        description_.roots = look.roots();
        look.end();
    }
    if (!identity_) identity_ = description_.identity;
    description_.images = PostgresStore(std::shared_ptr<PgConnection>(std::move(connection)),
                                        PostgresTables::current(), *identity_)
                              .count();
}

std::vector<FoundImage> PostgresReader::nearest(std::span<const float> query, int k, Space space,
                                                const ImageFilter& where) const {
    std::unique_ptr<PgConnection> connection = pool_.take();
    try {
        return ask(connection, query, k, space, where);
    } catch (const UsageError&) {
        throw;
    } catch (const Error&) {
        if (!connection->is_broken()) throw;
    }
    // The server was restarted since the last search; the earlier connections are all gone.
    pool_.drop_idle();
    connection = pool_.take();
    return ask(connection, query, k, space, where);
}

std::vector<FoundImage> PostgresReader::ask(std::unique_ptr<PgConnection>& connection,
                                            std::span<const float> query, int k, Space space,
                                            const ImageFilter& where) const {
    std::vector<FoundImage> found;
    {
        Search search(*connection, server_.schema, wanted_, identity_);
        found = search.nearest(query, k, space, where);
        search.end();
    }
    pool_.give_back(std::move(connection));
    return found;
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
    std::vector<StoredImage> images = PostgresStore::open_for_reading(server_, *identity_)->images();
    std::erase_if(images,
                  [&](const StoredImage& image) { return !where.matches(image.path.native(), image.label); });
    return images;
}

std::vector<std::string> PostgresReader::labels() const {
    std::unique_ptr<PgConnection> connection = pool_.take();
    std::vector<std::string> labels;
    connection->for_each("SELECT DISTINCT label FROM images ORDER BY label", {},
                         [&](const PgResult& row) { labels.push_back(row.text(0, 0)); });
    pool_.give_back(std::move(connection));
    return labels;
}

IndexStorage PostgresReader::storage() const {
    std::unique_ptr<PgConnection> connection = pool_.take();
    IndexStorage storage;
    storage.bytes = static_cast<std::uint64_t>(
        connection->query("SELECT pg_total_relation_size('images')::bigint").integer(0, 0));
    const PostgresMeta meta = read_meta(*connection, PostgresTables::current());
    if (const auto updated = meta.find("updated"); updated != meta.end())
        storage.changed_s = std::strtoll(updated->second.c_str(), nullptr, 10);
    pool_.give_back(std::move(connection));
    return storage;
}

const std::vector<std::int64_t>& PostgresReader::ids() const {
    std::call_once(ids_once_, [&] {
        std::unique_ptr<PgConnection> connection = pool_.take();
        connection->for_each("SELECT id FROM images ORDER BY id", {},
                             [&](const PgResult& row) { ids_.push_back(row.integer(0, 0)); });
        pool_.give_back(std::move(connection));
    });
    return ids_;
}

std::unique_ptr<IndexReader> open_postgres_reader(const PostgresConfig& server,
                                                  const std::optional<IndexIdentity>& identity,
                                                  const IndexParameters& wanted, const ThreadPool& pool) {
    return std::make_unique<PostgresReader>(server, identity, wanted, pool);
}

}  // namespace clipsim
