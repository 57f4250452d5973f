#include "clipsim/pipeline/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

// The bytes that numpy.save writes for np.array([[1, 2, 3], [4, 5, 6]], dtype="<f4").
TEST(Npy, EqualsWhatNumpyWrites) {
    TemporaryFolder folder;
    const std::vector<float> values{1, 2, 3, 4, 5, 6};
    write_npy(folder / "m.npy", values, 2, 3);
    std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
    expected += "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    expected.append(127 - expected.size(), ' ');
    expected += '\n';
    expected.append(reinterpret_cast<const char*>(values.data()), 24);
    EXPECT_EQ(read_text(folder / "m.npy"), expected);
}

TEST(Npy, AnEmptyMatrixIsAHeader) {
    TemporaryFolder folder;
    write_npy(folder / "m.npy", {}, 0, 128);
    EXPECT_EQ(std::filesystem::file_size(folder / "m.npy"), 128U);
}

}  // namespace
}  // namespace clipsim::testing
