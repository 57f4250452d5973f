// Bringing an index up to date: plan (what changed on disk), commit (vectors of what was embedded), finish
// (drop what vanished, bring index.faiss into step). Killed at any moment, the next run goes on from the last
// committed batch. docs/index-updates.md tells what readers see meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "clipsim/index/image_store.h"

namespace clipsim {

// A file that should be in the index.
struct IndexCandidate {
    std::filesystem::path path;  // absolute
    std::string label;
};

struct UpdatePlan {
    std::vector<ImageEntry> to_embed;  // new or changed content, each content once
    std::size_t unchanged = 0;
    std::size_t renamed = 0;  // known content at another path, moved or copied: the vector is reused
    std::size_t removed = 0;
    std::vector<std::filesystem::path> unreadable;
    bool empty() const { return to_embed.empty() && renamed == 0 && removed == 0; }
};

// How an update is carried out. Rows that came since index.faiss was written are searched one by one, and
// those that are gone are passed over, until it is worth to write the file again.
struct UpdateSettings {
    std::chrono::milliseconds wait{0};  // for another process that updates the index
    std::stop_token stop = {};          // ends the wait
    // More recent rows than this share of index.faiss, or than this number, are added to it.
    double recent_share = 1.0 / 64;
    std::int64_t most_recent = 4096;
    // More dead rows than this share of index.faiss, and it is built anew.
    double dead_share = 0.2;
};

struct UpdateReport {
    std::size_t embedded = 0, unchanged = 0, renamed = 0, removed = 0;
    std::int64_t total = 0;  // images in the index afterwards
    IndexType type = IndexType::flat;
    IndexConfig parameters;    // all resolved
    double build_seconds = 0;  // bringing index.faiss (and text.faiss) into step with the store
    enum class Derivation { kept, added_to, built_anew };
    Derivation derivation = Derivation::kept;  // what became of them
    std::int64_t recent = 0;                   // images that are not in index.faiss, but searched beside it
    std::int64_t dead = 0;                     // images that were removed since it was built anew
};

class IndexUpdater {
  public:
    enum class Mode {
        update,
        rebuild,  // starts anew, aside: readers keep the old state until finish(); any model's index is
                  // replaced
        dry_run,  // plan() only; nothing is written
    };

    // threads: of building index.faiss; 0: one a core. Throws UsageError for an index of another model or a
    // newer clipsim (update, dry_run), Error when another process updates it for longer than settings.wait.
    IndexUpdater(const std::filesystem::path& index_dir, const IndexIdentity& identity,
                 const IndexConfig& config, Mode mode, int threads = 0, const UpdateSettings& settings = {});
    ~IndexUpdater();
    IndexUpdater(const IndexUpdater&) = delete;
    IndexUpdater& operator=(const IndexUpdater&) = delete;

    // Compares the candidates, all images under `roots` (absolute, normalised), with the store: size and
    // mtime first, the content hash where they differ. Images known from elsewhere stay as long as their file
    // is there.
    const UpdatePlan& plan(std::span<const IndexCandidate> candidates,
                           std::span<const std::filesystem::path> roots);

    // Stores vectors of some of plan().to_embed; entries: the plan's, vectors: [N, dimension] unit rows,
    // joint: [N, joint_dimension] unit rows where the identity keeps them.
    void commit(std::span<const ImageEntry> entries, std::span<const float> vectors,
                std::span<const float> joint = {});

    // Renames, drops what vanished or could not be embedded any more, and brings index.faiss, text.faiss and
    // manifest.json into step.
    UpdateReport finish();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clipsim
