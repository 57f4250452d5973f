#include "clipsim/model/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "clipsim/core/error.h"
#include "model/model_fixtures.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class Safetensors : public ::testing::Test {
  protected:
    // A file with this header and so many bytes of data.
    std::filesystem::path write(const std::string& header, std::size_t data_bytes) const {
        return write(header, data_bytes, header.size());
    }
    std::filesystem::path write(const std::string& header, std::size_t data_bytes,
                                std::uint64_t stated_size) const {
        std::string bytes(8, '\0');
        std::memcpy(bytes.data(), &stated_size, 8);
        write_text(file_, bytes + header + std::string(data_bytes, '\x01'));
        return file_;
    }
    std::string refusal(const std::string& header, std::size_t data_bytes) const {
        return message_of<UsageError>([&] { SafetensorsFile(write(header, data_bytes)); });
    }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_ / "model.safetensors";
};

TEST_F(Safetensors, WhatIsWrittenComesBack) {
    const std::map<std::string, torch::Tensor> tensors{
        {"a", torch::randn({3, 4})},
        {"half", torch::randn({5}).to(torch::kFloat16)},
        {"bf", torch::randn({2, 2}).to(torch::kBFloat16)},
        {"n", torch::arange(6)},
        {"flag", torch::tensor({true, false})},
        {"none", torch::empty({0, 3})},
        {"scalar", torch::tensor(2.5)},
    };
    write_safetensors(file_, tensors, {{"format", "pt"}, {"odd \"key\"", "new\nline"}});
    const SafetensorsFile read(file_);
    EXPECT_EQ(read.names().size(), tensors.size());
    for (const auto& [name, tensor] : tensors) {
        EXPECT_EQ(read.tensor(name).scalar_type(), tensor.scalar_type()) << name;
        EXPECT_TRUE(torch::equal(read.tensor(name), tensor)) << name;
    }
    EXPECT_EQ(read.metadata().at("odd \"key\""), "new\nline");
}

TEST_F(Safetensors, TensorsAreViewsOntoTheFileThatOutliveTheReader) {
    write_safetensors(file_, {{"a", torch::arange(1000, torch::kFloat32)}, {"b", torch::ones({4})}}, {});
    torch::Tensor a, b;
    {
        const SafetensorsFile read(file_);
        a = read.tensor("a");
        b = read.tensor("b");
        EXPECT_EQ(read.tensor("a").data_ptr(), a.data_ptr()) << "mapped, not copied";
    }
    EXPECT_EQ(static_cast<char*>(b.data_ptr()) - static_cast<char*>(a.data_ptr()), 4000);
    EXPECT_EQ(a.sum().item<float>(), 499500.0f);
}

TEST_F(Safetensors, AMissingTensorAndAnotherShapeAreNamed) {
    write_safetensors(file_, {{"a", torch::ones({2, 3})}}, {});
    const SafetensorsFile read(file_);
    EXPECT_NE(message_of<UsageError>([&] { read.tensor("b"); }).find("b is missing"), std::string::npos);
    const std::string shape = message_of<UsageError>([&] { read.tensor("a", {3, 2}); });
    EXPECT_NE(shape.find("tensor a has the shape [2, 3], expected [3, 2]"), std::string::npos) << shape;
}

TEST_F(Safetensors, ATruncatedFileIsRefusedAtEveryLength) {
    write_safetensors(file_, {{"a", torch::ones({2, 3})}, {"b", torch::ones({4})}}, {});
    const std::string whole = read_text(file_);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        write_text(file_, std::string_view(whole).substr(0, length));
        EXPECT_NE(message_of<UsageError>([&] { const SafetensorsFile read(file_); }), "") << length;
    }
}

TEST_F(Safetensors, LiesAboutOffsetsAreRefusedWithTheTensorsName) {
    EXPECT_NE(refusal(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})", 8).find("tensor w"),
              std::string::npos);
    EXPECT_NE(refusal(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[0,12]}})", 16), "");
    EXPECT_NE(refusal(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}})", 16), "");
    EXPECT_NE(refusal(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}})", 16), "");
    EXPECT_NE(refusal(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[18446744073709551600,16]}})", 16),
              "");
    EXPECT_NE(refusal(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[0]}})", 16), "");
    EXPECT_NE(refusal(R"({"w":{"dtype":"F32","shape":[4]}})", 16), "");
}

TEST_F(Safetensors, OverlappingTensorsAreBothNamed) {
    const std::string refused = refusal(
        R"({"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
        12);
    EXPECT_NE(refused.find("tensors v and w overlap"), std::string::npos) << refused;
}

TEST_F(Safetensors, ShapesThatOverflowAreRefused) {
    EXPECT_NE(
        refusal(R"({"w":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,0]}})", 0),
        "");
    EXPECT_NE(refusal(R"({"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}})", 0), "");
    EXPECT_NE(refusal(R"({"w":{"dtype":"F32","shape":"big","data_offsets":[0,0]}})", 0), "");
}

TEST_F(Safetensors, AnUnknownDtypeIsRefused) {
    EXPECT_NE(refusal(R"({"w":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1).find("F8_E4M3"),
              std::string::npos);
}

TEST_F(Safetensors, AHugeStatedHeaderIsRefusedWithoutReadingIt) {
    for (const std::uint64_t size :
         {std::uint64_t{3}, std::uint64_t{100}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        EXPECT_NE(message_of<UsageError>([&] { const SafetensorsFile read(write("{}", 4, size)); }), "")
            << size;
    }
}

TEST_F(Safetensors, AHeaderThatIsNoJsonObjectIsRefused) {
    EXPECT_NE(refusal("not json", 0), "");
    EXPECT_NE(refusal("[1,2]", 0), "");
    EXPECT_NE(refusal(R"({"w": 3})", 0), "");
    EXPECT_NE(refusal(std::string(1'000'000, '['), 0), "") << "deep nesting";
}

TEST_F(Safetensors, AFolderOrNothingIsRefused) {
    EXPECT_NE(message_of<UsageError>([&] { const SafetensorsFile read(folder_.path()); }), "");
    EXPECT_NE(message_of<UsageError>([&] { const SafetensorsFile read(folder_ / "none"); }).find("none"),
              std::string::npos);
}

}  // namespace
}  // namespace clipsim::testing
