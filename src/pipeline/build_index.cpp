#include "clipsim/pipeline/build_index.h"

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/hash_cache.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/stopwatch.h"
#include "clipsim/core/text.h"
#include "clipsim/data/catalogue.h"
#include "clipsim/distributed/process_group.h"
#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/pipeline/steps/index_spaces.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "clipsim/pipeline/steps/shared_embedding.h"
#include "clipsim/pipeline/steps/unseen_report.h"

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

Catalogue find_images(std::span<const std::filesystem::path> roots, const Config& config,
                      const IndexRequest& request, const RunOptions& run) {
    Progress progress("scanning", "files", 0, run.progress);
    ScanOptions options = scan_options(config);
    options.may_be_empty = request.prune;
    options.on_entry = [&] {
        progress.advance();
        throw_if_stopped(run.stop, "nothing was changed");
    };
    Catalogue catalogue = scan_folders(roots, options);
    progress.finish_if_shown();
    return catalogue;
}

std::vector<IndexCandidate> candidates_of(const Catalogue& catalogue, const std::optional<Shard>& shard) {
    std::vector<IndexCandidate> candidates;
    candidates.reserve(catalogue.images.size());
    for (const ImageFile& image : catalogue.images) {
        if (shard && !shard->holds(image.path)) continue;
        candidates.push_back({image.path, image.label < 0 ? std::string{} : catalogue.classes[image.label]});
    }
    return candidates;
}

// Where the index goes, and of which kind it is.
struct Target {
    IndexPlace place;
    IndexParameters parameters;
    std::filesystem::path model_hashes;
};

Target target_of(const Config& config, const IndexRequest& request) {
    const OutputLayout layout(config);
    Target target{{config.index, layout.index()}, config.index, {}};
    if (request.shard) {
        // A folder of its own, whatever the merged index will be; the graph is built once, over all.
        target.place = layout.root / request.shard->folder_name();
        target.parameters.type = IndexType::flat;
        target.parameters.storage = Storage::fp32;
    }
    target.model_hashes = (target.place.server ? layout.root : target.place.folder) / "model_hashes.json";
    return target;
}

// The list of files, from the first process to all.
std::vector<std::filesystem::path> share_files(ProcessGroup& processes,
                                               const std::vector<std::filesystem::path>& files) {
    if (processes.size() == 1) return files;
    std::string names;
    for (const std::filesystem::path& file : files) names += file.string() + '\0';
    names = processes.gather(names).front();
    std::vector<std::filesystem::path> shared;
    for (std::size_t start = 0; start < names.size();) {
        const std::size_t end = names.find('\0', start);
        shared.emplace_back(names.substr(start, end - start));
        start = end + 1;
    }
    return shared;
}

constexpr const char* stopped = "what was embedded is kept; run `clipsim index` again to continue";

// Loaded only where there is something to embed: that takes longer than all the rest of a run without.
Embedder load_embedder(const Config& config, const RunOptions& run, const IndexIdentity& identity,
                       const std::filesystem::path& model_hashes) {
    set_compute_threads(threads_of_process(run.threads));
    Embedder embedder(config.model, OutputLayout(config).checkpoint(), device_of_process(run.device));
    if (index_identity(embedder, config.index).model_hash != identity.model_hash) {
        std::error_code ignored;
        std::filesystem::remove(model_hashes, ignored);
        throw Error(
            "the model's files changed while the index was looked through; run `clipsim index` again");
    }
    return embedder;
}

// Embeds what the plan asks for and commits it batch by batch.
std::vector<SkippedImage> embed_missing(ProcessGroup& processes, IndexUpdater& updater,
                                        const UpdatePlan& plan, const Config& config, const RunOptions& run,
                                        const IndexIdentity& identity,
                                        const std::filesystem::path& model_hashes) {
    std::vector<std::filesystem::path> files;
    files.reserve(plan.to_embed.size());
    for (const ImageEntry& entry : plan.to_embed) files.push_back(entry.path);
    share_files(processes, files);
    if (files.empty()) return {};
    Embedder embedder = load_embedder(config, run, identity, model_hashes);
    return embed_together(processes, embedder, files, index_spaces(embedder, config.index), config.data, run,
                          stopped, [&](const EmbeddedBatch& batch) {
                              if (batch.files.empty()) return;
                              std::vector<ImageEntry> entries;
                              entries.reserve(batch.files.size());
                              for (std::size_t i = 0; i < batch.files.size(); ++i) {
                                  entries.push_back(plan.to_embed[batch.files[i]]);
                                  entries.back().content_hash = batch.hashes[i];
                              }
                              updater.commit(
                                  entries, batch.vectors[0],
                                  batch.vectors.size() > 1 ? batch.vectors[1] : std::vector<float>{});
                          });
}

