#include "faiss_format/mapped_index.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexPQ.h>
#include <faiss/index_io.h>
#include <gtest/gtest.h>

#include <cstring>

#include <random>

#include "clipsim/core/error.h"
#include "clipsim/vectors/vector_index.h"
#include "temporary_folder.h"
#include "vectors/unit_vectors.h"
#include "vectors/written_index.h"

namespace clipsim::testing {
namespace {

constexpr std::size_t dimension = 24;

std::vector<std::int64_t> some_ids(std::size_t count) {
    std::vector<std::int64_t> ids(count);
    for (std::size_t i = 0; i < count; ++i) ids[i] = 100 + 3 * static_cast<std::int64_t>(i);
    return ids;
}

std::filesystem::path written(const TemporaryFolder& folder, IndexType type, Storage storage) {
    IndexParameters config;
    config.type = type;
    config.storage = storage;
    write_index(folder / "index.faiss", config, dimension, some_ids(400), unit_vectors(400, dimension));
    return folder / "index.faiss";
}

TEST(MappedIndex, ShowsWhatWasWrittenOfEveryKind) {
    const std::vector<float> vectors = unit_vectors(400, dimension);
    for (const IndexType type : {IndexType::flat, IndexType::hnsw, IndexType::ivf}) {
        for (const Storage storage : {Storage::fp32, Storage::fp16, Storage::int8}) {
            const TemporaryFolder folder;
            const std::optional<MappedIndex> mapped = open_mapped(written(folder, type, storage));
            ASSERT_TRUE(mapped);
            EXPECT_EQ(mapped->dimension, dimension);
            EXPECT_EQ(mapped->view.count, 400U);
            EXPECT_EQ(mapped->ids[399], 100 + 3 * 399);
            EXPECT_EQ(mapped->view.graph.has_value(), type == IndexType::hnsw);
            ASSERT_EQ(mapped->view.lists.has_value(), type == IndexType::ivf);
            if (type == IndexType::ivf) {
                std::size_t rows = 0;
                for (const auto& list : mapped->view.lists->lists) rows += list.size;
                EXPECT_EQ(rows, 400U);
                continue;
            }
            std::vector<float> values(400 * dimension);
            mapped->view.rows.decode(0, values);
            const float tolerance = storage == Storage::int8 ? 0.01F : storage == Storage::fp16 ? 1e-3F : 0;
            for (std::size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(values[i], vectors[i], tolerance);
        }
    }
}

TEST(MappedIndex, BytesComeBackAsTheyWere) {
    const TemporaryFolder folder;
    const std::optional<MappedIndex> mapped = open_mapped(written(folder, IndexType::hnsw, Storage::fp32));
    const ByteRows expected(unit_vectors(400, dimension), dimension);
    ASSERT_TRUE(mapped);
    EXPECT_TRUE(std::ranges::equal(mapped->bytes.bytes(), expected.bytes()));
    EXPECT_EQ(mapped->bytes.scale(), expected.scale());
    EXPECT_EQ(mapped->bytes.largest_error(), expected.largest_error());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(mapped->bytes.bytes().data()) % 64, 0U);
}

TEST(MappedIndex, AFileThatFaissWroteAloneHasNoBytesAndServes) {
    const TemporaryFolder folder;
    const std::vector<float> vectors = unit_vectors(50, dimension);
    faiss::IndexFlat flat(dimension, faiss::METRIC_INNER_PRODUCT);
    faiss::IndexIDMap2 map(&flat);
    const std::vector<std::int64_t> ids = some_ids(50);
    map.add_with_ids(50, vectors.data(), ids.data());
    faiss::write_index(&map, (folder / "index.faiss").c_str());
    const std::optional<MappedIndex> mapped = open_mapped(folder / "index.faiss");
    ASSERT_TRUE(mapped);
    EXPECT_EQ(mapped->bytes.size(), 0U);
    const VectorIndex index = VectorIndex::open(folder / "index.faiss", {}, dimension);
    EXPECT_EQ(index.search(std::span(vectors).first(dimension), 1).at(0).id, 100);
}

TEST(MappedIndex, WhatOnlyFaissKnowsIsLeftToFaiss) {
    const TemporaryFolder folder;
    const std::vector<float> vectors = unit_vectors(300, dimension);
    faiss::IndexPQ quantized(dimension, 4, 4, faiss::METRIC_INNER_PRODUCT);
    quantized.train(300, vectors.data());
    faiss::IndexIDMap2 map(&quantized);
    const std::vector<std::int64_t> ids = some_ids(300);
    map.add_with_ids(300, vectors.data(), ids.data());
    faiss::write_index(&map, (folder / "index.faiss").c_str());
    EXPECT_FALSE(open_mapped(folder / "index.faiss"));
    const VectorIndex index = VectorIndex::open(folder / "index.faiss", {}, dimension);
    EXPECT_EQ(index.search(std::span(vectors).first(dimension), 5).size(), 5U);
}

TEST(MappedIndex, AFileCutOffAnywhereIsAnError) {
    for (const IndexType type : {IndexType::flat, IndexType::hnsw, IndexType::ivf}) {
        const TemporaryFolder folder;
        const std::string whole = read_text(written(folder, type, Storage::fp32));
        for (std::size_t length = 0; length < whole.size(); length += whole.size() / 97) {
            write_text(folder / "cut.faiss", std::string_view(whole).substr(0, length));
            EXPECT_THROW(VectorIndex::open(folder / "cut.faiss", {}, dimension), Error) << length;
        }
    }
}

// A large file is not read whole before it is searched, so a search may be the first to meet the damage.
TEST(MappedIndex, SearchesAndUpdatesOfADamagedFileStayInIt) {
    const std::vector<float> queries = unit_vectors(4, dimension, 5);
    std::mt19937 random(11);
    for (const IndexType type : {IndexType::flat, IndexType::hnsw, IndexType::ivf}) {
        const TemporaryFolder folder;
        const std::string whole = read_text(written(folder, type, Storage::fp32));
        int opened = 0;
        for (int round = 0; round < 200; ++round) {
            std::string damaged = whole;
            for (int i = 0; i < 40; ++i) damaged[random() % damaged.size()] ^= static_cast<char>(random());
            write_text(folder / "damaged.faiss", damaged);
            try {
                const VectorIndex index = VectorIndex::open(folder / "damaged.faiss", {}, dimension);
                ++opened;
                RowFilter filter(static_cast<std::size_t>(index.size()), true);
                filter.forbid(3);
                EXPECT_LE(index.search_rows(queries, 10).rows.size(), 40U);
                EXPECT_LE(index.search(std::span(queries).first(dimension), 10, &filter).size(), 10U);
                if (type == IndexType::ivf) continue;  // FAISS adds to those
                const std::vector<std::int64_t> ids{5000, 5001, 5002, 5003};
                VectorIndex::write_extended(folder / "more.faiss", folder / "damaged.faiss", {}, dimension,
                                            ids, queries);
            } catch (const Error&) {  // it says so: fine too
            }
        }
        EXPECT_GT(opened, 20) << "the damage is meant to be behind what is read at once";
    }
}

TEST(MappedIndex, AGraphIsLookedThroughBeforeItIsContinued) {
    const TemporaryFolder folder;
    const std::filesystem::path file = written(folder, IndexType::hnsw, Storage::fp32);
    const std::vector<std::int64_t> ids{5000};
    const std::vector<float> row = unit_vectors(1, dimension, 5);
    const auto extend = [&] {
        VectorIndex::write_extended(folder / "more.faiss", file, {}, dimension, ids, row);
    };
    EXPECT_NO_THROW(extend());
    std::string bytes = read_text(file);
    {
        const std::optional<MappedIndex> mapped = open_mapped(file);
        ASSERT_TRUE(mapped && mapped->view.graph);
        const auto* begin = reinterpret_cast<const std::uint8_t*>(mapped->file.bytes().data());
        const std::int32_t no_node = 400;
        std::memcpy(bytes.data() + (mapped->view.graph->neighbours.at(0) - begin), &no_node, sizeof no_node);
    }
    write_text(file, bytes);
    EXPECT_NO_THROW(VectorIndex::open(file, {}, dimension)) << "only what is used is looked at";
    EXPECT_THROW(extend(), Error);
}

}  // namespace
}  // namespace clipsim::testing
