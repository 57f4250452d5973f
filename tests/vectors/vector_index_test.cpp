#include "clipsim/vectors/vector_index.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "temporary_folder.h"
#include "vectors/unit_vectors.h"
#include "vectors/written_index.h"

namespace clipsim::testing {
namespace {

constexpr int dimension = 24;

struct Kind {
    IndexType type;
    Storage storage;
    double recall;  // of the 10 nearest, at least
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
    return out << static_cast<int>(kind.type) << static_cast<int>(kind.storage);
}

IndexParameters config_of(const Kind& kind) {
    IndexParameters config;
    config.type = kind.type;
    config.storage = kind.storage;
    config.ivf.nprobe = 1000;  // all lists
    return config;
}

// Ids that are no row numbers, so that mixing the two up shows.
std::vector<std::int64_t> ids_for(std::size_t count) {
    std::vector<std::int64_t> ids(count);
    for (std::size_t i = 0; i < count; ++i) ids[i] = 1000 + 7 * static_cast<std::int64_t>(i);
    return ids;
}

std::vector<std::int64_t> ids_of(const std::vector<Neighbour>& neighbours) {
    std::vector<std::int64_t> ids;
    for (const Neighbour& neighbour : neighbours) ids.push_back(neighbour.id);
    return ids;
}

class VectorIndexKinds : public ::testing::TestWithParam<Kind> {};

TEST_P(VectorIndexKinds, FindsTheNearest) {
    const TemporaryFolder folder;
    const std::vector<float> rows = unit_vectors(2000, dimension), queries = unit_vectors(50, dimension, 2);
    const std::vector<std::int64_t> ids = ids_for(2000);
    const IndexParameters config = config_of(GetParam());
    write_index(folder / "index.faiss", config, dimension, ids, rows);
    const VectorIndex opened = VectorIndex::open(folder / "index.faiss", config, dimension);
    EXPECT_EQ(opened.size(), 2000);

    int found = 0;
    for (int q = 0; q < 50; ++q) {
        const std::span<const float> query = std::span(queries).subspan(q * dimension, dimension);
        const std::vector<std::int64_t> order = exact_order(rows, query);
        const std::vector<Neighbour> hits = opened.search(query, 10);
        ASSERT_EQ(hits.size(), 10U);
        EXPECT_TRUE(std::ranges::is_sorted(hits, std::greater{}, &Neighbour::score));
        for (int i = 0; i < 10; ++i) {
            found += std::ranges::count(hits, ids[static_cast<std::size_t>(order[i])], &Neighbour::id);
        }
    }
    EXPECT_GE(found / 500.0, GetParam().recall);
}

TEST_P(VectorIndexKinds, HoldsNoneOneOrTwoVectors) {
    const TemporaryFolder folder;
    const std::vector<float> rows = unit_vectors(2, dimension);
    const IndexParameters config = config_of(GetParam());
    for (std::size_t count = 0; count <= 2; ++count) {
        const std::span<const float> some = std::span(rows).first(count * dimension);
        write_index(folder / "index.faiss", config, dimension, ids_for(count), some);
        const VectorIndex index = VectorIndex::open(folder / "index.faiss", config, dimension);
        EXPECT_EQ(index.search(std::span(rows).first(dimension), 10).size(), count);
    }
}

TEST_P(VectorIndexKinds, GivesEveryVectorWhenMoreAreAskedForThanThereAre) {
    const std::vector<float> rows = unit_vectors(300, dimension);
    IndexParameters config = config_of(GetParam());
    config.ivf.nprobe = 1;
    config.hnsw.ef_search = 16;
    const VectorIndex index = written_index(config, dimension, ids_for(300), rows);
    const std::vector<std::int64_t> hits = ids_of(index.search(std::span(rows).first(dimension), 1000));
    EXPECT_EQ(std::set<std::int64_t>(hits.begin(), hits.end()).size(), 300U);
}

// Whatever the share that the filter lets through: nothing else, as many as asked for, and the nearest of
// them.
TEST_P(VectorIndexKinds, AFilterIsExactAtAnySelectivity) {
    constexpr std::size_t count = 3000, queries = 20, k = 10;
    const std::vector<float> rows = unit_vectors(count, dimension),
                             asked = unit_vectors(queries, dimension, 2);
    IndexParameters config = config_of(GetParam());
    config.hnsw.ef_search = 64;
    const VectorIndex index = written_index(config, dimension, ids_for(count), rows);
    std::mt19937 random(5);
    for (const double share : {0.0, 0.001, 0.01, 0.05, 0.2, 0.5, 0.9, 1.0}) {
        RowFilter filter(count, false);
        for (std::size_t row = 0; row < count; ++row) {
            if (static_cast<double>(random() % 1000) < share * 1000)
                filter.allow(static_cast<std::int64_t>(row));
        }
        const std::size_t wanted = std::min(k, filter.allowed());
        std::size_t found = 0;
        for (std::size_t q = 0; q < queries; ++q) {
            const std::span<const float> query = std::span(asked).subspan(q * dimension, dimension);
            std::vector<std::int64_t> nearest = exact_order(rows, query);
            std::erase_if(nearest, [&](std::int64_t row) { return !filter.allows(row); });
            const std::vector<Neighbour> hits = index.search(query, k, &filter);
            ASSERT_EQ(hits.size(), wanted) << share;
            EXPECT_TRUE(std::ranges::is_sorted(hits, std::greater{}, &Neighbour::score));
            for (std::size_t i = 0; i < wanted; ++i) {
                EXPECT_TRUE(filter.allows((hits[i].id - 1000) / 7)) << share;
                found +=
                    static_cast<std::size_t>(std::ranges::count(hits, 1000 + 7 * nearest[i], &Neighbour::id));
            }
        }
        EXPECT_GE(static_cast<double>(found), GetParam().recall * static_cast<double>(wanted * queries))
            << share;
    }
}

// Half of the vectors lie opposite to the query, and only they are allowed: the walk starts where nothing is.
TEST_P(VectorIndexKinds, AFilterThatAllowsOnlyWhatIsFarAwayStillGivesK) {
    constexpr std::size_t count = 2000;
    std::vector<float> rows = unit_vectors(count, dimension);
    RowFilter filter(count, false);
    for (std::size_t row = 0; row < count; ++row) {
        rows[row * dimension] = row % 2 == 0 ? 20.0F : -20.0F;
        if (row % 2 == 1) filter.allow(static_cast<std::int64_t>(row));
    }
    for (std::size_t row = 0; row < count; ++row) {
        const std::span<float> values = std::span(rows).subspan(row * dimension, dimension);
        const float length =
            std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0F));
        for (float& value : values) value /= length;
    }
    IndexParameters config = config_of(GetParam());
    config.ivf.nprobe = 1;
    config.hnsw.ef_search = 16;
    const VectorIndex index = written_index(config, dimension, ids_for(count), rows);
    for (const int k : {1, 10, 700, 2000}) {
        const std::vector<Neighbour> hits = index.search(std::span(rows).first(dimension), k, &filter);
        ASSERT_EQ(hits.size(), static_cast<std::size_t>(std::min(k, 1000)));
        for (const Neighbour& hit : hits) EXPECT_LT(hit.score, 0);
    }
}

