#include "postgres_search.h"

#include <algorithm>
#include <array>

#include "clipsim/core/text.h"
#include "clipsim/vectors/vector_index.h"
#include "postgres_filter.h"
#include "postgres_index.h"
#include "postgres_values.h"

namespace clipsim {

namespace {

constexpr int iterative_scan_since = 8;
// Up to so many images that fit a filter are compared one by one: exact, and about as fast as the graph.
constexpr std::int64_t exact_limit = 10'000;

// Which rows a search may find, as SQL; its parameters are $2 and so on.
struct Condition {
    std::string sql;
    std::vector<std::string> values;
};

class Search {
  public:
    Search(const PostgresState& state, const IndexParameters& wanted, const PostgresQuestion& question)
        : state_(state),
          parameters_(state.parameters(wanted)),
          question_(question),
          dimension_(state.identity().dimension_of(question.space)) {
        if (dimension_ == 0) {
            throw UsageError(
                "the index keeps no vectors of the text space; to search for sentences, set "
                "index.text_search to true and run `clipsim index`");
        }
    }

    PostgresAnswer ask(PgConnection& connection, bool exact) {
        condition_ = condition(connection);
        const bool iterative = state_.pgvector >= iterative_scan_since;
        const bool filtered = !question_.where.empty();
        const bool by_scan_alone = exact || parameters_.type == IndexType::flat || (filtered && !iterative);
        std::vector<PgStatement> statements{
            {begin_reading}, {lock_for_reading(state_.tables)}, {read_meta_sql(state_.tables)}};
        const std::size_t meta = 2;
        std::optional<std::size_t> scan, index;
        // With a filter both are asked, and the server carries one of them out: which one shows the number of
        // images that fit.
        if (by_scan_alone || filtered) {
            scan = statements.size();
            statements.push_back(by_scan(by_scan_alone ? "" : concat(" AND ", few(), " <= ", exact_limit)));
        }
        if (!by_scan_alone) {
            const PgSearch how = pgvector_search(parameters_, question_.k, iterative);
            for (const std::string& setting : how.settings) statements.push_back({setting});
            index = statements.size();
            statements.push_back(by_index(how, filtered ? concat(" AND ", few(), " > ", exact_limit) : ""));
        }
        statements.push_back({"COMMIT"});
        const std::vector<PgResult> results = connection.pipeline(statements);
        PostgresAnswer answer;
        answer.meta = meta_of(results[meta]);
        if (scan) take(results[*scan], answer.found);
        answer.whole = by_scan_alone || !answer.found.empty();
        if (index && answer.found.empty()) {
            take(results[*index], answer.found);
            answer.whole = static_cast<int>(answer.found.size()) == question_.k;
        }
        return answer;
    }

  private:
    Condition condition(PgConnection& connection) const {
        const std::string there = question_.space == Space::image ? "" : " AND joint_vector IS NOT NULL";
        const PostgresFilter translated(question_.where, 1);
        if (translated.exact) return {translated.sql + there, translated.values};
        std::vector<std::int64_t> ids;
        const PostgresFilter alone(question_.where, 0);
        connection.for_each(
            concat("SELECT id, path, label FROM ", state_.tables.images, " WHERE ", alone.sql), alone.values,
            [&](const PgResult& row) {
                if (question_.where.matches(row.bytes(0, 1), row.bytes(0, 2)))
                    ids.push_back(row.integer(0, 0));
            });
        return {"id = ANY ($2::bigint[])" + there, {pg_integers(ids)}};
    }

    PgStatement statement(const std::string& sql) const {
        std::vector<std::string> values{pg_vector(question_.vector)};
        values.insert(values.end(), condition_.values.begin(), condition_.values.end());
        return {sql, values};
    }

    std::string query() const { return concat("$1::", state_.schema.type("vector")); }
    std::string ip() const { return concat(" ", state_.schema.operator_ip(), " "); }

    // How many images fit, counted up to one more than the limit.
    std::string few() const {
        return concat("(SELECT count(*) FROM (SELECT 1 FROM ", state_.tables.images, " WHERE ",
                      condition_.sql, " LIMIT ", exact_limit + 1, ") fitting)");
    }

    // An order that no index has: all rows are compared.
    PgStatement by_scan(const std::string& more) const {
        const char* column = column_of(question_.space);
        return statement(concat("SELECT id, path, label, -(", column, ip(), query(), "), content_hash FROM ",
                                state_.tables.images, " WHERE ", condition_.sql, more, " ORDER BY (", column,
                                ip(), query(), ") + 0, id LIMIT ", question_.k));
    }

    // As many as the index looks at, in its own precision; the best of them in full precision.
    PgStatement by_index(const PgSearch& how, const std::string& more) const {
        return statement(concat("SELECT id, path, label, -(v", ip(), query(),
                                "), content_hash FROM (SELECT id, path, label, content_hash, ",
                                column_of(question_.space), " AS v FROM ", state_.tables.images, " WHERE ",
                                condition_.sql, more, " ORDER BY ",
                                indexed_expression(state_.schema, parameters_, question_.space, dimension_),
                                ip(), query_expression(state_.schema, parameters_, dimension_), " LIMIT ",
                                parameters_.storage == Storage::fp16 ? how.candidates : question_.k,
                                ") candidates ORDER BY v", ip(), query(), ", id LIMIT ", question_.k));
    }

    static void take(const PgResult& rows, std::vector<FoundImage>& found) {
        for (int row = 0; row < rows.rows(); ++row) {
            found.push_back({rows.integer(row, 0), rows.text(row, 1), rows.text(row, 2),
                             static_cast<float>(rows.number(row, 3)), rows.text(row, 4)});
        }
    }

    const PostgresState& state_;
    IndexParameters parameters_;
    const PostgresQuestion& question_;
    int dimension_;
    Condition condition_;
};

}  // namespace

IndexParameters PostgresState::parameters(const IndexParameters& wanted) const {
    IndexParameters flat;
    flat.type = IndexType::flat;
    return with_search_parameters(indexed_parameters(meta).value_or(flat), wanted);
}

bool PostgresState::serves(const PostgresMeta& newer) const {
    constexpr std::array keys{"schema_version", "model_hash", "dimension", "joint_dimension", "index"};
    return std::ranges::all_of(keys,
                               [&](const char* key) { return text_of(meta, key) == text_of(newer, key); });
}

PostgresAnswer ask(PgConnection& connection, const PostgresState& state, const IndexParameters& wanted,
                   const PostgresQuestion& question, bool exact) {
    return Search(state, wanted, question).ask(connection, exact);
}

}  // namespace clipsim
