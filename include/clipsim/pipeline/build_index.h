// Bringing the index over a collection of photos up to date.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "clipsim/data/loader.h"
#include "clipsim/index/merge_indexes.h"
#include "clipsim/index/shard.h"
#include "clipsim/index/updater.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"

namespace clipsim {

struct IndexRequest {
    std::vector<std::filesystem::path> folders;  // empty: data.root
    bool rebuild = false;                        // start over, also where the index is of another model
    bool verify = false;                         // UpdateSettings::verify
    bool dry_run = false;                        // say what would be done, change nothing
    bool prune = false;                          // PlanOptions::prune; folders may be missing or empty
    std::chrono::seconds wait = patience_with_writers;  // for another process that updates the index
    // Only these files, into an index of their own beside the others; merge_indexes puts them together.
    std::optional<Shard> shard = std::nullopt;
};

struct IndexSummary {
    UpdatePlan plan;
    UpdateReport report;                // as it would be, for a dry run
    std::vector<SkippedImage> skipped;  // images, and folders and links that could not be looked into
    double seconds = 0;
};

// Uses the fine-tuned model in output_dir where there is one, else the base model.
// Batches are committed as they are done: after Interrupted or a kill the next call continues where this
// one stopped.
IndexSummary build_index(const Config& config, const RunOptions& run = {}, const IndexRequest& request = {});

struct MergeRequest {
    std::vector<std::filesystem::path> folders;  // with images.db and manifest.json
    bool rebuild = false;                        // also in place of an index of something else
    bool partial = false;  // also where shards are missing, or are not of one collection
    std::chrono::seconds wait = patience_with_writers;  // for another process that updates the index
};

// Makes one index of those that build_index made of all shards, or that index_vectors made of several
// matrices of one dimension, in place of what output_dir's held. Throws UsageError for a folder without a
// finished index and where models differ; complete_shards and merge_indexes tell the rest.
MergeSummary merge_shards(const Config& config, const MergeRequest& request, const RunOptions& run = {});

}  // namespace clipsim
