#include "clipsim/pipeline/search_vectors.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/parallel.h"
#include "clipsim/core/stopwatch.h"
#include "clipsim/core/text.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/pipeline/steps/npy.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "steps/unit_rows.h"

namespace clipsim {

namespace {

FloatMatrix read_unit_rows(const std::filesystem::path& file) {
    FloatMatrix matrix = read_npy(file);
    if (matrix.columns > 0) normalise_rows(file, matrix.values, matrix.columns, 0);
    return matrix;
}

int threads_of(const VectorSearchRequest& request, const RunOptions& run) {
    return request.one_by_one ? 1 : static_cast<int>(thread_count(run.threads));
}

// The scores of each query's k nearest, best first, as nearest_rows finds them.
std::vector<float> scores_of(const IndexReader& index, const VectorSearchRequest& request,
                             const FloatMatrix& matrix, const ThreadPool& pool) {
    const auto k = static_cast<std::size_t>(request.k);
    std::vector<float> scores(matrix.rows * k, std::numeric_limits<float>::quiet_NaN());
    pool.parallel_for(matrix.rows, 1, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t q = begin; q < end; ++q) {
            const auto query = std::span(matrix.values).subspan(q * matrix.columns, matrix.columns);
            std::ranges::transform(index.nearest(query, request.k, Space::image, request.where),
                                   scores.begin() + static_cast<std::ptrdiff_t>(q * k), &FoundImage::score);
        }
    });
    return scores;
}

}  // namespace

VectorSearchSummary search_vectors(const Config& config, const VectorSearchRequest& request,
                                   const RunOptions& run) {
    const Stopwatch loading;
    VectorSearchSummary summary;
    summary.threads = threads_of(request, run);
    const ThreadPool pool(summary.threads);
    const IndexPlace place(config.index, OutputLayout(config).index());
    const std::unique_ptr<IndexReader> index = open_index_reader(place, std::nullopt, config.index, pool);
    summary.parameters = index->description().parameters;
    summary.load_seconds = loading.seconds();

    const FloatMatrix matrix = read_unit_rows(request.queries);
    const int dimension = index->description().identity.dimension;
    if (matrix.rows > 0 && matrix.columns != static_cast<std::size_t>(dimension)) {
        throw UsageError(concat(printable(request.queries), ": rows of ", matrix.columns,
                                " values; the index in ", place.name(), " holds vectors of ", dimension));
    }
    summary.queries = matrix.rows;
    const std::size_t at_a_time = request.one_by_one ? 1 : std::max<std::size_t>(1, matrix.rows);
    const Stopwatch searching;
    std::vector<std::int64_t> rows;
    for (std::size_t q = 0; q < matrix.rows; q += at_a_time) {
        const auto queries = std::span(matrix.values).subspan(q * matrix.columns, at_a_time * matrix.columns);
        const std::vector<std::int64_t> found = index->nearest_rows(queries, request.k, request.where);
        rows.insert(rows.end(), found.begin(), found.end());
    }
    summary.seconds = searching.seconds();
    if (request.scores)
        write_npy(*request.scores, scores_of(*index, request, matrix, pool), matrix.rows,
                  static_cast<std::size_t>(request.k));
    write_npy(request.output, rows, matrix.rows, static_cast<std::size_t>(request.k));
    return summary;
}

}  // namespace clipsim
