#include "clipsim/pipeline/build_index.h"

#include <algorithm>
#include <memory>
#include <set>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/hash_cache.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/stopwatch.h"
#include "clipsim/core/text.h"
#include "clipsim/data/catalogue.h"
#include "clipsim/distributed/process_group.h"
#include "clipsim/index/complete_shards.h"
#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/pipeline/steps/index_replacement.h"
#include "clipsim/pipeline/steps/index_spaces.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "clipsim/pipeline/steps/rank_facts.h"
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

// The index as it is, whatever model it is of; null where there is none that can be read.
std::unique_ptr<IndexWriter> open_as_it_is(const IndexPlace& place, const std::stop_token& stop) {
    UpdateSettings settings;
    settings.stop = stop;
    try {
        const IndexIdentity identity =
            place.server
                ? open_index_reader(place, std::nullopt, {}, ThreadPool(1), stop)->description().identity
                : open_folder_part(place.folder).identity;
        return open_index_writer(place, identity, {}, UpdateMode::dry_run, 0, settings);
    } catch (const Interrupted&) {
        throw;
    } catch (const Error&) {
        return nullptr;
    }
}

struct Known {
    IndexRoots roots;
    // Those that images lie in, where a folder is asked for that is in none of the roots: it may be one of
    // these, by another name.
    std::set<std::filesystem::path> folders;
};

Known known_of(const IndexPlace& place, std::span<const std::filesystem::path> asked_for,
               const std::stop_token& stop) {
    Known known;
    const std::unique_ptr<IndexWriter> index = open_as_it_is(place, stop);
    if (index == nullptr || index->store() == nullptr) return known;
    known.roots = IndexRoots(index->store()->roots());
    const bool all_inside = std::ranges::all_of(asked_for, [&](const std::filesystem::path& folder) {
        return known.roots.label_of(folder / "image").has_value();
    });
    if (all_inside) return known;
    const std::vector<StoredImage> images = index->store()->images();
    if (known.roots.folders().empty()) known.roots = IndexRoots::told_by_labels(images);
    for (const StoredImage& image : images) known.folders.insert(image.path.parent_path());
    return known;
}

// The folders by the names that the index has for them, outer ones first.
std::vector<std::filesystem::path> known_names(std::vector<std::filesystem::path> folders, Known known) {
    for (std::filesystem::path& folder : folders) {
        folder = known.roots.known_name(folder, known.folders);
        known.roots.add(std::span(&folder, 1), {});
    }
    std::ranges::sort(folders);
    const auto same = std::ranges::unique(folders);
    folders.erase(same.begin(), same.end());
    return folders;
}

struct Walk {
    std::vector<std::filesystem::path> folders;  // that were walked
    IndexRoots roots;                            // of the index from now on
    Catalogue catalogue;
};

Walk walk(const Config& config, const IndexRequest& request, const IndexPlace& place, const RunOptions& run) {
    Walk walk;
    walk.folders = absolute_roots(config, request);
    Known known = request.rebuild ? Known{} : known_of(place, walk.folders, run.stop);
    walk.roots = known.roots;
    walk.folders = known_names(std::move(walk.folders), std::move(known));
    std::vector<std::filesystem::path> roots = walk.folders, found;
    for (std::filesystem::path& root : roots) {
        std::error_code ignored;  // a file among them, from `index photos/*`
        if (std::filesystem::is_regular_file(root, ignored)) root = root.parent_path();
    }
    ScanOptions options = scan_options(config);
    options.look_for_drawn = false;  // only the new files are looked into
    options.may_be_empty = request.prune;
    IndexRoots bases = walk.roots;
    bases.add(roots, {});
    options.bases = bases.folders();
    Progress progress("scanning", "files", 0, run.progress);
    options.on_entry = [&] {
        progress.advance();
        throw_if_stopped(run.stop, "nothing was changed");
    };
    walk.catalogue = scan_folders(walk.folders, options);
    progress.finish_if_shown();
    for (const ImageFile& image : walk.catalogue.images) found.push_back(image.path);
    walk.roots.add(roots, found);
    return walk;
}

