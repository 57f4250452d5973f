#include <memory>

#include "clipsim/index/postgres/open_postgres.h"
#include "postgres_index.h"
#include "postgres_lock.h"
#include "postgres_reader.h"
#include "postgres_store.h"

namespace clipsim {

namespace {

class PostgresTuning final : public IndexTuning {
  public:
    explicit PostgresTuning(const PostgresConfig& server)
        : writer_(server),
          lock_(writer_, server.schema, std::chrono::milliseconds(0), {}),
          reader_(server, std::nullopt, {}, ThreadPool(1)),
          store_(PostgresStore::open_for_reading(server, reader_.description().identity)) {
        use_schema(writer_, server.schema, false);
    }

    IndexParameters parameters() const override { return reader_.description().parameters; }
    std::size_t most_queries() const override { return 200; }
    int largest_effort() const override {
        return largest_pgvector_effort(parameters(), static_cast<std::int64_t>(reader_.ids().size()));
    }
    std::vector<std::int64_t> ids() const override { return reader_.ids(); }
    std::vector<float> vector(std::int64_t id) const override { return store_->vector(id); }
    void for_each_block(const TakeBlock& take) const override { store_->for_each_block(take); }
    void use(const IndexParameters& parameters) override { reader_.use(parameters); }
    std::vector<std::int64_t> search_rows(std::span<const float> queries, int count) const override {
        return reader_.nearest_rows(queries, count, {}).rows;
    }
    void keep(const IndexParameters& parameters) override {
        set_indexed_parameters(writer_, PostgresTables::current(), parameters);
    }

  private:
    PgConnection writer_;
    PostgresWriteLock lock_;
    PostgresReader reader_;
    std::unique_ptr<PostgresStore> store_;
};

}  // namespace

std::unique_ptr<IndexTuning> open_postgres_tuning(const PostgresConfig& server) {
    return std::make_unique<PostgresTuning>(server);
}

}  // namespace clipsim