// Of several processes, all but the first: they embed what the first one asks for, and write nothing.
IndexSummary help_to_index(ProcessGroup& processes, const Config& config, const RunOptions& run) {
    const std::vector<std::filesystem::path> files = share_files(processes, {});
    if (files.empty()) return {};
    set_compute_threads(threads_of_process(run.threads));
    Embedder embedder(config.model, OutputLayout(config).checkpoint(), device_of_process(run.device));
    embed_together(processes, embedder, files, index_spaces(embedder, config.index), config.data, run,
                   stopped, [](const EmbeddedBatch&) {});
    return {};
}

// A rebuild starts from nothing: what the index holds and cannot be seen now would be lost.
void refuse_to_lose(const Target& target, std::span<const IndexCandidate> candidates,
                    std::span<const std::filesystem::path> roots, const PlanOptions& options) {
    UpdatePlan plan;
    try {
        const IndexIdentity identity = open_index_reader(target.place, std::nullopt)->description().identity;
        IndexUpdater updater(
            open_index_writer(target.place, identity, target.parameters, UpdateMode::dry_run));
        plan = updater.plan(candidates, roots, options);
    } catch (const Interrupted&) {
        throw;
    } catch (const Error&) {
        return;  // there is none, or none that can be read
    }
    if (plan.unseen.empty() && plan.too_many.empty()) return;
    log_what_stays(plan);
    throw Error(concat("a rebuild would lose ", plan.unseen.size() + plan.too_many.size(), " photos of ",
                       target.place.name(),
                       " that are out of sight; make them reachable, or let them go with --prune"));
}

UpdateMode update_mode(const IndexRequest& request) {
    if (request.dry_run) return UpdateMode::dry_run;
    return request.rebuild ? UpdateMode::rebuild : UpdateMode::update;
}

}  // namespace

IndexSummary build_index(const Config& config, const RunOptions& run, const IndexRequest& request) {
    const Stopwatch stopwatch;
    const OutputLayout layout(config);
    const std::vector<std::filesystem::path> roots = absolute_roots(config, request);
    const auto processes = ProcessGroup::from_environment(config.distributed.timeout_s);
    if (!processes->is_first()) {
        set_log_level(LogLevel::warning);
        return request.dry_run ? IndexSummary{} : help_to_index(*processes, config, run);
    }
    const Catalogue catalogue = find_images(roots, config, request, run);
    const Target target = target_of(config, request);
    HashCache hashes(target.model_hashes);
    const ModelIdentity model = identify_model(config.model, layout.checkpoint(),
                                               [&](const auto& file) { return hashes.hash(file, run.stop); });
    if (!model.has_head) {
        log_info(concat("no fine-tuned model in ", printable(layout.root), ": indexing with ", model.model_id,
                        " as it is"));
    }
    if (!request.dry_run) prepare_output(config);

    IndexSummary summary;
    UpdateSettings settings;
    settings.wait = request.wait;
    settings.verify = request.verify;
    settings.stop = run.stop;
    const IndexIdentity identity = index_identity(model, config.index);
    const std::vector<IndexCandidate> candidates = candidates_of(catalogue, request.shard);
    PlanOptions options{run.progress, run.stop, run.threads};
    for (const UnseenPlace& unseen : catalogue.unseen) options.unseen.push_back(unseen.path);
    options.prune = request.prune;
    if (request.rebuild && !request.prune) refuse_to_lose(target, candidates, roots, options);
    IndexUpdater updater(open_index_writer(target.place, identity, target.parameters, update_mode(request),
                                           run.threads, settings));
    summary.plan = updater.plan(candidates, roots, options);
    log_what_stays(summary.plan);
    if (request.dry_run) {
        summary.report.embedded = summary.plan.to_embed.size();
        summary.report.unchanged = summary.plan.unchanged;
        summary.report.renamed = summary.plan.renamed;
        summary.report.removed = summary.plan.removed.size();
        summary.report.excluded = summary.plan.excluded.size();
    } else {
        hashes.save();
        summary.skipped =
            embed_missing(*processes, updater, summary.plan, config, run, identity, target.model_hashes);
        summary.report = updater.finish();
    }
    for (const UnreadableFile& file : summary.plan.unreadable)
        summary.skipped.push_back({file.path, 0, file.problem});
    for (const UnseenPlace& place : catalogue.unseen)
        summary.skipped.push_back({place.path, 0, place.problem});
    summary.seconds = stopwatch.seconds();
    return summary;
}

MergeSummary merge_shards(const Config& config, std::span<const std::filesystem::path> folders,
                          const RunOptions& run) {
    std::vector<MergePart> parts;
    for (const std::filesystem::path& folder : folders) parts.push_back(open_folder_part(folder));
    const IndexIdentity identity = common_identity(parts);
    prepare_output(config);
    UpdateSettings settings;
    settings.stop = run.stop;
    return merge_indexes(std::move(parts),
                         open_index_writer({config.index, OutputLayout(config).index()}, identity,
                                           config.index, UpdateMode::rebuild, run.threads, settings),
                         {run.progress, run.stop});
}

}  // namespace clipsim
