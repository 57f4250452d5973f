#include "url.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"

namespace clipsim::testing {
namespace {

TEST(Url, PartsArePercentEncoded) {
    EXPECT_EQ(percent_encoded("refs/pr/3"), "refs%2Fpr%2F3");
    EXPECT_EQ(percent_encoded_path("a b/c?#%\xC3\xA9"), "a%20b/c%3F%23%25%C3%A9");
    EXPECT_EQ(percent_encoded("ViT-B_32.v1~"), "ViT-B_32.v1~");
}

TEST(Url, RedirectsMayBeRelative) {
    EXPECT_EQ(redirected("https://h.org/a/b?q", "/c"), "https://h.org/c");
    EXPECT_EQ(redirected("https://h.org/a/b", "c"), "https://h.org/a/c");
    EXPECT_EQ(redirected("https://h.org/a", "https://cdn.org/x?s=1"), "https://cdn.org/x?s=1");
    EXPECT_EQ(redirected("http://h.org/a", "https://h.org/a"), "https://h.org/a");
}

TEST(Url, RedirectsThatLoseTheEncryptionOrLeaveTheWebAreRefused) {
    EXPECT_THROW(redirected("https://h.org/a", "http://h.org/a"), Error);
    EXPECT_THROW(redirected("https://h.org/a", "file:///etc/passwd"), Error);
    EXPECT_THROW(redirected("https://h.org/a", "gopher://h.org/"), Error);
    EXPECT_THROW(redirected("https://h.org/a", "https://"), Error);
}

TEST(Url, ATokensPlaceIsSchemeHostAndPort) {
    EXPECT_TRUE(same_origin("https://H.org/a", "https://h.org:443/b"));
    EXPECT_FALSE(same_origin("https://h.org/a", "http://h.org/a"));
    EXPECT_FALSE(same_origin("https://h.org/a", "https://h.org:8443/a"));
    EXPECT_FALSE(same_origin("https://h.org/a", "https://h.org.evil.org/a"));
    EXPECT_FALSE(same_origin("https://h.org/a", "https://h.org@evil.org/a"));
    EXPECT_FALSE(same_origin("https://h.org/a", "https://cdn.h.org/a"));
    EXPECT_FALSE(same_origin("", ""));
}

TEST(Url, MessagesShowNoSecrets) {
    EXPECT_EQ(presentable("https://ann:pw@h.org:8080/a/b?signature=s#f"), "https://h.org:8080/a/b");
}

}  // namespace
}  // namespace clipsim::testing
