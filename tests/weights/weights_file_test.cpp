#include "clipsim/weights/weights_file.h"

#include <gtest/gtest.h>

#include "archives.h"
#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class ShardedWeights : public ::testing::Test {
  protected:
    std::string refusal(const std::string& weight_map) const {
        const std::filesystem::path index = folder_ / "model.safetensors.index.json";
        write_text(index, R"({"weight_map": )" + weight_map + "}");
        return message_of<UsageError>([&] { read_weights(index); });
    }
    void write_shard(const std::string& name) const {
        const std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
        write_text(folder_ / name,
                   little_endian(static_cast<std::uint64_t>(header.size())) + header + "1234");
    }
    TemporaryFolder folder_;
};

TEST_F(ShardedWeights, EachTensorComesFromTheFileTheIndexNames) {
    write_shard("one.safetensors");
    EXPECT_EQ(refusal(R"({"a": "one.safetensors"})"), "");
    const WeightsFile file = read_weights(folder_ / "model.safetensors.index.json");
    EXPECT_EQ(file.tensors.size(), 1U);
    EXPECT_EQ(file.files.size(), 2U) << "the index, and its one file";
}

TEST_F(ShardedWeights, FilesElsewhereMissingFilesAndMissingTensorsAreRefused) {
    write_shard("one.safetensors");
    for (const char* map : {R"({"a": "../one.safetensors"})", R"({"a": "/etc/passwd"})", R"({"a": ".."})",
                            R"({"a": "model.safetensors.index.json"})", R"({"a": "none.safetensors"})",
                            R"({"b": "one.safetensors"})", R"({"a": 3})", "{}", "[]"}) {
        EXPECT_NE(refusal(map), "") << map;
    }
}

TEST(WeightsFile, AFileOfAnotherKindIsRefused) {
    const TemporaryFolder folder;
    for (const std::string bytes : {"", "x", "\x80\x02.", "not weights at all", "PK\x03\x04"}) {
        write_text(folder / "file.pt", bytes);
        EXPECT_NE(message_of<UsageError>([&] { read_weights(folder / "file.pt"); }).find("file.pt"),
                  std::string::npos);
    }
    write_text(folder / "noise.pt", "not weights at all");
    EXPECT_NE(message_of<UsageError>([&] { read_weights(folder / "noise.pt"); }).find("neither an archive"),
              std::string::npos);
    EXPECT_NE(message_of<UsageError>([&] { read_weights(folder / "none.pt"); }), "");
    EXPECT_NE(message_of<UsageError>([&] { read_weights(folder.path()); }), "");
}

TEST(WeightsFile, AGitLfsPointerIsCalledThat) {
    const TemporaryFolder folder;
    for (const char* name : {"model.safetensors", "model.pt", "model.safetensors.index.json"}) {
        write_text(folder / name, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
        const std::string message = message_of<UsageError>([&] { read_weights(folder / name); });
        EXPECT_NE(message.find(std::string(name) + " is a Git LFS pointer"), std::string::npos) << message;
    }
}

}  // namespace
}  // namespace clipsim::testing
