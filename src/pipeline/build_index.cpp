#include "clipsim/pipeline/build_index.h"

#include <chrono>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/error.h"
#include "clipsim/core/hash_cache.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/data/catalogue.h"
#include "clipsim/pipeline/embedding_stream.h"
#include "clipsim/pipeline/index_spaces.h"
#include "clipsim/pipeline/output_layout.h"

namespace clipsim {

namespace {

std::vector<std::filesystem::path> absolute_roots(const Config& config, const IndexRequest& request) {
    std::vector<std::filesystem::path> roots = request.folders;
    if (roots.empty()) roots.emplace_back(config.data.root);
    for (std::filesystem::path& root : roots) {
        root = std::filesystem::absolute(root).lexically_normal();
        if (!root.has_filename()) root = root.parent_path();  // "photos/" and "photos" are one folder
    }
    return roots;
}

std::vector<IndexCandidate> find_candidates(std::span<const std::filesystem::path> roots) {
    const Catalogue catalogue = scan_folders(roots);
    std::vector<IndexCandidate> candidates;
    candidates.reserve(catalogue.images.size());
    for (const ImageFile& image : catalogue.images) {
        candidates.push_back({image.path, image.label < 0 ? std::string{} : catalogue.classes[image.label]});
    }
    return candidates;
}

// Embeds what the plan asks for and commits it batch by batch.
std::vector<SkippedImage> embed_missing(Embedder& embedder, IndexUpdater& updater, const UpdatePlan& plan,
                                        const Config& config, const RunOptions& run) {
    std::vector<std::filesystem::path> files;
    files.reserve(plan.to_embed.size());
    for (const ImageEntry& entry : plan.to_embed) files.push_back(entry.path);

    EmbeddingStream stream(embedder, files, index_spaces(embedder, config.index), config.data);
    Progress progress("embedding", "images", files.size(), run.progress);
    std::size_t skipped = 0;
    while (const std::optional<EmbeddedBatch> batch = stream.next()) {
        std::vector<ImageEntry> entries;
        entries.reserve(batch->files.size());
        for (const std::size_t file : batch->files) entries.push_back(plan.to_embed[file]);
        if (!entries.empty()) {
            const bool joint = batch->vectors.size() > 1;
            updater.commit(entries, batch->vectors[0], joint ? batch->vectors[1] : std::vector<float>{});
        }
        progress.advance(entries.size() + stream.skipped().size() - skipped);
        skipped = stream.skipped().size();
        throw_if_stopped(run.stop, "what was embedded is kept; run `clipsim index` again to go on");
    }
    progress.finish();
    return stream.skipped();
}

// Loaded only where there is something to embed: that takes longer than all the rest of a run without.
Embedder load_embedder(const Config& config, const RunOptions& run, const IndexIdentity& identity) {
    set_compute_threads(run.threads);
    const OutputLayout layout(config);
    Embedder embedder(config.model, layout.checkpoint(), run.device);
    if (index_identity(embedder, config.index).model_hash != identity.model_hash) {
        std::error_code ignored;
        std::filesystem::remove(layout.index() / "model_hashes.json", ignored);
        throw Error(
            "the model's files changed while the index was looked through; run `clipsim index` again");
    }
    return embedder;
}

IndexUpdater::Mode update_mode(const IndexRequest& request) {
    if (request.dry_run) return IndexUpdater::Mode::dry_run;
    return request.rebuild ? IndexUpdater::Mode::rebuild : IndexUpdater::Mode::update;
}

}  // namespace

IndexSummary build_index(const Config& config, const RunOptions& run, const IndexRequest& request) {
    const auto start = std::chrono::steady_clock::now();
    const OutputLayout layout(config);
    const std::vector<std::filesystem::path> roots = absolute_roots(config, request);
    const std::vector<IndexCandidate> candidates = find_candidates(roots);
    HashCache hashes(layout.index() / "model_hashes.json");
    const ModelIdentity model = identify_model(config.model, layout.checkpoint(),
                                               [&](const auto& file) { return hashes.hash(file); });
    if (!model.has_head()) {
        log_info(concat("no fine-tuned model in ", printable(layout.root), ": indexing with ", model.model_id,
                        " as it is"));
    }
    if (!request.dry_run) prepare_output(config);

    IndexSummary summary;
    UpdateSettings settings;
    settings.wait = request.wait;
    settings.stop = run.stop;
    const IndexIdentity identity = index_identity(model, config.index);
    IndexUpdater updater(layout.index(), identity, config.index, update_mode(request), run.threads, settings);
    summary.plan = updater.plan(candidates, roots);
    if (request.dry_run) {
        summary.report.embedded = summary.plan.to_embed.size();
        summary.report.unchanged = summary.plan.unchanged;
        summary.report.renamed = summary.plan.renamed;
        summary.report.removed = summary.plan.removed;
    } else {
        hashes.save();
        if (!summary.plan.to_embed.empty()) {
            Embedder embedder = load_embedder(config, run, identity);
            summary.skipped = embed_missing(embedder, updater, summary.plan, config, run);
        }
        summary.report = updater.finish();
    }
    summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return summary;
}

}  // namespace clipsim
