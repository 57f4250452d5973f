#include "clipsim/index/image_filter.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"

namespace clipsim::testing {
namespace {

bool fits(const std::vector<std::string>& expressions, const std::string& path,
          const std::string& label = "") {
    return parse_image_filter(expressions).matches(path, label);
}

TEST(ImageFilter, LabelsAreComparedWhole) {
    EXPECT_TRUE(fits({"label=cat"}, "/p/a.jpg", "cat"));
    EXPECT_FALSE(fits({"label=cat"}, "/p/a.jpg", "cats"));
    EXPECT_TRUE(fits({"label=cat,dog"}, "/p/a.jpg", "dog"));
    EXPECT_FALSE(fits({"label!=cat,dog"}, "/p/a.jpg", "dog"));
    EXPECT_TRUE(fits({"label!=cat,dog"}, "/p/a.jpg", ""));
    EXPECT_TRUE(fits({"label="}, "/p/a.jpg", ""));
    EXPECT_FALSE(fits({"label="}, "/p/a.jpg", "cat"));
    EXPECT_TRUE(fits({" label = cat , dog "}, "/p/a.jpg", "dog"));
}

TEST(ImageFilter, QuotesAndBackslashesKeepCommasAndSpaces) {
    EXPECT_TRUE(fits({R"(label="cat, big",dog)"}, "/p", "cat, big"));
    EXPECT_TRUE(fits({R"(label='cat, "big"')"}, "/p", R"(cat, "big")"));
    EXPECT_TRUE(fits({R"(label="say \"a\\b\"")"}, "/p", R"(say "a\b")"));
    EXPECT_TRUE(fits({R"(label=cat\, big)"}, "/p", "cat, big"));
    EXPECT_TRUE(fits({R"(label=" ")"}, "/p", " "));
    EXPECT_TRUE(fits({"label=a=b"}, "/p", "a=b"));
}

TEST(ImageFilter, AFolderMeansAllThatLiesBelowIt) {
    EXPECT_TRUE(fits({"folder=/p/cat"}, "/p/cat/deep/a.jpg"));
    EXPECT_TRUE(fits({"folder=/p/cat/"}, "/p/cat/a.jpg"));
    EXPECT_FALSE(fits({"folder=/p/cat"}, "/p/cats/a.jpg"));
    EXPECT_FALSE(fits({"folder=/p/cat"}, "/p/cat"));
    EXPECT_TRUE(fits({"folder=/"}, "/a.jpg"));
    EXPECT_FALSE(fits({"folder!=/p/cat"}, "/p/cat/a.jpg"));
    const std::filesystem::path here = std::filesystem::current_path();
    EXPECT_TRUE(fits({"folder=x/../photos"}, (here / "photos" / "a.jpg").string()));
}

TEST(ImageFilter, AGlobFitsTheWholePathOrItsEnd) {
    EXPECT_TRUE(fits({"path=*.png"}, "/p/cat/a.png"));
    EXPECT_FALSE(fits({"path=*.png"}, "/p/cat/a.png.jpg"));
    EXPECT_TRUE(fits({"path=/p/*"}, "/p/cat/a.png"));
    EXPECT_TRUE(fits({"path=IMG_00?[13].jpg"}, "/p/cat/IMG_0021.jpg"));
    EXPECT_FALSE(fits({"path=IMG_00?[13].jpg"}, "/p/cat/IMG_0022.jpg"));
    EXPECT_TRUE(fits({"path=cat/*.jpg"}, "/p/cat/a.jpg"));
    EXPECT_FALSE(fits({"path=cat/*.jpg"}, "/p/bobcat/a.jpg"));
    EXPECT_TRUE(fits({R"(path=\*.jpg)"}, "/p/*.jpg"));
    EXPECT_TRUE(fits({"path=*"}, "/p/\xff\xfe.jpg"));
}

TEST(ImageFilter, SeveralExpressionsAllHaveToHold) {
    EXPECT_TRUE(fits({"label=cat", "path=*.png"}, "/p/a.png", "cat"));
    EXPECT_FALSE(fits({"label=cat", "path=*.png"}, "/p/a.jpg", "cat"));
    EXPECT_FALSE(fits({"label=cat", "label=dog"}, "/p/a.png", "cat"));
    EXPECT_TRUE(fits({}, "/p/a.png", "cat"));
}

TEST(ImageFilter, ABadExpressionSaysWhatIsAllowed) {
    for (const char* bad : {"", "cat", "=cat", "labels=cat", "size=3", "label=\"cat", "label=\"cat\"x",
                            "folder=", "path=a,", "!=cat"}) {
        try {
            fits({bad}, "/p");
            ADD_FAILURE() << bad;
        } catch (const UsageError& error) {
            EXPECT_NE(std::string(error.what()).find("label=NAME"), std::string::npos) << error.what();
        }
    }
}

}  // namespace
}  // namespace clipsim::testing
