#include "formats.h"

#include <gtest/gtest.h>

#include "archives.h"
#include "clipsim/core/error.h"

namespace clipsim::testing {
namespace {

WeightsFile read(const std::string& data_pickle, std::vector<Entry> more = {}) {
    return read_torch_archive(bytes_of(make_archive(data_pickle, std::move(more))));
}
std::string refusal(const std::string& data_pickle, std::vector<Entry> more = {}) {
    return message_of<UsageError>([&] { read(data_pickle, std::move(more)); });
}
std::string refusal_of(const TensorWords& words) {
    return refusal(pickle(dict(text("w") + tensor(words))));
}
float first_of(const StoredTensor& stored) {
    return number_at<float>(stored.bytes, 0);
}
std::string object(const std::string& name, const std::string& state) {
    return global("__torch__", name) + ")\x81" + dict(state) + "b";
}

TEST(TorchArchive, AStateDictsTensorsAreViewsOntoTheirStorages) {
    const WeightsFile file = read(pickle(dict(text("a") + tensor({}) + text("n") + integer(3) + text("b") +
                                              tensor({.offset = 4, .shape = {2}, .strides = {1}}))));
    ASSERT_EQ(file.tensors.size(), 2U);
    EXPECT_EQ(file.tensors.at("a").shape, (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(first_of(file.tensors.at("a")), 1.0F);
    EXPECT_EQ(first_of(file.tensors.at("b")), 5.0F);
    EXPECT_EQ(file.tensors.at("b").bytes.size(), 8U);
    EXPECT_FALSE(file.is_torchscript);
}

TEST(TorchArchive, ATransposedTensorKeepsItsStrides) {
    const WeightsFile file = read(pickle(dict(text("a") + tensor({.shape = {3, 2}, .strides = {1, 3}}))));
    EXPECT_EQ(file.tensors.at("a").strides, (std::vector<std::int64_t>{1, 3}));
}

TEST(TorchArchive, ParametersAndCheckpointsAreUnwrapped) {
    const std::string parameter = global("torch._utils", "_rebuild_parameter") +
                                  tuple(tensor({}) + "\x88" + global("collections", "OrderedDict") + ")R") +
                                  "R";
    const WeightsFile file =
        read(pickle(dict(text("epoch") + integer(3) + text("state_dict") +
                         dict(text("module.a") + parameter + text("module.b") + tensor({})))));
    EXPECT_EQ(file.tensors.size(), 2U);
    EXPECT_TRUE(file.contains("a"));
}

TEST(TorchArchive, ATorchScriptModulesTensorsAreNamedByTheirPlace) {
    const WeightsFile file = read(pickle(object(
        "Clip", text("training") + "\x88" + text("logit_scale") + tensor({.shape = {}, .strides = {}}) +
                    text("visual") + object("Visual", text("proj") + tensor({})))));
    EXPECT_TRUE(file.is_torchscript);
    EXPECT_TRUE(file.contains("logit_scale"));
    EXPECT_TRUE(file.contains("visual.proj"));
}

TEST(TorchArchive, CodeIsRefusedAndNotRun) {
    const std::string evil =
        pickle(dict(text("w") + global("os", "system") + tuple(text("touch /tmp/x")) + "R"));
    EXPECT_NE(refusal(evil).find("os.system"), std::string::npos) << refusal(evil);
    EXPECT_NE(refusal(evil).find("model.pt"), std::string::npos) << "the file is named";
}

TEST(TorchArchive, LiesAboutATensorAreRefusedWithItsName) {
    const std::int64_t huge = std::int64_t{1} << 40;
    for (const TensorWords& words : std::vector<TensorWords>{
             {.elements = 7},
             {.elements = -1},
             {.elements = huge},
             {.offset = 1},
             {.offset = -1},
             {.offset = INT64_MAX},
             {.shape = {2, 4}, .strides = {3, 1}},
             {.shape = {huge, huge}, .strides = {0, 0}},
             {
                 .shape = {huge, 0},
                .strides = {huge, huge},
             },
             {.shape = {-1, 2}},
             {.shape = {2, 3}, .strides = {-3, 1}},
             {.shape = {2, 3}, .strides = {INT64_MAX, 1}},
             {.shape = {100, 2}, .strides = {0, 0}},
             {.shape = {2}, .strides = {3, 1}},
             {.key = "1"},
             {.key = "../0"},
             {.storage = "torch Size"},
         }) {
        const std::string refused = refusal_of(words);
        EXPECT_NE(refused, "");
        EXPECT_TRUE(refused.find("tensor w") != std::string::npos ||
                    refused.find("lacks data/") != std::string::npos)
            << refused;
    }
}

TEST(TorchArchive, ModulesThatHoldThemselvesAreRefused) {
    const std::string loop = global("__torch__", "A") + ")\x81q\x01" + dict(text("again") + "h\x01") + "b";
    EXPECT_NE(refusal(pickle(loop)).find("without end"), std::string::npos) << refusal(pickle(loop));
}

TEST(TorchArchive, ModulesSharedEverMoreOftenAreRefused) {
    // Each holds the one before twice: 2^30 paths.
    std::string opcodes = object("A", text("w") + tensor({})) + std::string("q\x00", 2);
    for (char i = 0; i < 30; ++i) {
        const std::string before{'h', i};
        opcodes +=
            object("A", text("x") + before + text("y") + before) + 'q' + static_cast<char>(i + 1) + '0';
    }
    const std::string refused = refusal(pickle(opcodes + "h\x1e"));
    EXPECT_NE(refused.find("without end"), std::string::npos) << refused;
}

TEST(TorchArchive, WhatIsNoStateDictIsRefused) {
    EXPECT_NE(refusal(pickle("N")), "");
    EXPECT_NE(refusal(pickle("}")).find("no tensors"), std::string::npos);
    EXPECT_NE(refusal(pickle(integer(1))), "");
    EXPECT_NE(message_of<UsageError>([] {
                  read_torch_archive(bytes_of(make_zip({{"a/b", "x"}})));
              }).find("data.pkl"),
              std::string::npos);
}

TEST(TorchArchive, ACompressedStorageIsRefused) {
    const std::string refused = refusal(pickle(dict(text("w") + tensor({.key = "1"}))),
                                        {{"archive/data/1", std::string(24, 'x'), 8}});
    EXPECT_NE(refused.find("compressed"), std::string::npos) << refused;
}

TEST(TorchArchive, ABigEndianOneIsRefused) {
    const std::string refused = refusal(pickle(dict(text("w") + tensor({}))), {{"archive/byteorder", "big"}});
    EXPECT_NE(refused.find("big-endian"), std::string::npos) << refused;
}

}  // namespace
}  // namespace clipsim::testing
