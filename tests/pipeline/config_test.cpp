#include "clipsim/pipeline/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "temporary_folder.h"

namespace clipsim {
namespace {

using nlohmann::json;
using testing::TemporaryFolder;
using testing::write_text;

Config parse(const std::string& text, const std::vector<std::string>& overrides = {}) {
    return parse_config(text, "my.json", overrides);
}

// The one-line message, or "" when all was well.
std::string refusal_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
        parse(text, overrides);
    } catch (const UsageError& error) {
        std::string message = error.what();
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        EXPECT_LT(message.size(), 500U) << message;
        return message;
    }
    return "";
}

std::string refusal_of_override(const std::string& text) {
    return refusal_of("{}", {text});
}

bool has_all(const std::string& message, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
        if (message.find(part) == std::string::npos) return false;
    }
    return true;
}

TEST(Config, AnEmptyObjectIsTheDefaults) {
    EXPECT_EQ(config_to_json(parse("{}")), config_to_json(Config{}));
    EXPECT_EQ(config_to_json(load_config(std::nullopt, {})), config_to_json(Config{}));
}

TEST(Config, EveryKeyIsRead) {
    const Config config = parse(R"({
        "model": {"clip": "ViT-B-32", "projection_dim": 64, "precision": "int8"},
        "data": {"root": "photos", "split": "by_class", "val_fraction": 0.25, "seed": 7, "workers": 3, "augment": false, "max_pixels": 1000, "exclude": ["*.tmp", "!keep.tmp"]},
        "train": {"epochs": 9, "classes_per_batch": 6, "images_per_class": 2, "accumulate_batches": 3, "loss": "supcon",
                  "margin": 0.5, "mining": "batch_hard",
                  "triplet": {"soft_margin": true, "squared_distances": true, "triplets_per_anchor": 8},
                  "distance_weighted": {"cutoff": 0.4, "nonzero_loss_cutoff": 1.3},
                  "multi_similarity": {"alpha": 3, "beta": 40, "base": 0.6, "epsilon": 0.2},
                  "supcon": {"temperature": 0.07},
                  "proxy_anchor": {"margin": 0.3, "alpha": 16, "learning_rate": 0.1},
                  "cross_batch_memory": 512, "weight_decay": 0.05, "warmup": 0.2, "schedule": "linear",
                  "clip_norm": 2, "ema_decay": 0.9,
                  "amp": "fp16", "grad_checkpointing": true, "augment_views": 2, "cache_gb": 1.5,
                  "cache_dir": "tokens", "monitor": "recall_at_1", "early_stopping": 4,
                  "stage1": {"epochs": 2, "learning_rate": 0.01},
                  "stage2": {"epochs": 5, "learning_rate": 0.02, "unfreeze_blocks": 1,
                             "head_learning_rate": 0.03, "layer_decay": 0.7},
                  "regularization": {"method": "distill", "strength": 3, "alpha": 0.75}},
        "index": {"type": "hnsw", "storage": "fp16", "hnsw": {"m": 16, "ef_construction": 100, "ef_search": 50},
                  "ivf": {"nlist": 10, "nprobe": 4}, "text_search": false, "backend": "postgres",
                  "postgres": {"service": "photos", "schema": "mine", "timeout_s": 5, "machine": "nas"}},
        "search": {"top_k": 5}, "distributed": {"timeout_s": 30}, "output_dir": "out"})");
    EXPECT_EQ(config.model.clip, "ViT-B-32");
    EXPECT_EQ(config.model.projection_dim, 64);
    EXPECT_EQ(config.model.precision, Precision::int8);
    EXPECT_EQ(config.data.root, "photos");
    EXPECT_EQ(config.data.split, SplitBy::label);
    EXPECT_DOUBLE_EQ(config.data.val_fraction, 0.25);
    EXPECT_EQ(config.data.seed, 7U);
    EXPECT_EQ(config.data.workers, 3);
    EXPECT_FALSE(config.data.augment);
    EXPECT_EQ(config.data.max_pixels, 1000U);
    EXPECT_EQ(config.data.exclude, (std::vector<std::string>{"*.tmp", "!keep.tmp"}));
    EXPECT_EQ(config.train.epochs, 9);
    EXPECT_EQ(config.train.classes_per_batch, 6);
    EXPECT_EQ(config.train.images_per_class, 2);
    EXPECT_DOUBLE_EQ(config.train.margin, 0.5);
    EXPECT_EQ(config.train.mining, Mining::batch_hard);
    EXPECT_EQ(config.train.accumulate_batches, 3);
    EXPECT_EQ(config.train.loss, Loss::supcon);
    EXPECT_TRUE(config.train.triplet.soft_margin);
    EXPECT_TRUE(config.train.triplet.squared_distances);
    EXPECT_EQ(config.train.triplet.triplets_per_anchor, 8);
    EXPECT_DOUBLE_EQ(config.train.distance_weighted.cutoff, 0.4);
    EXPECT_DOUBLE_EQ(config.train.distance_weighted.nonzero_loss_cutoff, 1.3);
    EXPECT_DOUBLE_EQ(config.train.multi_similarity.alpha, 3);
    EXPECT_DOUBLE_EQ(config.train.multi_similarity.beta, 40);
    EXPECT_DOUBLE_EQ(config.train.multi_similarity.base, 0.6);
    EXPECT_DOUBLE_EQ(config.train.multi_similarity.epsilon, 0.2);
    EXPECT_DOUBLE_EQ(config.train.supcon.temperature, 0.07);
    EXPECT_DOUBLE_EQ(config.train.proxy_anchor.margin, 0.3);
    EXPECT_DOUBLE_EQ(config.train.proxy_anchor.alpha, 16);
    EXPECT_DOUBLE_EQ(config.train.proxy_anchor.learning_rate, 0.1);
    EXPECT_EQ(config.train.cross_batch_memory, 512);
    EXPECT_DOUBLE_EQ(config.train.weight_decay, 0.05);
    EXPECT_DOUBLE_EQ(config.train.warmup, 0.2);
    EXPECT_EQ(config.train.schedule, Schedule::linear);
    EXPECT_DOUBLE_EQ(config.train.clip_norm, 2);
    EXPECT_DOUBLE_EQ(config.train.ema_decay, 0.9);
    EXPECT_EQ(config.train.amp, Amp::fp16);
    EXPECT_TRUE(config.train.grad_checkpointing);
    EXPECT_EQ(config.train.cache_dir, "tokens");
    EXPECT_EQ(config.train.monitor, Monitor::recall_at_1);
    EXPECT_EQ(config.train.early_stopping, 4);
    EXPECT_EQ(config.train.stage1.epochs, 2);
    EXPECT_DOUBLE_EQ(config.train.stage1.learning_rate, 0.01);
    EXPECT_EQ(config.train.stage2.epochs, 5);
    EXPECT_DOUBLE_EQ(config.train.stage2.learning_rate, 0.02);
    EXPECT_EQ(config.train.stage2.unfreeze_blocks, 1);
    EXPECT_EQ(config.train.regularization.method, RegularizationMethod::distill);
    EXPECT_DOUBLE_EQ(config.train.regularization.strength, 3);
    EXPECT_DOUBLE_EQ(config.train.regularization.alpha, 0.75);
    EXPECT_EQ(config.train.stage2.head_learning_rate, 0.03);
    EXPECT_DOUBLE_EQ(config.train.stage2.layer_decay, 0.7);
    EXPECT_EQ(config.index.type, IndexType::hnsw);
    EXPECT_EQ(config.index.storage, Storage::fp16);
    EXPECT_EQ(config.index.hnsw.m, 16);
    EXPECT_EQ(config.index.hnsw.ef_construction, 100);
    EXPECT_EQ(config.index.hnsw.ef_search, 50);
    EXPECT_EQ(config.index.ivf.nlist, 10);
    EXPECT_EQ(config.index.ivf.nprobe, 4);
    EXPECT_FALSE(config.index.text_search);
    EXPECT_EQ(config.index.backend, IndexBackend::postgres);
    EXPECT_EQ(config.index.postgres.service, "photos");
    EXPECT_EQ(config.index.postgres.schema, "mine");
    EXPECT_EQ(config.index.postgres.timeout_s, 5);
    EXPECT_EQ(config.index.postgres.machine, "nas");
    EXPECT_EQ(config.search.top_k, 5);
    EXPECT_DOUBLE_EQ(config.distributed.timeout_s, 30);
    EXPECT_EQ(config.output_dir, "out");
    // And nothing that could be set stayed at its default.
    const json written = json(config_to_json(config)).flatten();
    const json defaults = json(config_to_json(Config{})).flatten();
    for (const auto& [path, value] : written.items()) EXPECT_NE(value, defaults[path]) << path;
}