std::vector<IndexCandidate> candidates_of(const Walk& walk, const std::optional<Shard>& shard) {
    std::vector<IndexCandidate> candidates;
    candidates.reserve(walk.catalogue.images.size());
    for (const ImageFile& image : walk.catalogue.images) {
        if (shard && !shard->holds(image.path)) continue;
        candidates.push_back({image.path, walk.roots.label_of(image.path).value_or(std::string())});
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
    Target target{index_place(config), config.index, {}};
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
    processes.meet("to find out what has to be embedded");
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
    if (index_identity(embedder, config).model_hash != identity.model_hash) {
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

// The ranks agree on all that vectors depend on. Each reads the files that the first one names.
void agree(ProcessGroup& processes, const Config& config, const ModelIdentity& model) {
    auto facts = rank_facts("index", config);
    facts.emplace_back("the model (model.clip and the fine-tuned one in output_dir)",
                       model.image_hash + model.text_hash);
    processes.require_same(facts);
}

// Of several processes, all but the first: they embed what the first one asks for, and write nothing.
IndexSummary help_to_index(ProcessGroup& processes, const Config& config, const RunOptions& run) {
    agree(processes, config, identify_model(config.model, OutputLayout(config).checkpoint(), hash_file));
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
    std::unique_ptr<IndexWriter> index = open_as_it_is(target.place, options.stop);
    if (index == nullptr) return;
    IndexUpdater updater(std::move(index));
    const UpdatePlan& plan = updater.plan(candidates, roots, options);
    for (const auto& [machine, count] : plan.of_others) {
        throw UsageError(concat(target.place.name(), " holds ", count, " photos that ", printable(machine),
                                " brought, which a rebuild would lose: ", printable(machine),
                                " has to index them again afterwards; let them go with --prune, or name a "
                                "schema of your own (index.postgres.schema)"));
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
    const auto processes = ProcessGroup::from_environment(config.distributed.timeout_s, run.stop);
    if (!processes->is_first()) {
        set_log_level(LogLevel::warning);
        return request.dry_run ? IndexSummary{} : help_to_index(*processes, config, run);
    }
    const Target target = target_of(config, request);
    const Walk walked = walk(config, request, target.place, run);
    HashCache hashes(target.model_hashes);
    const ModelIdentity model = identify_model(config.model, layout.checkpoint(),
                                               [&](const auto& file) { return hashes.hash(file, run.stop); });
    if (!request.dry_run) agree(*processes, config, model);
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
    const IndexIdentity identity = index_identity(model, config);
    const std::vector<IndexCandidate> candidates = candidates_of(walked, request.shard);
    PlanOptions options{run.progress, run.stop, run.threads};
    for (const UnseenPlace& unseen : walked.catalogue.unseen) options.unseen.push_back(unseen.path);
    options.prune = request.prune;
    options.roots = &walked.roots;
    options.shard = request.shard;
    if (request.rebuild && !request.prune) refuse_to_lose(target, candidates, walked.folders, options);
    IndexUpdater updater(open_index_writer(target.place, identity, target.parameters, update_mode(request),
                                           run.threads, settings));
    summary.plan = updater.plan(candidates, walked.folders, options);
    log_what_stays(summary.plan);
    if (summary.plan.drawn > 0) log_info(concat("left out: ", summary.plan.drawn, " drawn by clipsim"));
    if (request.dry_run) {
        summary.report.embedded = summary.plan.to_embed.size();
        summary.report.unchanged = summary.plan.unchanged;
        summary.report.renamed = summary.plan.renamed;
        summary.report.copies = summary.plan.copies;
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
    for (const UnseenPlace& place : walked.catalogue.unseen)
        summary.skipped.push_back({place.path, 0, place.problem});
    summary.seconds = stopwatch.seconds();
    return summary;
}

MergeSummary merge_shards(const Config& config, const MergeRequest& request, const RunOptions& run) {
    std::vector<MergePart> parts;
    for (const std::filesystem::path& folder : request.folders) parts.push_back(open_folder_part(folder));
    const IndexIdentity identity = common_identity(parts);
    if (!request.partial) require_complete(parts);
    if (is_imported(identity)) require_distinct_names(parts);
    const IndexPlace target = index_place(config);
    if (!request.rebuild) check_place_of_merge(target, config.index, parts);
    prepare_output(config);
    UpdateSettings settings;
    settings.stop = run.stop;
    settings.wait = request.wait;
    return merge_indexes(
        std::move(parts),
        open_index_writer(target, identity, config.index, UpdateMode::rebuild, run.threads, settings),
        {run.progress, run.stop});
}

}  // namespace clipsim