// Half at once, then more and more behind it: as good as all at once, and what was there stays as it is.
TEST_P(VectorIndexKinds, ExtendedItFindsWhatOneOfAllFinds) {
    const TemporaryFolder folder;
    const std::vector<float> rows = unit_vectors(3000, dimension), queries = unit_vectors(50, dimension, 2);
    const std::vector<std::int64_t> ids = ids_for(3000);
    const IndexParameters config = config_of(GetParam());
    const auto part = [&](std::size_t first, std::size_t last) {
        return std::span(rows).subspan(first * dimension, (last - first) * dimension);
    };
    std::filesystem::path file = folder / "0.faiss";
    write_index(file, config, dimension, std::span(ids).first(1500), part(0, 1500));
    for (const std::size_t size : {1500UL, 2900UL, 2901UL, 3000UL}) {
        const std::filesystem::path base = file;
        const auto before = static_cast<std::size_t>(VectorIndex::open(base, config, dimension).size());
        file = folder / (std::to_string(size) + ".faiss");
        VectorIndex::write_extended(file, base, config, dimension,
                                    std::span(ids).subspan(before, size - before), part(before, size));
    }
    const VectorIndex index = VectorIndex::open(file, config, dimension);
    EXPECT_TRUE(std::ranges::equal(index.ids(), ids));
    int found = 0;
    for (int q = 0; q < 50; ++q) {
        const std::span<const float> query = std::span(queries).subspan(q * dimension, dimension);
        const std::vector<std::int64_t> order = exact_order(rows, query);
        const std::vector<Neighbour> hits = index.search(query, 10);
        ASSERT_EQ(hits.size(), 10U);
        for (int i = 0; i < 10; ++i)
            found += std::ranges::count(hits, ids[static_cast<std::size_t>(order[i])], &Neighbour::id);
    }
    EXPECT_GE(found / 500.0, GetParam().recall - 0.01);
}