TEST(Config, WhatIsWrittenReadsBackTheSame) {
    Config config;
    config.data.root = "caf\xC3\xA9 \"quoted\"\nline";
    config.data.seed = 9007199254740991;
    config.train.stage1.epochs = 0;
    config.train.margin = 0.1;
    const std::string text = config_to_json(config).dump();
    EXPECT_EQ(config_to_json(parse(text)).dump(), text);
}

TEST(Config, AmpMayBeTrueOrFalseToo) {
    EXPECT_EQ(parse(R"({"train": {"amp": true}})").train.amp, Amp::automatic);
    EXPECT_EQ(parse(R"({"train": {"amp": false}})").train.amp, Amp::off);
    EXPECT_EQ(parse("{}", {"train.amp=bf16"}).train.amp, Amp::bf16);
}

TEST(Config, TrainKeepIsReadAsTrainRegularization) {
    EXPECT_EQ(parse(R"({"train": {"keep": {"method": "distill"}}})", {"train.keep.alpha=0.25"})
                  .train.regularization.method,
              RegularizationMethod::distill);
    EXPECT_EQ(parse("{}", {"train.keep.alpha=0.25"}).train.regularization.alpha, 0.25);
}

TEST(Config, CommentsAndASchemaKeyAreAllowed) {
    const Config config = parse(
        "// what this is for\n{\"$schema\": \"schema.json\", /* how long */ \"train\": {\"epochs\": 3 // "
        "few\n}}");
    EXPECT_EQ(config.train.epochs, 3);
    EXPECT_NE(refusal_of(R"({"train": {"$schema": "x"}})"), "");
}

