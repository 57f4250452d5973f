#include "clipsim/pipeline/search_vectors.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/parallel.h"
#include "clipsim/core/stopwatch.h"
#include "clipsim/core/text.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/pipeline/steps/filter_warnings.h"
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

// rows, scores: [Q, k]; images: by id, which is the order of rows.
std::vector<std::vector<FoundRow>> named(std::span<const std::int64_t> rows, std::span<const float> scores,
                                         std::size_t k, std::span<const StoredImage> images) {
    std::vector<std::vector<FoundRow>> found(k == 0 ? 0 : rows.size() / k);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] < 0 || rows[i] >= static_cast<std::int64_t>(images.size())) continue;
        found[i / k].push_back({rows[i], images[static_cast<std::size_t>(rows[i])].path.string(), scores[i]});
    }
    return found;
}

}  // namespace

VectorSearchSummary search_vectors(const Config& config, const VectorSearchRequest& request,
                                   const RunOptions& run) {
    const Stopwatch loading;
    VectorSearchSummary summary;
    summary.threads = threads_of(request, run);
    const ThreadPool pool(summary.threads);
    const IndexPlace place = index_place(config);
    const std::unique_ptr<IndexReader> index =
        open_index_reader(place, std::nullopt, config.index, pool, run.stop);
    summary.parameters = index->description().parameters;
    summary.load_seconds = loading.seconds();
    if (filters_by_label(request.where)) warn_of_unknown_labels(request.where, index->labels());

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
    std::vector<float> scores;
    for (std::size_t q = 0; q < matrix.rows; q += at_a_time) {
        const auto queries = std::span(matrix.values).subspan(q * matrix.columns, at_a_time * matrix.columns);
        const NearestRows found = index->nearest_rows(queries, request.k, request.where);
        rows.insert(rows.end(), found.rows.begin(), found.rows.end());
        scores.insert(scores.end(), found.scores.begin(), found.scores.end());
    }
    summary.seconds = searching.seconds();
    const auto k = static_cast<std::size_t>(request.k);
    if (request.scores) write_npy(*request.scores, scores, matrix.rows, k);
    if (!request.output.empty()) write_npy(request.output, rows, matrix.rows, k);
    if (request.names) summary.found = named(rows, scores, k, index->images({}));
    return summary;
}

}  // namespace clipsim
