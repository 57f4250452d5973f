// A folder of photos and an index of them, for tests of updates.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "clipsim/core/hash.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/index/updater.h"
#include "index/test_backend.h"
#include "temporary_folder.h"

namespace clipsim::testing {

// Photos are text files here, and the model is a function of the text: the updater asks for no more.
class UpdatedIndex : public ::testing::Test {
  protected:
    void write(const std::string& name, const std::string& content) { write_text(photos_ / name, content); }

    static std::vector<float> embed(const std::string& content) {
        const float angle = static_cast<float>(std::hash<std::string>{}(content) % 1000) / 100;
        return {std::cos(angle), std::sin(angle)};
    }

    std::vector<IndexCandidate> candidates() const {
        std::vector<IndexCandidate> found;
        std::error_code ignored;
        for (std::filesystem::recursive_directory_iterator
                 entry(photos_, std::filesystem::directory_options::follow_directory_symlink),
             end;
             entry != end; entry.increment(ignored)) {
            const std::filesystem::path& path = entry->path();
            if (entry->is_regular_file(ignored)) found.push_back({path, path.parent_path().filename()});
        }
        std::ranges::sort(found, {}, &IndexCandidate::path);
        return found;
    }

    void commit(IndexUpdater& updater, std::span<const ImageEntry> entries) {
        std::vector<float> vectors;
        std::vector<ImageEntry> hashed(entries.begin(), entries.end());
        for (ImageEntry& entry : hashed) {
            entry.content_hash = hash_file(entry.path);
            const std::vector<float> vector = embed(read_text(entry.path));
            vectors.insert(vectors.end(), vector.begin(), vector.end());
        }
        updater.commit(hashed, vectors);
    }

    UpdateReport update(IndexUpdater::Mode mode = IndexUpdater::Mode::update,
                        const IndexIdentity& identity = identity_) {
        IndexUpdater updater(open_index_writer(backend_.place(), identity, config_, mode));
        const UpdatePlan plan = updater.plan(candidates(), std::vector{photos_}, options_);
        if (!plan.to_embed.empty()) commit(updater, plan.to_embed);
        return updater.finish();
    }

    UpdatePlan plan() {
        IndexUpdater updater(
            open_index_writer(backend_.place(), identity_, config_, IndexUpdater::Mode::dry_run));
        return updater.plan(candidates(), std::vector{photos_}, options_);
    }

    std::map<std::string, StoredImage> images() const {
        std::map<std::string, StoredImage> by_name;
        const std::unique_ptr<IndexStore> store = backend_.open(identity_);
        for (const StoredImage& image : store->images()) {
            by_name[image.path.lexically_relative(photos_).string()] = image;
            EXPECT_EQ(store->vector(image.id), embed(read_text(image.path))) << image.path;
        }
        return by_name;
    }

    void expect_whole() const { backend_.expect_whole(identity_); }

    inline static const IndexIdentity identity_{"tiny", "aaaa1111", 2};
    TemporaryFolder folder_;
    std::filesystem::path photos_ = folder_ / "photos";
    std::filesystem::path index_ = folder_ / "index";
    TestBackend backend_{index_};
    IndexParameters config_;
    PlanOptions options_;
};

}  // namespace clipsim::testing
