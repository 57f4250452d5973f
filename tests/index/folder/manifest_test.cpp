#include "clipsim/index/folder/manifest.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

Manifest sample() {
    Manifest manifest;
    manifest.identity = {"clip-nano + best_model", "0123456789abcdef", 128};
    manifest.parameters.type = IndexType::hnsw;
    manifest.parameters.storage = Storage::fp16;
    manifest.parameters.hnsw.m = 24;
    manifest.images = manifest.vectors = 60'000;
    manifest.generation = 77;
    manifest.last_id = 60'123;
    manifest.built_from = 50'000;
    manifest.image_checksum = {"feed", 70, 1234567890123456789};
    return manifest;
}

TEST(Manifest, ComesBackAsItWasWritten) {
    const TemporaryFolder folder;
    write_manifest(folder / "manifest.json", sample());
    const Manifest read = read_manifest(folder / "manifest.json");
    EXPECT_EQ(read.schema_version, 3);
    EXPECT_EQ(read.last_id, 60'123);
    EXPECT_EQ(read.built_from, 50'000);
    EXPECT_EQ(read.identity.model_id, "clip-nano + best_model");
    EXPECT_EQ(read.identity.model_hash, "0123456789abcdef");
    EXPECT_EQ(read.identity.dimension, 128);
    EXPECT_EQ(read.metric, "cosine");
    EXPECT_EQ(read.parameters.type, IndexType::hnsw);
    EXPECT_EQ(read.parameters.storage, Storage::fp16);
    EXPECT_EQ(read.parameters.hnsw.m, 24);
    EXPECT_EQ(read.images, 60'000);
    EXPECT_EQ(read.vectors, 60'000);
    EXPECT_EQ(read.generation, 77U);
    EXPECT_EQ(read.image_checksum.hash, "feed");
    EXPECT_EQ(read.image_checksum.stamp.size, 70U);
    EXPECT_EQ(read.image_checksum.stamp.mtime_ns, 1234567890123456789);
}

TEST(Manifest, KeepsWhatBelongsToTheJointSpace) {
    const TemporaryFolder folder;
    Manifest manifest = sample();
    write_manifest(folder / "manifest.json", manifest);
    EXPECT_EQ(read_manifest(folder / "manifest.json").identity.text_dimension, 0);
    manifest.identity.text_dimension = 512;
    manifest.text_checksum.hash = "beef";
    write_manifest(folder / "manifest.json", manifest);
    const Manifest read = read_manifest(folder / "manifest.json");
    EXPECT_EQ(read.identity.text_dimension, 512);
    EXPECT_EQ(read.text_checksum.hash, "beef");
}

TEST(Manifest, OfAnEarlierVersionIsRead) {
    const TemporaryFolder folder;
    write_manifest(folder / "manifest.json", sample());
    const std::string newest = read_text(folder / "manifest.json");
    for (const char* version : {"1", "2"}) {
        std::string text = newest;
        const std::string key = "\"schema_version\": ";
        text.replace(text.find(key), key.size() + 1, key + version);
        for (const std::string added : {"  \"last_id\"", "  \"built_from\""})
            text.erase(text.find(added), text.find('\n', text.find(added)) + 1 - text.find(added));
        write_text(folder / "manifest.json", text);
        const Manifest read = read_manifest(folder / "manifest.json");
        EXPECT_EQ(read.identity.dimension, 128);
        EXPECT_EQ(read.last_id, -1);
        EXPECT_EQ(read.built_from, read.vectors);
    }
}

TEST(Manifest, AModelNameThatIsNoUtf8CanBeWritten) {
    const TemporaryFolder folder;
    Manifest manifest = sample();
    manifest.identity.model_id = "caf\xe9";
    write_manifest(folder / "manifest.json", manifest);
    EXPECT_EQ(read_manifest(folder / "manifest.json").identity.dimension, 128);
}

TEST(Manifest, MissingDamagedOrIncompleteSaysToIndexAgain) {
    const TemporaryFolder folder;
    write_manifest(folder / "good.json", sample());
    const std::string good = read_text(folder / "good.json");
    for (const std::string& text :
         {std::string(), std::string("{}"), std::string("[1]"), good.substr(0, good.size() / 2),
          std::string(R"({"schema_version": "one"})")}) {
        write_text(folder / "manifest.json", text);
        try {
            read_manifest(folder / "manifest.json");
            ADD_FAILURE() << text;
        } catch (const UsageError& error) {
            EXPECT_NE(std::string(error.what()).find("clipsim index"), std::string::npos) << error.what();
            EXPECT_NE(std::string(error.what()).find("manifest.json"), std::string::npos) << error.what();
        }
    }
    EXPECT_THROW(read_manifest(folder / "none.json"), UsageError);
}

TEST(Manifest, ANumberThatIsNotWholeOrBeyondAllBoundsIsDamage) {
    const TemporaryFolder folder;
    write_manifest(folder / "manifest.json", sample());
    const std::string whole = read_text(folder / "manifest.json");
    for (const char* value : {"1.8e23", "-1e300", "0.5", "\"many\"", "null"}) {
        std::string text = whole;
        text.replace(text.find("60123"), 5, value);
        write_text(folder / "manifest.json", text);
        try {
            read_manifest(folder / "manifest.json");
            ADD_FAILURE() << value << " was read";
        } catch (const UsageError& error) {
            EXPECT_NE(std::string(error.what()).find("manifest.json is damaged"), std::string::npos)
                << error.what();
        }
    }
}

TEST(Manifest, OfANewerVersionIsRefusedWhateverElseItHolds) {
    const TemporaryFolder folder;
    write_text(folder / "manifest.json", R"({"schema_version": 4, "shards": []})");
    try {
        read_manifest(folder / "manifest.json");
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("newer clipsim"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace clipsim::testing
