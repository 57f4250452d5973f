#include "listing.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/core/hub_cache.h"
#include "clipsim/core/text.h"

namespace clipsim::testing {
namespace {

const std::string commit(40, 'c'), sha1(40, '1'), sha256(64, '2');

Listing parse(const std::string& siblings) {
    return parse_listing(concat(R"({"sha": ")", commit, R"(", "siblings": [)", siblings, "]}"), "hub");
}

TEST(Listing, StatesSizeAndChecksumOfAFile) {
    const Listing listing =
        parse(concat(R"({"rfilename": "config.json", "size": 12, "blobId": ")", sha1, R"("})"));
    EXPECT_EQ(listing.commit, commit);
    ASSERT_NE(listing.find("config.json"), nullptr);
    EXPECT_EQ(listing.find("config.json")->size, 12);
    EXPECT_EQ(listing.find("config.json")->checksum, parse_checksum(sha1));
    EXPECT_EQ(listing.find("other"), nullptr);
}

TEST(Listing, OfALargeFileStatesThoseOfItsContentNotOfThePointer) {
    const Listing listing =
        parse(concat(R"({"rfilename": "m", "size": 99, "blobId": ")", sha1, R"(", "lfs": {"sha256": ")",
                     sha256, R"(", "size": 99, "pointerSize": 134}})"));
    EXPECT_EQ(listing.files[0].checksum, parse_checksum(sha256));
    EXPECT_EQ(listing.files[0].size, 99);
}

TEST(Listing, MayStateNeither) {
    const Listing listing =
        parse(R"({"rfilename": "m"}, {"rfilename": "n", "size": -1, "blobId": "x", "lfs": 3})");
    for (const ListedFile& file : listing.files) {
        EXPECT_FALSE(file.size);
        EXPECT_FALSE(file.checksum);
    }
}

TEST(Listing, OfAnotherShapeIsRefused) {
    const std::string deep = std::string(100'000, '[');
    for (const std::string& text :
         {std::string(), std::string("<html>"), std::string("[]"), std::string("null"), deep,
          std::string(R"({"siblings": []})"), concat(R"({"sha": ")", commit, "\"}"),
          std::string(R"({"sha": "../../..", "siblings": []})")}) {
        EXPECT_THROW(parse_listing(text, "hub"), Error) << text.substr(0, 80);
    }
}

TEST(Listing, RefusesNamesThatLeadOutAndSizesThatAreLies) {
    for (const char* sibling :
         {R"({"rfilename": "../a"})", R"({"rfilename": "/a"})", R"({"rfilename": "a/./b"})",
          R"({"rfilename": "a\\b"})", R"({"rfilename": "a\u0000b"})", R"({"rfilename": ""})",
          R"({"rfilename": "a/"})", R"({"name": "a"})", "3",
          R"({"rfilename": "a", "size": 18446744073709551615})",
          R"({"rfilename": "a", "lfs": {"size": 2000000000000}})"}) {
        EXPECT_THROW(parse(sibling), Error) << sibling;
    }
    EXPECT_TRUE(is_safe_relative_path("onnx/model.onnx"));
    EXPECT_TRUE(is_safe_relative_path(".gitattributes"));
    EXPECT_FALSE(is_safe_relative_path(std::string(300, 'a')));
}

}  // namespace
}  // namespace clipsim::testing
