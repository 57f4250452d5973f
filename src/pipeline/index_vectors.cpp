#include "clipsim/pipeline/index_vectors.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <string_view>
#include <unordered_set>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/stopwatch.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
#include "clipsim/core/utf8.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/pipeline/index_contents.h"
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

// Of each row: the lines of the file, or "row N" from `first` on.
std::vector<std::string> read_names(const std::optional<std::filesystem::path>& file, std::size_t rows,
                                    std::size_t first = 0) {
    std::vector<std::string> names;
    if (!file) {
        for (std::size_t i = 0; i < rows; ++i) names.push_back(concat("row ", first + i));
        return names;
    }
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

// Batch by batch, so that Ctrl-C is heard. content_hash: that of the file, where they are added.
void commit_all(IndexUpdater& updater, const std::filesystem::path& vectors,
                const std::vector<std::string>& names, const std::string& content_hash,
                const RunOptions& run) {
    Progress progress("storing", "vectors", names.size(), run.progress);
    for_each_batch(vectors, [&](std::size_t first, std::span<const float> rows) {
        throw_if_stopped(run.stop, content_hash.empty() ? "the index that was there before is kept"
                                                        : "what was stored is kept");
        std::vector<ImageEntry> entries(std::min(batch, names.size() - first));
        for (std::size_t i = 0; i < entries.size(); ++i) {
            entries[i].path = names[first + i];
            entries[i].content_hash = content_hash;
        }
        updater.commit(entries, rows);
        progress.advance(entries.size());
    });
    progress.finish();
}

// A bad row is found before any work.
void check_rows(const std::filesystem::path& vectors) {
    for_each_batch(vectors, [](std::size_t, std::span<const float>) {});
}

UpdateSettings settings_of(const RunOptions& run) {
    UpdateSettings settings;
    settings.wait = patience_with_writers;
    settings.stop = run.stop;
    return settings;
}

// The number behind the last "row N".
std::size_t next_row(std::span<const StoredImage> images) {
    constexpr std::string_view prefix = "row ";
    std::size_t next = 0;
    for (const StoredImage& image : images) {
        const std::string& name = image.path.native();
        if (!name.starts_with(prefix)) continue;
        const auto number = parse_number<std::size_t>(std::string_view(name).substr(prefix.size()));
        if (number) next = std::max(next, *number + 1);
    }
    return next;
}

void check_new(const std::vector<std::string>& names, std::span<const StoredImage> images) {
    std::unordered_set<std::string_view> known;
    for (const StoredImage& image : images) known.insert(image.path.native());
    std::size_t there = 0;
    std::string first;
    for (const std::string& name : names) {
        if (known.contains(name) && there++ == 0) first = name;
    }
    if (there == 0) return;
    throw UsageError(concat("the index has \"", printable(first), "\" already",
                            there > 1 ? concat(" and ", there - 1, " more of these names") : "",
                            "; `clipsim vectors remove` takes a vector out"));
}

IndexDescription require_imported(const Config& config, const RunOptions& run) {
    const IndexPlace place = index_place(config);
    IndexDescription index =
        open_index_reader(place, std::nullopt, config.index, ThreadPool(1), run.stop)->description();
    if (!is_imported(index.identity)) {
        throw UsageError(concat(place.name(), " holds an index of ", index.images,
                                " photos, not of another "
                                "tool's vectors; `clipsim index` and `clipsim index remove` change it"));
    }
    return index;
}

}  // namespace

VectorIndexSummary index_vectors(const Config& config, const std::filesystem::path& vectors,
                                 const std::optional<std::filesystem::path>& names, bool rebuild,
                                 const RunOptions& run) {
    const Stopwatch stopwatch;
    const NpyReader matrix(vectors);
    if (matrix.columns() == 0) throw UsageError(concat(printable(vectors), ": its rows are empty"));
    const std::vector<std::string> row_names = read_names(names, matrix.rows());
    check_rows(vectors);
    const IndexPlace place = index_place(config);
    if (!rebuild) check_place_of_matrix(place, config.index, vectors.filename().string(), row_names);
    prepare_output(config);

    const IndexIdentity identity{vectors.filename().string(), hash_file(vectors),
                                 static_cast<int>(matrix.columns())};
    IndexUpdater updater(
        open_index_writer(place, identity, config.index, UpdateMode::rebuild, run.threads, settings_of(run)));
    updater.start_over();
    commit_all(updater, vectors, row_names, {}, run);
    VectorIndexSummary summary;
    summary.report = updater.finish();
    summary.seconds = stopwatch.seconds();
    return summary;
}

VectorIndexSummary add_vectors(const Config& config, const std::filesystem::path& vectors,
                               const std::optional<std::filesystem::path>& names, const RunOptions& run) {
    const Stopwatch stopwatch;
    const IndexDescription index = require_imported(config, run);
    const NpyReader matrix(vectors);
    const int dimension = index.identity.dimension;
    if (matrix.columns() != static_cast<std::size_t>(dimension)) {
        throw UsageError(concat(printable(vectors), ": rows of ", matrix.columns(), " values; the index in ",
                                index_place(config).name(), " holds vectors of ", dimension));
    }
    check_rows(vectors);
    // As it was made, whatever the config says by now.
    std::unique_ptr<IndexWriter> writer =
        open_index_writer(index_place(config), index.identity, index.parameters, UpdateMode::update,
                          run.threads, settings_of(run));
    const std::vector<StoredImage> there = writer->store()->images();
    const std::vector<std::string> row_names = read_names(names, matrix.rows(), next_row(there));
    check_new(row_names, there);
    IndexUpdater updater(std::move(writer));
    commit_all(updater, vectors, row_names, hash_file(vectors), run);
    VectorIndexSummary summary;
    summary.report = updater.finish();
    summary.seconds = stopwatch.seconds();
    return summary;
}

std::vector<StoredImage> remove_vectors(const Config& config, const std::vector<std::string>& names,
                                        bool dry_run, const RunOptions& run) {
    require_imported(config, run);
    return remove_images(config, names, dry_run, run);
}

}  // namespace clipsim
