// Files that other releases of FAISS wrote: tests/fixtures/make_faiss_files.sh made them with the FAISS of
// each Debian and with Python's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "clipsim/vectors/vector_index.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

constexpr std::size_t rows = 60, dimension = 8;
const std::filesystem::path files = std::filesystem::path(CLIPSIM_FIXTURES) / "faiss_files";

// [rows, dimension], after the header of an .npy file of 128 bytes.
std::vector<float> stored_vectors() {
    const std::string bytes = read_text(files / "vectors.npy");
    std::vector<float> vectors(rows * dimension);
    EXPECT_EQ(bytes.size(), 128 + vectors.size() * sizeof(float));
    std::memcpy(vectors.data(), bytes.data() + 128, vectors.size() * sizeof(float));
    return vectors;
}

IndexParameters config_of(const std::string& name) {
    IndexParameters config;
    config.type = name.starts_with("flat")   ? IndexType::flat
                  : name.starts_with("hnsw") ? IndexType::hnsw
                                             : IndexType::ivf;
    config.storage = name.ends_with("fp32")   ? Storage::fp32
                     : name.ends_with("fp16") ? Storage::fp16
                                              : Storage::int8;
    config.hnsw.ef_search = static_cast<int>(rows);
    config.ivf.nprobe = 3;  // all lists
    return config;
}

void expect_all_found(const VectorIndex& index, const std::vector<float>& vectors) {
    ASSERT_EQ(index.size(), static_cast<std::int64_t>(rows));
    for (std::size_t row = 0; row < rows; ++row) {
        const std::span<const float> vector = std::span(vectors).subspan(row * dimension, dimension);
        const std::vector<Neighbour> hits = index.search(vector, 3);
        ASSERT_EQ(hits.size(), 3U);
        EXPECT_EQ(hits[0].id, static_cast<std::int64_t>(row) + 1);
        for (const Neighbour& hit : hits) {
            const auto other = vectors.begin() + (hit.id - 1) * static_cast<std::ptrdiff_t>(dimension);
            EXPECT_NEAR(hit.score, std::inner_product(vector.begin(), vector.end(), other, 0.0), 0.02);
        }
    }
}

class FaissFiles : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(FaissFiles, OfAnyReleaseAreOpenedAndSearched) {
    const IndexParameters config = config_of(GetParam().stem().string());
    expect_all_found(VectorIndex::open(files / GetParam(), config, dimension), stored_vectors());
}

// Such a file has no rows as bytes: they are made of what it stores.
TEST_P(FaissFiles, OfAnyReleaseAreExtended) {
    const IndexParameters config = config_of(GetParam().stem().string());
    std::vector<float> vectors = stored_vectors();
    const std::vector<float> more{vectors.rbegin(), vectors.rbegin() + dimension};
    const std::vector<std::int64_t> id{500};
    const TemporaryFolder folder;
    VectorIndex::write_extended(folder / "more.faiss", files / GetParam(), config, dimension, id, more);
    const VectorIndex index = VectorIndex::open(folder / "more.faiss", config, dimension);
    EXPECT_EQ(index.size(), static_cast<std::int64_t>(rows) + 1);
    EXPECT_EQ(index.search(more, 1).at(0).id, 500);
    for (std::size_t row = 0; row < rows; ++row) {
        const auto vector = std::span(vectors).subspan(row * dimension, dimension);
        EXPECT_EQ(index.search(vector, 1).at(0).id, static_cast<std::int64_t>(row) + 1);
    }
}

std::vector<std::filesystem::path> all_files() {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(files)) {
        if (entry.path().extension() == ".faiss") found.push_back(entry.path().lexically_relative(files));
    }
    std::ranges::sort(found);
    return found;
}

std::string name_of(const ::testing::TestParamInfo<std::filesystem::path>& file) {
    std::string name = file.param.parent_path().string() + "_" + file.param.stem().string();
    std::ranges::replace_if(
        name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(All, FaissFiles, ::testing::ValuesIn(all_files()), name_of);

// Nine kinds of each: of Debian 12's release, of Debian 13's and of Python's.
TEST(FaissReleases, OfThreeReleasesAreThere) {
    EXPECT_GE(all_files().size(), 3 * 9U);
}

}  // namespace
}  // namespace clipsim::testing
