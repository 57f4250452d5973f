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
    PostgresTuning(const PostgresConfig& server, const std::stop_token& stop)
        : lock_(server, std::chrono::milliseconds(0), stop),
          writer_(server, stop),
          tables_(PostgresTables::current(open_schema(writer_, server.schema, false))),
          reader_(server, std::nullopt, {}, ThreadPool(1), stop),
          store_(PostgresStore::open_for_reading(server, reader_.description().identity, stop)) {}

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
        lock_.require();
        set_indexed_parameters(writer_, tables_, parameters);
    }

  private:
    PostgresWriteLock lock_;
    PgConnection writer_;
    PostgresTables tables_;
    PostgresReader reader_;
    std::unique_ptr<PostgresStore> store_;
};

}  // namespace

std::unique_ptr<IndexTuning> open_postgres_tuning(const PostgresConfig& server, const std::stop_token& stop) {
    return std::make_unique<PostgresTuning>(server, stop);
}

}  // namespace clipsim