// What index.faiss is for besides clipsim: any FAISS reads it and finds the same.
TEST_P(VectorIndexKinds, PythonsFaissFindsTheSame) {
    const char* python = std::getenv("CLIPSIM_TEST_PYTHON");
    if (python == nullptr) GTEST_SKIP() << "CLIPSIM_TEST_PYTHON names no Python with faiss";
    const TemporaryFolder folder;
    const std::vector<float> rows = unit_vectors(2000, dimension), queries = unit_vectors(20, dimension, 3);
    const IndexParameters config = config_of(GetParam());
    const std::vector<std::int64_t> row_ids = ids_for(2000);
    write_index(folder / "half.faiss", config, dimension, std::span(row_ids).first(1000),
                std::span(rows).first(1000 * dimension));
    VectorIndex::write_extended(folder / "index.faiss", folder / "half.faiss", config, dimension,
                                std::span(row_ids).subspan(1000), std::span(rows).subspan(1000 * dimension));
    const VectorIndex index = VectorIndex::open(folder / "index.faiss", config, dimension);
    write_text(folder / "queries",
               {reinterpret_cast<const char*>(queries.data()), queries.size() * sizeof(float)});
    const std::string command =
        concat("'", python, "' '", CLIPSIM_FIXTURES, "/read_faiss_index.py' '",
               (folder / "index.faiss").string(), "' '", (folder / "queries").string(), "' 1 ", dimension,
               GetParam().type == IndexType::ivf ? " 1000" : "", " > '", (folder / "ids").string(), "'");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;

    std::istringstream lines(read_text(folder / "ids"));
    for (int q = 0; q < 20; ++q) {
        std::int64_t id = -1;
        lines >> id;
        EXPECT_EQ(index.search(std::span(queries).subspan(q * dimension, dimension), 1).at(0).id, id);
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, VectorIndexKinds,
    ::testing::Values(Kind{IndexType::flat, Storage::fp32, 1.0}, Kind{IndexType::flat, Storage::fp16, 0.98},
                      Kind{IndexType::flat, Storage::int8, 0.9}, Kind{IndexType::hnsw, Storage::fp32, 0.99},
                      Kind{IndexType::hnsw, Storage::fp16, 0.98}, Kind{IndexType::hnsw, Storage::int8, 0.9},
                      Kind{IndexType::ivf, Storage::fp32, 0.999}, Kind{IndexType::ivf, Storage::fp16, 0.98},
                      Kind{IndexType::ivf, Storage::int8, 0.9}));

// Where the scale of the bytes stays, and where a larger vector comes.
TEST(VectorIndex, AnExtendedFlatFileIsTheOneOfAllToTheByte) {
    const TemporaryFolder folder;
    std::vector<float> rows = unit_vectors(300, dimension);
    const std::vector<std::int64_t> ids = ids_for(300);
    for (const Storage storage : {Storage::fp32, Storage::fp16}) {
        for (const std::size_t larger : {10UL, 250UL}) {
            const auto row = std::span(rows).subspan(larger * dimension, dimension);
            std::ranges::fill(row, 0.0F);
            row[3] = 2;
            const IndexParameters config = config_of({IndexType::flat, storage, 0});
            write_index(folder / "all.faiss", config, dimension, ids, rows);
            write_index(folder / "some.faiss", config, dimension, std::span(ids).first(200),
                        std::span(rows).first(200 * dimension));
            VectorIndex::write_extended(folder / "more.faiss", folder / "some.faiss", config, dimension,
                                        std::span(ids).subspan(200),
                                        std::span(rows).subspan(200 * dimension));
            EXPECT_EQ(read_text(folder / "more.faiss"), read_text(folder / "all.faiss")) << larger;
            rows = unit_vectors(300, dimension);
        }
    }
}

TEST(VectorIndex, AMatrixOfQueriesIsAnsweredByRowsOnAnyNumberOfThreads) {
    const std::vector<float> rows = unit_vectors(500, dimension), queries = unit_vectors(33, dimension, 2);
    for (const IndexType type : {IndexType::flat, IndexType::hnsw, IndexType::ivf}) {
        const VectorIndex index =
            written_index(config_of({type, Storage::fp32, 0}), dimension, ids_for(500), rows);
        const std::vector<std::int64_t> found = index.search_rows(queries, 4, nullptr, ThreadPool(3)).rows;
        ASSERT_EQ(found.size(), 33U * 4U);
        EXPECT_EQ(found, index.search_rows(queries, 4).rows);
        EXPECT_EQ(found, index.search_rows(queries, 4, nullptr, ThreadPool(5)).rows);
        for (std::size_t q = 0; q < 33; ++q) {
            const auto hits = index.search(std::span(queries).subspan(q * dimension, dimension), 4);
            for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(1000 + 7 * found[q * 4 + i], hits[i].id);
        }
    }
    const std::span<const float> two = std::span(rows).first(2 * dimension);
    const VectorIndex small = written_index({}, dimension, ids_for(2), two);
    EXPECT_EQ(small.search_rows(two.first(dimension), 4).rows, (std::vector<std::int64_t>{0, 1, -1, -1}));
}

TEST(VectorIndex, ASearchMayAskForOtherParametersThanTheIndexHas) {
    IndexParameters stored, wanted;
    stored.hnsw.ef_search = 64;
    stored.ivf.nprobe = 7;
    EXPECT_EQ(with_search_parameters(stored, wanted).hnsw.ef_search, 64);
    wanted.hnsw.ef_search = 200;
    EXPECT_EQ(with_search_parameters(stored, wanted).hnsw.ef_search, 200);
    EXPECT_EQ(with_search_parameters(stored, wanted).ivf.nprobe, 7);
}

TEST(VectorIndex, ScoresAreCosines) {
    const std::vector<float> rows = unit_vectors(100, dimension);
    const VectorIndex index = written_index({}, dimension, ids_for(100), rows);
    const std::vector<Neighbour> hits = index.search(std::span(rows).first(dimension), 100);
    EXPECT_EQ(hits.front().id, 1000);
    EXPECT_NEAR(hits.front().score, 1.0f, 1e-5f);
    EXPECT_LT(hits.back().score, 0.0f);
}

TEST(VectorIndex, AutoIsFlatForSmallSetsAndHnswAbove) {
    EXPECT_EQ(resolve_index_type(IndexType::automatic, 0), IndexType::flat);
    EXPECT_EQ(resolve_index_type(IndexType::automatic, 49'999), IndexType::flat);
    EXPECT_EQ(resolve_index_type(IndexType::automatic, 50'000), IndexType::hnsw);
    EXPECT_EQ(resolve_index_type(IndexType::ivf, 10), IndexType::ivf);
}

TEST(VectorIndex, AnotherDimensionIsAnError) {
    const TemporaryFolder folder;
    write_index(folder / "index.faiss", {}, dimension, ids_for(10), unit_vectors(10, dimension));
    EXPECT_THROW(VectorIndex::open(folder / "index.faiss", {}, dimension + 1), Error);
}

TEST(VectorIndex, ATruncatedFileIsAnErrorAtEveryLength) {
    const TemporaryFolder folder;
    write_index(folder / "index.faiss", {}, dimension, ids_for(20), unit_vectors(20, dimension));
    const std::string whole = read_text(folder / "index.faiss");
    for (std::size_t length = 0; length < whole.size(); length += 13) {
        write_text(folder / "cut.faiss", std::string_view(whole).substr(0, length));
        EXPECT_THROW(VectorIndex::open(folder / "cut.faiss", {}, dimension), Error) << length;
    }
}

TEST(VectorIndex, AFolderThatCannotBeIsAnError) {
    const TemporaryFolder folder;
    write_text(folder / "no", "a file");
    EXPECT_THROW(write_index(folder / "no" / "index.faiss", {}, dimension, {}, {}), Error);
}

TEST(VectorIndex, OneInMemoryIsExactAndKnowsItsIds) {
    const std::vector<float> rows = unit_vectors(100, dimension);
    const VectorIndex index = VectorIndex::exact(dimension, ids_for(100), rows);
    EXPECT_TRUE(std::ranges::equal(index.ids(), ids_for(100)));
    const std::vector<std::int64_t> order = exact_order(rows, std::span(rows).first(dimension));
    const std::vector<Neighbour> hits = index.search(std::span(rows).first(dimension), 100);
    ASSERT_EQ(hits.size(), 100U);
    for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(hits[i].id, 1000 + 7 * order[i]);
}

}  // namespace
}  // namespace clipsim::testing
