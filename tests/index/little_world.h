// A folder of "photos" that are text files, and a "model" that is a function of the text: what the index
// needs, without pictures.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "clipsim/core/hash.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/index/updater.h"
#include "index/test_backend.h"
#include "temporary_folder.h"

namespace clipsim::testing {

struct LittleWorld {
    static constexpr int dimension = 8, text_dimension = 4;

    explicit LittleWorld(const std::filesystem::path& root) : LittleWorld(root, root / "index") {}
    LittleWorld(const std::filesystem::path& root, const std::filesystem::path& index_folder)
        : photos(root / "photos"), index(index_folder), backend(index) {
        std::filesystem::create_directories(photos);
    }

    static std::vector<float> embed(const std::string& content, int width) {
        std::mt19937 random(static_cast<unsigned>(checksum(std::as_bytes(std::span(content)))) +
                            static_cast<unsigned>(width));
        std::normal_distribution<float> normal;
        std::vector<float> vector(static_cast<std::size_t>(width));
        for (float& value : vector) value = normal(random);
        const float length =
            std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0F));
        for (float& value : vector) value /= length;
        return vector;
    }

    void write(const std::string& name, const std::string& content) { write_text(photos / name, content); }

    std::vector<IndexCandidate> candidates() const {
        std::vector<IndexCandidate> found;
        for (const auto& file : std::filesystem::recursive_directory_iterator(photos)) {
            if (file.is_regular_file()) found.push_back({file.path(), file.path().parent_path().filename()});
        }
        std::ranges::sort(found, {}, &IndexCandidate::path);
        return found;
    }

    void commit(IndexUpdater& updater, std::span<const ImageEntry> entries) const {
        std::vector<float> image, text;
        std::vector<ImageEntry> hashed(entries.begin(), entries.end());
        for (ImageEntry& entry : hashed) {
            const std::string content = read_text(entry.path);
            entry.content_hash = hash_bytes(std::as_bytes(std::span(content)));
            for (const float value : embed(content, dimension)) image.push_back(value);
            for (const float value : embed(content, text_dimension)) text.push_back(value);
        }
        updater.commit(hashed, image, text);
    }

    // batches: how many commits, of as many images each.
    UpdateReport update(IndexUpdater::Mode mode = IndexUpdater::Mode::update, std::size_t batches = 1) const {
        IndexUpdater updater(open_index_writer(backend.place(), identity, config, mode, 1, settings));
        PlanOptions options;
        options.prune = true;  // what is deleted here is gone, however much it is
        const UpdatePlan plan = updater.plan(candidates(), std::vector{photos}, options);
        const std::span<const ImageEntry> entries(plan.to_embed);
        for (std::size_t b = 0; b < batches; ++b) {
            const std::size_t first = entries.size() * b / batches, last = entries.size() * (b + 1) / batches;
            if (last > first) commit(updater, entries.subspan(first, last - first));
        }
        return updater.finish();
    }

    // All that the index holds, by path.
    std::map<std::string, StoredImage> stored() const {
        std::map<std::string, StoredImage> images;
        for (const StoredImage& image : backend.open(identity)->images()) images[image.path.string()] = image;
        return images;
    }

    // The index holds the files on the disk and nothing else, with their vectors.
    void expect_complete() const {
        const std::unique_ptr<IndexStore> store = backend.open(identity);
        std::map<std::string, StoredImage> images = stored();
        const std::vector<IndexCandidate> files = candidates();
        EXPECT_EQ(images.size(), files.size());
        for (const IndexCandidate& file : files) {
            ASSERT_TRUE(images.contains(file.path.string())) << file.path;
            const StoredImage& image = images[file.path.string()];
            const std::string content = read_text(file.path);
            EXPECT_EQ(image.label, file.label);
            EXPECT_EQ(store->vector(image.id), embed(content, dimension)) << file.path;
            EXPECT_EQ(store->vector(image.id, Space::text), embed(content, text_dimension)) << file.path;
        }
    }

    // Searches in both spaces, of all images and of those that fit `where`, find what looking at every vector
    // in images.db finds. Returns the share of the true neighbours that were found.
    double expect_answers_of_the_store(const std::vector<std::string>& where, int k, unsigned seed) const {
        const std::unique_ptr<IndexReader> reader = backend.open_reader(identity);
        const std::unique_ptr<IndexStore> store = backend.open(identity);
        const ImageFilter filter = parse_image_filter(where);
        std::size_t found = 0, wanted = 0;
        for (const Space space : {Space::image, Space::text}) {
            const std::vector<float> query = embed("query " + std::to_string(seed), width_of(space));
            for (const bool filtered : {false, true}) {
                std::vector<FoundImage> truth;
                for (const StoredImage& image : store->images()) {
                    if (filtered && !filter.matches(image.path.native(), image.label)) continue;
                    const std::vector<float> vector = store->vector(image.id, space);
                    truth.push_back({image.id, image.path, image.label,
                                     std::inner_product(query.begin(), query.end(), vector.begin(), 0.0F)});
                }
                std::map<std::int64_t, float> score_of;
                for (const FoundImage& image : truth) score_of[image.id] = image.score;
                std::ranges::sort(truth, std::greater{}, &FoundImage::score);
                if (truth.size() > static_cast<std::size_t>(k)) truth.resize(static_cast<std::size_t>(k));
                const std::vector<FoundImage> hits =
                    reader->nearest(query, k, space, filtered ? filter : ImageFilter{});
                EXPECT_EQ(hits.size(), truth.size()) << "never fewer, never more";
                EXPECT_TRUE(std::ranges::is_sorted(hits, std::greater{}, &FoundImage::score));
                for (const FoundImage& hit : hits) {
                    const auto image = store->find(hit.id);
                    EXPECT_TRUE(image.has_value()) << hit.id;
                    if (image && filtered) {
                        EXPECT_TRUE(filter.matches(image->path.native(), image->label));
                    }
                }
                // Copies have equal scores: any of them is right.
                wanted += truth.size();
                for (const FoundImage& hit : hits) {
                    EXPECT_NEAR(hit.score, score_of[hit.id], 1e-5);
                    if (!truth.empty() && hit.score >= truth.back().score - 1e-5F) ++found;
                }
            }
        }
        return wanted == 0 ? 1.0 : static_cast<double>(found) / static_cast<double>(wanted);
    }

    static int width_of(Space space) { return space == Space::image ? dimension : text_dimension; }

    std::filesystem::path photos, index;
    TestBackend backend;
    IndexIdentity identity{"tiny", "aaaa1111", dimension, text_dimension};
    IndexParameters config;
    UpdateSettings settings;
};

}  // namespace clipsim::testing