TEST(Config, AnUnknownKeyIsNamedWithTheNearestKnownOne) {
    EXPECT_TRUE(
        has_all(refusal_of(R"({"train": {"epoch": 3}})"), {"train.epoch", "my.json", "\"train.epochs\""}));
    EXPECT_TRUE(has_all(refusal_of(R"({"index": {"hnsw": {"efsearch": 3}}})"), {"index.hnsw.ef_search"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"outputdir": "x"})"), {"\"output_dir\""}));
    EXPECT_TRUE(has_all(refusal_of(R"({"colour": "red"})"), {"colour", "unknown key"}));
}

TEST(Config, AnUnknownSectionIsNamedWithTheNearestKnownOne) {
    EXPECT_TRUE(has_all(refusal_of(R"({"trian": {"epochs": 3}})"), {"\"trian\"", "\"train\""}));
    EXPECT_TRUE(has_all(refusal_of(R"({"train": {"stage3": {}}})"), {"train.stage3", "\"train.stage"}));
}

TEST(Config, AKeyInTheWrongSectionIsShownItsPlace) {
    EXPECT_TRUE(has_all(refusal_of(R"({"epochs": 3})"), {"\"epochs\"", "\"train.epochs\""}));
    EXPECT_TRUE(has_all(refusal_of(R"({"data": {"margin": 0.3}})"), {"\"train.margin\""}));
}

