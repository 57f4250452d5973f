#include "clipsim/pipeline/vector_search.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/parallel.h"
#include "clipsim/core/stopwatch.h"
#include "clipsim/core/text.h"
#include "clipsim/index/folder/index_snapshot.h"
#include "clipsim/index/postgres/open_postgres.h"
#include "clipsim/pipeline/npy.h"
#include "clipsim/pipeline/output_layout.h"
#include "unit_rows.h"

namespace clipsim {

namespace {

FloatMatrix read_unit_rows(const std::filesystem::path& file) {
    FloatMatrix matrix = read_npy(file);
    if (matrix.columns > 0) normalise_rows(file, matrix.values, matrix.columns, 0);
    return matrix;
}

// An index, wherever it is kept.
class RowLookup {
  public:
    virtual ~RowLookup() = default;
    virtual const IndexDescription& description() const = 0;
    virtual std::string place() const = 0;  // for messages
    virtual std::vector<std::int64_t> search_rows(std::span<const float> queries, int k,
                                                  int threads) const = 0;
};

class FolderLookup final : public RowLookup {
  public:
    FolderLookup(const Config& config, const ImageFilter& where)
        : folder_(OutputLayout(config).index()),
          snapshot_(
              IndexSnapshot::open(folder_, read_manifest(folder_ / "manifest.json").identity, config.index)) {
        if (!where.empty()) selection_ = snapshot_.vectors(IndexSpace::own).select(snapshot_.matching(where));
    }
    const IndexDescription& description() const override { return snapshot_.manifest(); }
    std::string place() const override { return printable(folder_); }
    std::vector<std::int64_t> search_rows(std::span<const float> queries, int k, int threads) const override {
        return snapshot_.vectors(IndexSpace::own)
            .search_rows(queries, k, threads, selection_ ? &*selection_ : nullptr);
    }

  private:
    std::filesystem::path folder_;
    IndexSnapshot snapshot_;
    std::optional<LiveIndex::Selection> selection_;
};

class ServerLookup final : public RowLookup {
  public:
    ServerLookup(const Config& config, const ImageFilter& where)
        : schema_(config.index.postgres.schema),
          source_(open_postgres_neighbours(std::nullopt, config.index)),
          ids_(source_->ids()),
          where_(where) {}
    const IndexDescription& description() const override { return source_->description(); }
    std::string place() const override { return concat("the PostgreSQL schema ", schema_); }
    std::vector<std::int64_t> search_rows(std::span<const float> queries, int k, int threads) const override {
        return clipsim::search_rows(*source_, ids_, queries, k, where_, threads);
    }

  private:
    std::string schema_;
    std::unique_ptr<NeighbourSource> source_;
    std::vector<std::int64_t> ids_;
    ImageFilter where_;
};

std::unique_ptr<RowLookup> open_lookup(const Config& config, const ImageFilter& where) {
    if (config.index.backend == IndexBackend::postgres) return std::make_unique<ServerLookup>(config, where);
    return std::make_unique<FolderLookup>(config, where);
}

int threads_of(const VectorSearchRequest& request, const RunOptions& run) {
    return request.one_by_one ? 1 : static_cast<int>(thread_count(run.threads));
}

}  // namespace

VectorSearchSummary search_vectors(const Config& config, const VectorSearchRequest& request,
                                   const RunOptions& run) {
    const Stopwatch loading;
    VectorSearchSummary summary;
    const std::unique_ptr<RowLookup> index = open_lookup(config, request.where);
    summary.parameters = index->description().config;
    summary.load_seconds = loading.seconds();

    const FloatMatrix matrix = read_unit_rows(request.queries);
    const int dimension = index->description().identity.dimension;
    if (matrix.rows > 0 && matrix.columns != static_cast<std::size_t>(dimension)) {
        throw UsageError(concat(printable(request.queries), ": rows of ", matrix.columns,
                                " values; the index in ", index->place(), " holds vectors of ", dimension));
    }
    summary.queries = matrix.rows;
    summary.threads = threads_of(request, run);
    const std::size_t at_a_time = request.one_by_one ? 1 : std::max<std::size_t>(1, matrix.rows);
    const Stopwatch searching;
    std::vector<std::int64_t> rows;
    for (std::size_t q = 0; q < matrix.rows; q += at_a_time) {
        const auto queries = std::span(matrix.values).subspan(q * matrix.columns, at_a_time * matrix.columns);
        const std::vector<std::int64_t> found = index->search_rows(queries, request.k, summary.threads);
        rows.insert(rows.end(), found.begin(), found.end());
    }
    summary.seconds = searching.seconds();
    write_npy(request.output, rows, matrix.rows, static_cast<std::size_t>(request.k));
    return summary;
}

}  // namespace clipsim
