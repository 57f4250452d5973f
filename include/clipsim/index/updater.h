// Bringing an index up to date: plan (what changed on disk), commit (vectors of what was embedded), finish
// (drop what vanished, bring index.faiss into step). Killed at any moment, the next run continues from the
// last committed batch. docs/index-updates.md tells what readers see meanwhile.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "clipsim/core/progress.h"
#include "clipsim/index/index_roots.h"
#include "clipsim/index/index_writer.h"

namespace clipsim {

// A file that should be in the index.
struct IndexCandidate {
    std::filesystem::path path;  // absolute
    std::string label;
};

// An image that stays in the index although its file was not seen.
struct UnseenImage {
    std::filesystem::path path;
    std::filesystem::path place;  // what stood in the way: the file, or a folder above it
    std::string reason;
    bool prunable = false;  // the place is not there, is empty, or is a link to what is not there
};

struct UnreadableFile {
    std::filesystem::path path;
    std::string problem;  // a line that names it
};

struct UpdatePlan {
    // New or changed content, each content once. Where content_hash is empty the file is still to be read.
    std::vector<ImageEntry> to_embed;
    std::size_t hashed_ahead = 0;  // files that were read whole, to tell whether they are moved or copied
    std::size_t unchanged = 0;
    std::size_t renamed = 0;  // known content at another path, and no more at its own: the vector is reused
    std::size_t copies = 0;   // known content at one more path
    std::vector<std::filesystem::path> removed;   // their folder was listed, and they are not there
    std::vector<std::filesystem::path> excluded;  // there, under the roots, and no candidates
    std::vector<UnseenImage> unseen;
    // Of an index that several machines share: how many images each of the others brought. They stay, but for
    // what PlanOptions::prune finds gone under the roots, and what has other content here.
    std::map<std::string, std::size_t> of_others;
    // What would have been removed, had it not been more than a tenth of the index and more than five.
    std::vector<std::filesystem::path> too_many;
    std::vector<UnreadableFile> unreadable;  // candidates; what was known of them stays
    std::size_t drawn = 0;                   // new candidates that clipsim drew itself: no photos
};

struct PlanOptions {
    ProgressStyle progress = ProgressStyle::none;
    std::stop_token stop = {};
    int threads = 0;  // 0: one per core
    // Folders and links under the roots of which it is not known what is in them.
    std::vector<std::filesystem::path> unseen = {};
    // Removes all that is not there, UpdatePlan::unseen (where prunable) and too_many too.
    bool prune = false;
    // From now on, with the labels that come of them; null: they stay as they are. Must outlive the updater.
    const IndexRoots* roots = nullptr;
    std::optional<Shard> shard = std::nullopt;  // which part of a collection this index is
};

class IndexUpdater {
  public:
    using Mode = UpdateMode;

    explicit IndexUpdater(std::unique_ptr<IndexWriter> writer);
    ~IndexUpdater();
    IndexUpdater(const IndexUpdater&) = delete;
    IndexUpdater& operator=(const IndexUpdater&) = delete;

    // Compares the candidates, all images under `roots` (absolute, normalised), with the store: size and
    // mtime first, then the content of those whose size another one has. An image known from here or
    // elsewhere is removed only where its folder can be listed and the file is not there. Throws Interrupted.
    const UpdatePlan& plan(std::span<const IndexCandidate> candidates,
                           std::span<const std::filesystem::path> roots, const PlanOptions& options = {});

    // In place of a plan: nothing is known, and what an earlier, killed run left in the store is removed.
    void start_over();

    // Stores vectors of some of plan().to_embed; entries: the plan's, with the content_hash
    // of the bytes that were embedded; vectors: [N, dimension] unit rows of
    // the image space, text: [N, text_dimension] of the text space where the identity has one.
    void commit(std::span<const ImageEntry> entries, std::span<const float> vectors,
                std::span<const float> text = {});

    // Renames, drops what vanished or could not be embedded any more, and brings index.faiss, text.faiss and
    // manifest.json into step.
    UpdateReport finish();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clipsim
