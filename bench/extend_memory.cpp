// The memory that an update of index.faiss takes which adds to it: the peak resident memory (VmHWM) of a
// process that adds 1,000 rows to an HNSW index of 100,000 random unit vectors of 128 dimensions.
//     cmake --preset release -DCLIPSIM_BUILD_BENCH=ON && cmake --build --preset release --target
//     clipsim_extend_memory && build/release/bin/clipsim_extend_memory
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <numeric>
#include <string>

#include "temporary_folder.h"
#include "vectors/unit_vectors.h"
#include "vectors/written_index.h"

namespace {

using namespace clipsim;

constexpr int dimension = 128;
constexpr std::size_t rows = 100'000, added = 1'000;

std::vector<std::int64_t> numbers(std::size_t count, std::int64_t first) {
    std::vector<std::int64_t> ids(count);
    std::iota(ids.begin(), ids.end(), first);
    return ids;
}

}  // namespace

int main() {
    const testing::TemporaryFolder folder;
    IndexParameters config;
    config.type = IndexType::hnsw;
    if (::fork() == 0) {  // its memory is not the update's
        testing::write_index(folder / "base.faiss", config, dimension, numbers(rows, 1),
                             testing::unit_vectors(rows, dimension));
        std::_Exit(0);
    }
    ::wait(nullptr);
    const std::vector<float> vectors = testing::unit_vectors(added, dimension, 2);
    VectorIndex::write_extended(folder / "more.faiss", folder / "base.faiss", config, dimension,
                                numbers(added, rows + 1), vectors);
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM")) std::cout << line << '\n';
    }
    return VectorIndex::open(folder / "more.faiss", config, dimension).size() == rows + added ? 0 : 1;
}
