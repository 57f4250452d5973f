#include "clipsim/pipeline/index_vectors.h"

#include <algorithm>
#include <fstream>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/stopwatch.h"
#include "clipsim/core/text.h"
#include "clipsim/core/utf8.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/pipeline/steps/index_replacement.h"
#include "clipsim/pipeline/steps/npy.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "steps/unit_rows.h"

namespace clipsim {

namespace {

constexpr std::size_t batch = 8192;  // rows that are in memory at a time

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
    for (std::string line; std::getline(in, line);)
        names.emplace_back(names.empty()
                               ? line_of_list(without_bom(line, concat("--names ", printable(*file))))
                               : line_of_list(line));
    if (names.size() != rows) {
        throw UsageError(
            concat("--names ", printable(*file), ": ", names.size(), " lines for ", rows, " vectors"));
    }
    std::vector<std::string> sorted = names;
    std::ranges::sort(sorted);
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
        throw UsageError(
            concat("--names ", printable(*file), ": \"", printable(*twice), "\" is listed twice"));
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
                                 const std::optional<std::filesystem::path>& names, bool rebuild,
                                 const RunOptions& run) {
    const Stopwatch stopwatch;
    const NpyReader matrix(vectors);
    if (matrix.columns() == 0) throw UsageError(concat(printable(vectors), ": its rows are empty"));
    const std::vector<std::string> row_names = read_names(names, matrix.rows());
    for_each_batch(vectors,
                   [](std::size_t, std::span<const float>) {});  // a bad row is found before any work
    const IndexPlace place = index_place(config);
    if (!rebuild) check_place_of_matrix(place, config.index, vectors.filename().string());
    prepare_output(config);

    const IndexIdentity identity{vectors.filename().string(), hash_file(vectors),
                                 static_cast<int>(matrix.columns())};
    IndexUpdater updater(open_index_writer(place, identity, config.index, UpdateMode::rebuild, run.threads));
    updater.start_over();
    commit_all(updater, vectors, matrix.rows(), row_names, run);
    VectorIndexSummary summary;
    summary.report = updater.finish();
    summary.seconds = stopwatch.seconds();
    return summary;
}

}  // namespace clipsim
