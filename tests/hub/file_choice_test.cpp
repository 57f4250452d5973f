#include "file_choice.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"

namespace clipsim::testing {
namespace {

using Names = std::vector<std::string>;

Names chosen(const Names& names) {
    return choose_files(names, "owner/name").files;
}

TEST(FileChoice, PrefersSafetensorsOfAHuggingFaceFolder) {
    const Names all{"README.md",
                    "config.json",
                    "model.safetensors",
                    "pytorch_model.bin",
                    "tf_model.h5",
                    "open_clip_config.json",
                    "open_clip_model.safetensors",
                    "tokenizer.json",
                    "vocab.json",
                    "merges.txt",
                    "preprocessor_config.json",
                    "onnx/model.onnx"};
    EXPECT_EQ(chosen(all), (Names{"config.json", "preprocessor_config.json", "tokenizer.json", "vocab.json",
                                  "merges.txt", "model.safetensors"}));
}

TEST(FileChoice, TakesOpenClipsFilesWhereThereAreNoOthers) {
    EXPECT_EQ(chosen({"open_clip_config.json", "open_clip_model.safetensors", "open_clip_pytorch_model.bin"}),
              (Names{"open_clip_config.json", "open_clip_model.safetensors"}));
    EXPECT_EQ(
        chosen({"open_clip_config.json", "open_clip_pytorch_model.bin", "config.json", "pytorch_model.bin"}),
        (Names{"open_clip_config.json", "open_clip_pytorch_model.bin"}));
}

TEST(FileChoice, TakesAPickleWhereThereIsNothingElse) {
    EXPECT_EQ(chosen({"config.json", "pytorch_model.bin"}), (Names{"config.json", "pytorch_model.bin"}));
}

TEST(FileChoice, LeavesShardsToTheIndex) {
    const FileChoice choice =
        choose_files(Names{"config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors"},
                     "owner/name");
    EXPECT_EQ(choice.shard_index, "model.safetensors.index.json");
    EXPECT_EQ(choice.files, (Names{"config.json", "model.safetensors.index.json"}));
}

TEST(FileChoice, OfARepositoryWithoutAModelIsAnError) {
    for (const Names& names :
         {Names{}, Names{"README.md"}, Names{"model.safetensors"}, Names{"config.json", "x.gguf"}})
        EXPECT_THROW(chosen(names), UsageError);
}

TEST(Shards, AreNamedOnceEach) {
    EXPECT_EQ(
        shards_of(R"({"weight_map": {"a": "2.safetensors", "b": "1.safetensors", "c": "2.safetensors"}})",
                  "o/n"),
        (Names{"1.safetensors", "2.safetensors"}));
}

TEST(Shards, OfAHostileIndexAreAnError) {
    for (const char* index :
         {"", "[]", "{", "{}", R"({"weight_map": []})", R"({"weight_map": {}})",
          R"({"weight_map": {"a": 1}})", R"({"weight_map": {"a": "../x.safetensors"}})",
          R"({"weight_map": {"a": "/x.safetensors"}})", R"({"weight_map": {"a": "a\\b.safetensors"}})",
          R"({"weight_map": {"a": "a\u0000b.safetensors"}})", R"({"weight_map": {"a": "model.bin"}})"}) {
        EXPECT_THROW(shards_of(index, "o/n"), Error) << index;
    }
}

TEST(FileChoice, TakesTheProcessorConfigOfTransformers5) {
    EXPECT_EQ(chosen({"config.json", "model.safetensors", "processor_config.json"}),
              (Names{"config.json", "processor_config.json", "model.safetensors"}));
}

}  // namespace
}  // namespace clipsim::testing
