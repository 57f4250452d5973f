#include "clipsim/pipeline/vector_collection.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <thread>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/text.h"
#include "clipsim/index/index_snapshot.h"
#include "clipsim/pipeline/npy.h"
#include "clipsim/pipeline/output_layout.h"

namespace clipsim {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr std::size_t batch = 8192;  // rows that are in memory at a time

// Brings rows to unit length. first: of the file, for the message.
void normalise_rows(const std::filesystem::path& file, std::span<float> rows, std::size_t columns,
                    std::size_t first) {
    for (std::size_t at = 0; at < rows.size(); at += columns) {
        const std::span<float> values = rows.subspan(at, columns);
        double squares = 0;
        for (const float value : values) squares += static_cast<double>(value) * value;
        if (!std::isfinite(squares) || squares == 0) {
            throw UsageError(concat(printable(file), ": row ", first + at / columns,
                                    squares == 0 ? " is all zeros, which has no direction"
                                                 : " holds values that are no numbers"));
        }
        const auto scale = static_cast<float>(1 / std::sqrt(squares));
        for (float& value : values) value *= scale;
    }
}

FloatMatrix read_unit_rows(const std::filesystem::path& file) {
    FloatMatrix matrix = read_npy(file);
    if (matrix.columns > 0) normalise_rows(file, matrix.values, matrix.columns, 0);
    return matrix;
}

// All rows, a batch after the other, at unit length.
template <typename Take>
void for_each_batch(const std::filesystem::path& file, Take&& take) {
    NpyReader in(file);
    std::vector<float> rows;
    for (std::size_t first = 0; first < in.rows(); first += batch) {
        rows.resize(std::min(batch, in.rows() - first) * in.columns());
        in.read(rows);
        normalise_rows(file, rows, in.columns(), first);
        take(first, rows);
    }
}

// None: they are called "row 0" and so on.
std::vector<std::string> read_names(const std::optional<std::filesystem::path>& file, std::size_t rows) {
    std::vector<std::string> names;
    if (!file) return names;
    std::ifstream in(*file);
    if (!in) throw UsageError(concat("--names ", printable(*file), ": the file can't be read"));
    for (std::string line; std::getline(in, line);) names.push_back(std::move(line));
    if (names.size() != rows) {
        throw UsageError(
            concat("--names ", printable(*file), ": ", names.size(), " lines for ", rows, " vectors"));
    }
    std::vector<std::string> sorted = names;
    std::ranges::sort(sorted);
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
        throw UsageError(concat("--names ", printable(*file), ": \"", printable(*twice), "\" stands twice"));
    }
    return names;
}

// Batch by batch, so that Ctrl-C is heard.
void commit_all(IndexUpdater& updater, const std::filesystem::path& vectors, std::size_t count,
                const std::vector<std::string>& names, const RunOptions& run) {
    Progress progress("storing", "vectors", count, run.progress);
    for_each_batch(vectors, [&](std::size_t first, std::span<const float> rows) {
        throw_if_stopped(run.stop, "the index that was there before is kept");
        std::vector<ImageEntry> entries(std::min(batch, count - first));
        for (std::size_t i = 0; i < entries.size(); ++i)
            entries[i].path = names.empty() ? concat("row ", first + i) : names[first + i];
        updater.commit(entries, rows);
        progress.advance(entries.size());
    });
    progress.finish();
}

}  // namespace

VectorIndexSummary index_vectors(const Config& config, const std::filesystem::path& vectors,
                                 const std::optional<std::filesystem::path>& names, const RunOptions& run) {
    const Clock::time_point start = Clock::now();
    const NpyReader matrix(vectors);
    if (matrix.columns() == 0) throw UsageError(concat(printable(vectors), ": its rows are empty"));
    const std::vector<std::string> row_names = read_names(names, matrix.rows());
    for_each_batch(vectors,
                   [](std::size_t, std::span<const float>) {});  // a bad row is found before any work
    prepare_output(config);

    const IndexIdentity identity{vectors.filename().string(), hash_file(vectors),
                                 static_cast<int>(matrix.columns())};
    const std::filesystem::path folder = OutputLayout(config).index();
    IndexUpdater updater(folder, identity, config.index, IndexUpdater::Mode::rebuild, run.threads);
    updater.plan({},
                 std::vector{std::filesystem::path("/")});  // whatever an earlier, killed run left is dropped
    commit_all(updater, vectors, matrix.rows(), row_names, run);
    VectorIndexSummary summary;
    summary.report = updater.finish();
    summary.seconds = seconds_since(start);
    return summary;
}

VectorSearchSummary search_vectors(const Config& config, const std::filesystem::path& queries, int k,
                                   const std::filesystem::path& output, const RunOptions& run,
                                   bool one_by_one) {
    const Clock::time_point start = Clock::now();
    if (config.index.backend != IndexBackend::faiss)
        throw UsageError("--vectors searches an index in a folder; index.backend=postgres has none");
    const std::filesystem::path folder = OutputLayout(config).index();
    const Manifest manifest = read_manifest(folder / "manifest.json");
    VectorSearchSummary summary;
    const IndexSnapshot snapshot = IndexSnapshot::open(folder, manifest.identity, config.index);
    const LiveIndex& index = snapshot.vectors(IndexSpace::own);
    summary.parameters = snapshot.manifest().config;
    summary.load_seconds = seconds_since(start);

    const FloatMatrix matrix = read_unit_rows(queries);
    if (matrix.rows > 0 && matrix.columns != static_cast<std::size_t>(manifest.identity.dimension)) {
        throw UsageError(concat(printable(queries), ": rows of ", matrix.columns, " values; the index in ",
                                printable(folder), " holds vectors of ", manifest.identity.dimension));
    }
    summary.queries = matrix.rows;
    summary.threads = one_by_one        ? 1
                      : run.threads > 0 ? run.threads
                                        : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    const Clock::time_point searching = Clock::now();
    std::vector<std::int64_t> rows;
    if (one_by_one) {
        for (std::size_t q = 0; q < matrix.rows; ++q) {
            const auto query = std::span(matrix.values).subspan(q * matrix.columns, matrix.columns);
            const std::vector<std::int64_t> found = index.search_rows(query, k, 1);
            rows.insert(rows.end(), found.begin(), found.end());
        }
    } else {
        rows = index.search_rows(matrix.values, k, summary.threads);
    }
    summary.seconds = seconds_since(searching);
    write_npy(output, rows, matrix.rows, static_cast<std::size_t>(k));
    return summary;
}

}  // namespace clipsim
