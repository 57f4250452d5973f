// Bringing an index up to date: plan (what changed on disk), commit (vectors of what was embedded), finish
// (drop what vanished, bring index.faiss into step). Killed at any moment, the next run goes on from the last
// committed batch. docs/index-updates.md tells what readers see meanwhile.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "clipsim/index/index_writer.h"

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

class IndexUpdater {
  public:
    using Mode = UpdateMode;

    explicit IndexUpdater(std::unique_ptr<IndexWriter> writer);
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