TEST(Config, AWrongTypeIsNamedWithWhatWasExpected) {
    EXPECT_TRUE(has_all(refusal_of(R"({"train": {"epochs": "three"}})"),
                        {"train.epochs", "my.json", "whole number", "\"three\""}));
    EXPECT_TRUE(
        has_all(refusal_of(R"({"train": {"epochs": 3.5}})"), {"train.epochs", "whole number", "3.5"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"train": {"epochs": null}})"), {"train.epochs", "null"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"train": {"amp": 1}})"), {"train.amp", "bf16", "true, false"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"train": {"grad_checkpointing": 1}})"), {"true or false"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"train": {"mining": true}})"), {"train.mining", "batch_hard"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"train": {"margin": [0.2]}})"), {"train.margin", "a number"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"data": {"root": 3}})"), {"data.root", "text"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"data": {"root": ""}})"), {"data.root", "text"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"train": 3})"), {"train", "object"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"search": {"top_k": {"k": 1}}})"), {"search.top_k", "whole number"}));
    EXPECT_TRUE(has_all(refusal_of("[1, 2]"), {"my.json", "object"}));
    EXPECT_TRUE(has_all(refusal_of("null"), {"my.json", "object"}));
}

TEST(Config, AValueOutOfRangeIsNamedWithTheRange) {
    EXPECT_TRUE(has_all(refusal_of(R"({"train": {"margin": -0.1}})"), {"train.margin", "0", "2", "-0.1"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"data": {"val_fraction": 1}})"), {"data.val_fraction", "0.9"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"search": {"top_k": 0}})"), {"search.top_k", "1"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"data": {"seed": -1}})"), {"data.seed"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"data": {"seed": 18446744073709551615}})"), {"data.seed"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"train": {"epochs": 5000000000}})"), {"train.epochs"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"train": {"margin": 1e999}})"), {"my.json"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"train": {"mining": "hardest"}})"),
                        {"train.mining", "semi_hard", "batch_hard", "hardest"}));
    EXPECT_EQ(parse(R"({"data": {"val_fraction": 0.9}, "train": {"margin": 2}})").train.margin, 2);
}

TEST(Config, AllOfItIsCheckedBeforeAnything) {
    const std::string message =
        refusal_of(R"({"train": {"epoch": 3, "margin": 9}, "search": {"top_k": -1}})");
    EXPECT_TRUE(has_all(message, {"train.epoch\"", "train.margin", "search.top_k"})) << message;
    std::string many;
    for (int i = 0; i < 9; ++i) many += concat(i == 0 ? "" : ", ", "\"key", i, "\": 1");
    EXPECT_TRUE(has_all(refusal_of(concat("{", many, "}")), {"key0", "key5", "(and 3 more problems)"}));
}

TEST(Config, BadJsonIsNamedWithLineAndColumn) {
    EXPECT_TRUE(has_all(refusal_of("{\n  \"train\": {\"epochs\": 3,}\n}"),
                        {"my.json", "line 2", "column"}));  // trailing comma
    EXPECT_TRUE(has_all(refusal_of("{\"train\": "), {"my.json", "line 1"}));
    EXPECT_TRUE(has_all(refusal_of(""), {"my.json", "line 1"}));
    EXPECT_TRUE(has_all(refusal_of("{} {}"), {"my.json", "line 1"}));
    EXPECT_TRUE(has_all(refusal_of("{'train': 1}"), {"my.json", "line 1"}));
    EXPECT_TRUE(
        has_all(refusal_of("{\"data\":\n {\"root\": \"caf\xE9\"}}"), {"my.json", "line 2", "not UTF-8"}));
    EXPECT_TRUE(has_all(refusal_of("{\"data\": {\"root\": \"two\nlines\"}}"), {"my.json", "line"}));
    EXPECT_TRUE(has_all(refusal_of(std::string("{\"a\0b\": 1}", 10)), {"my.json"}));
}

