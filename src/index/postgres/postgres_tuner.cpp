#include <algorithm>
#include <memory>

#include "clipsim/core/error.h"
#include "clipsim/index/postgres/open_postgres.h"
#include "postgres_index.h"
#include "postgres_lock.h"
#include "postgres_store.h"

namespace clipsim {

namespace {

constexpr int most_ef_search = 1000;  // pgvector's limit

class TunedServer final : public TunedIndex {
  public:
    explicit TunedServer(const IndexConfig& wanted)
        : wanted_(wanted),
          writer_(wanted.postgres),
          lock_(writer_, wanted.postgres.schema, std::chrono::milliseconds(0), {}) {
        use_schema(writer_, wanted.postgres.schema, false);
        // What is tuned is not what a config says.
        wanted_.hnsw.ef_search.reset();
        wanted_.ivf.nprobe.reset();
        source_ = open_postgres_neighbours(std::nullopt, wanted_);
        store_ = PostgresStore::open_for_reading(wanted_.postgres, source_->description().identity);
        ids_ = source_->ids();
    }

    IndexConfig config() const override { return source_->description().config; }
    std::size_t most_queries() const override { return 200; }
    int largest_effort() const override {
        const IndexConfig config = this->config();
        if (config.type == IndexType::hnsw) return most_ef_search;
        return std::max(1, lists_for(config, static_cast<std::int64_t>(ids_.size())));
    }
    std::vector<std::int64_t> ids() const override { return ids_; }
    std::vector<float> vector(std::int64_t id) const override { return store_->vector(id); }
    void for_each_block(const TakeBlock& take) const override {
        store_->for_each_block(IndexSpace::own, take);
    }
    void use(const IndexConfig& parameters) override {
        wanted_.hnsw.ef_search = parameters.hnsw.ef_search;
        wanted_.ivf.nprobe = parameters.ivf.nprobe;
        searched_ = open_postgres_neighbours(source_->description().identity, wanted_);
    }
    std::vector<std::int64_t> search_rows(std::span<const float> queries, int count) const override {
        return clipsim::search_rows(*searched_, ids_, queries, count, {}, 1);
    }
    void keep(const IndexConfig& parameters) override {
        set_meta(writer_, PostgresTables::current(), "index", index_config_text(parameters));
    }

  private:
    IndexConfig wanted_;
    PgConnection writer_;
    PostgresWriteLock lock_;
    std::unique_ptr<NeighbourSource> source_, searched_;
    std::unique_ptr<PostgresStore> store_;
    std::vector<std::int64_t> ids_;
};

}  // namespace

std::unique_ptr<TunedIndex> open_postgres_tuning(const IndexConfig& config) {
    return std::make_unique<TunedServer>(config);
}

}  // namespace clipsim
