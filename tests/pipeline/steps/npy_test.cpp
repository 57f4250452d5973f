#include "clipsim/pipeline/steps/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/files/own_output.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

// The bytes that numpy.save writes for np.array([[1, 2, 3], [4, 5, 6]], dtype="<f4"), but for a tab in place
// of the last blank.
TEST(Npy, EqualsWhatNumpyWritesButForAMark) {
    TemporaryFolder folder;
    const std::vector<float> values{1, 2, 3, 4, 5, 6};
    write_npy(folder / "m.npy", values, 2, 3);
    std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
    expected += "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    expected.append(126 - expected.size(), ' ');
    expected += "\t\n";
    expected.append(reinterpret_cast<const char*>(values.data()), 24);
    EXPECT_EQ(read_text(folder / "m.npy"), expected);
    EXPECT_TRUE(is_own_output(folder / "m.npy"));
    expected[126] = ' ';
    write_text(folder / "m.npy", expected);
    EXPECT_FALSE(is_own_output(folder / "m.npy")) << "NumPy's";
}

TEST(Npy, AnEmptyMatrixIsAHeader) {
    TemporaryFolder folder;
    write_npy(folder / "m.npy", std::vector<float>{}, 0, 128);
    EXPECT_EQ(std::filesystem::file_size(folder / "m.npy"), 128U);
}

std::string npy(const std::string& header, const std::string& data, char version = 1) {
    std::string text("\x93NUMPY", 6);
    text += version;
    text += '\0';
    text += static_cast<char>(header.size());
    text += std::string(version == 1 ? 1 : 3, '\0');
    return text + header + data;
}

TEST(Npy, ReadsWhatItWroteAndHalves) {
    TemporaryFolder folder;
    const std::vector<float> values{1, -2, 0.5, 4, 5, 6};
    write_npy(folder / "m.npy", values, 2, 3);
    const FloatMatrix matrix = read_npy(folder / "m.npy");
    EXPECT_EQ(matrix.values, values);
    EXPECT_EQ(matrix.rows, 2U);
    EXPECT_EQ(matrix.columns, 3U);

    // 1, -2, the smallest half, the largest.
    const std::string halves("\x00\x3c\x00\xc0\x01\x00\xff\x7b", 8);
    for (const char version : {1, 2}) {
        write_text(folder / "h.npy",
                   npy("{'descr': '<f2', 'fortran_order': False, 'shape': (2, 2), }\n", halves, version));
        EXPECT_EQ(read_npy(folder / "h.npy").values, (std::vector<float>{1, -2, 0x1p-24F, 65504}));
    }
}

TEST(Npy, WritesRowIdsAsInt64) {
    TemporaryFolder folder;
    write_npy(folder / "i.npy", std::vector<std::int64_t>{7, -1}, 1, 2);
    const std::string text = read_text(folder / "i.npy");
    EXPECT_NE(text.find("'descr': '<i8'"), std::string::npos);
    EXPECT_EQ(text.substr(128), std::string("\7\0\0\0\0\0\0\0", 8) + std::string(8, '\xff'));
}

TEST(Npy, WhatIsNoFloatMatrixIsRefused) {
    TemporaryFolder folder;
    const std::vector<std::pair<std::string, std::string>> bad{
        {"", "not a .npy file"},
        {"PK\3\4 a zip file", "not a .npy file"},
        {npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }", "12345678"), "<f8"},
        {npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", "1234"), "Fortran"},
        {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "1234"), "matrix"},
        {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1), }", "1234"), "matrix"},
        {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", "1234"), "cut off"},
        {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }", ""),
         "matrix"},
        {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4), }", "1234"), "matrix"},
        {npy("nothing", ""), "float32"},
        {npy("{'descr': '<f4'", "").substr(0, 12), "cut off"}};
    for (const auto& [content, reason] : bad) {
        write_text(folder / "m.npy", content);
        try {
            read_npy(folder / "m.npy");
            ADD_FAILURE() << content;
        } catch (const UsageError& error) {
            EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
        }
    }
    EXPECT_THROW(read_npy(folder / "none.npy"), UsageError);
}

}  // namespace
}  // namespace clipsim::testing