TEST(Config, AKeyThatStandsTwiceIsRefused) {
    EXPECT_TRUE(
        has_all(refusal_of(R"({"train": {"epochs": 3, "margin": 0.1, "epochs": 4}})"), {"epochs", "twice"}));
    EXPECT_EQ(refusal_of(R"({"train": {"stage1": {"epochs": 3}, "stage2": {"epochs": 3}}})"), "");
}

TEST(Config, StrangeKeysAndValuesStayOnOneShortLine) {
    EXPECT_TRUE(has_all(refusal_of(R"({"new\nline\u001b[31m": 1})"), {"new\\nline\\x1B"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"a\nb": 1, "a\nb": 2})"), {"a\\nb", "twice"}));
    EXPECT_NE(refusal_of("{\"" + std::string(10'000, 'k') + "\": 1}"), "");
    EXPECT_NE(refusal_of("{\"train\": {\"epochs\": \"" + std::string(10'000, 'v') + "\"}}"), "");
}

TEST(Config, NestingWithoutEndIsRefused) {
    EXPECT_TRUE(has_all(refusal_of(std::string(500'000, '[')), {"my.json", "deep"}));
    std::string objects = R"({"train": )";
    for (int i = 0; i < 50'000; ++i) objects += R"({"a":)";
    EXPECT_TRUE(has_all(refusal_of(objects), {"my.json", "deep"}));
    EXPECT_TRUE(has_all(refusal_of(R"({"train": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]})"), {"deep"}));
}

TEST(Config, AHugeFileIsRefusedUnread) {
    const TemporaryFolder folder;
    write_text(folder / "huge.json", "{}");
    std::filesystem::resize_file(folder / "huge.json", 100'000'000);
    EXPECT_THROW(load_config(folder / "huge.json", {}), UsageError);
    const std::string huge(std::size_t{100} << 20, '[');
    EXPECT_TRUE(has_all(refusal_of(huge), {"my.json", "larger"}));
}

TEST(Config, AFileThatIsNotThereIsNamed) {
    const TemporaryFolder folder;
    try {
        load_config(folder / "absent.json", {});
        ADD_FAILURE() << "no error";
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("absent.json"), std::string::npos);
    }
    write_text(folder / "a.json", R"({"train": {"epochs": 1}})");
    EXPECT_EQ(load_config(folder / "a.json", {}).train.epochs, 1);
}

TEST(ConfigOverride, SetsOneKeyOverTheFile) {
    const Config config = parse(
        R"({"train": {"epochs": 3, "margin": 0.3}})",
        {"train.epochs=4", "train.epochs=5", "train.mining=all", "train.amp=false", "data.root=my photos",
         "model.clip=32", "output_dir=\"quoted\"", "train.stage1.epochs=null", "train.margin=1e-1"});
    EXPECT_EQ(config.train.epochs, 5);
    EXPECT_EQ(config.train.mining, Mining::all);
    EXPECT_EQ(config.train.amp, Amp::off);
    EXPECT_EQ(config.data.root, "my photos");
    EXPECT_EQ(config.model.clip, "32");  // a text, although it reads as a number
    EXPECT_EQ(config.output_dir, "quoted");
    EXPECT_EQ(config.train.stage1.epochs, std::nullopt);
    EXPECT_DOUBLE_EQ(config.train.margin, 0.1);
    EXPECT_EQ(parse("{}", {"data.root=a=b"}).data.root, "a=b");
}

TEST(ConfigOverride, IsCheckedLikeTheFile) {
    EXPECT_TRUE(has_all(refusal_of_override("train.epoch=3"), {"train.epoch", "--set", "\"train.epochs\""}));
    EXPECT_TRUE(
        has_all(refusal_of_override("train.epochs=many"), {"train.epochs", "--set", "whole number", "many"}));
    EXPECT_TRUE(has_all(refusal_of_override("train.epochs="), {"train.epochs", "whole number"}));
    EXPECT_TRUE(has_all(refusal_of_override("train.margin=3"), {"train.margin", "2"}));
    EXPECT_TRUE(has_all(refusal_of_override("train.margin=1e999"), {"train.margin"}));
    EXPECT_TRUE(has_all(refusal_of_override("data.root="), {"data.root"}));
    EXPECT_TRUE(has_all(refusal_of_override("train={\"epochs\": 3}"), {"train", "section"}));
    EXPECT_TRUE(has_all(refusal_of_override("train.stage1=3"), {"train.stage1", "section"}));
    EXPECT_TRUE(has_all(refusal_of_override("train.epochs"), {"train.epochs", "KEY=VALUE"}));
    EXPECT_TRUE(has_all(refusal_of_override("=3"), {"KEY=VALUE"}));
    EXPECT_TRUE(has_all(refusal_of_override(""), {"KEY=VALUE"}));
    EXPECT_TRUE(has_all(refusal_of_override("new\nline"), {"new\\nline"}));
    EXPECT_TRUE(has_all(refusal_of_override("a\nb=1"), {"a\\nb"}));
    EXPECT_NE(refusal_of_override("train.epochs=" + std::string(130'000, '[')), "");
    EXPECT_NE(refusal_of_override("train.epochs=" + std::string(60'000, '[') + std::string(60'000, ']')), "");
}

TEST(ConfigSchema, DescribesEveryKeyWithItsDefault) {
    const json schema = config_schema(), defaults = config_to_json(Config{}), flat = defaults.flatten();
    for (const auto& [path, unused] : flat.items()) {
        const json& value = defaults.at(json::json_pointer(path));  // in `flat` an empty list is null
        std::string place;  // "/train/epochs" -> "/properties/train/properties/epochs"
        for (const char c : path) place += c == '/' ? "/properties/" : std::string(1, c);
        const json key = schema.value(json::json_pointer(place), json{});
        ASSERT_TRUE(key.is_object()) << path;
        EXPECT_EQ(key.value("default", json("none")), value) << path;
        EXPECT_NE(key.value("description", ""), "") << path;
    }
    EXPECT_EQ(schema.value("additionalProperties", true), false);
    EXPECT_EQ(schema.at("properties").at("train").value("additionalProperties", true), false);
}

// The committed files are written by `clipsim` itself; they must not fall behind the table of keys.
TEST(ConfigFiles, TheCommittedSchemaIsTheProgramsOwn) {
    const std::string text =
        testing::read_text(std::filesystem::path(CLIPSIM_SOURCE_DIR) / "configs" / "schema.json");
    EXPECT_EQ(json::parse(text, nullptr, false), json(config_schema()))
        << "configs/schema.json is out of date";
}

TEST(ConfigFiles, TheCommittedDefaultsAreTheProgramsOwn) {
    const auto file = std::filesystem::path(CLIPSIM_SOURCE_DIR) / "configs" / "default.json";
    EXPECT_EQ(config_to_json(load_config(file, {})), config_to_json(Config{}));
    json written = json::parse(testing::read_text(file), nullptr, true, true);
    written.erase("$schema");
    EXPECT_EQ(written, json(config_to_json(Config{}))) << "configs/default.json does not show every key";
}

TEST(ConfigNames, AreThoseOfTheConfig) {
    EXPECT_EQ(to_string(Precision::automatic), "auto");
    EXPECT_EQ(to_string(Mining::semi_hard), "semi_hard");
    EXPECT_EQ(to_string(IndexType::ivf), "ivf");
    EXPECT_EQ(to_string(Storage::int8), "int8");
}

}  // namespace
}  // namespace clipsim
