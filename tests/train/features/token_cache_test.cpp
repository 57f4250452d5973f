#include "features/token_cache.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

const std::string first_key(32, 'a'), second_key(32, 'b');

class TokenCacheTest : public ::testing::Test {
  protected:
    static constexpr std::int64_t limit = 1 << 20;
    torch::Tensor tokens_ = torch::randn({5, 8}).to(torch::kHalf).to(torch::kFloat32);
    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_ / "t.tokens";
};

TEST_F(TokenCacheTest, GivesBackWhatWasPutAlsoLater) {
    {
        TokenCache cache(file_, 5, 8, limit);
        EXPECT_FALSE(cache.contains(first_key));
        cache.put(first_key, tokens_);
        cache.put(second_key, tokens_ * 2);
        EXPECT_TRUE(torch::equal(cache.read(first_key), tokens_));
    }
    const TokenCache cache(file_, 5, 8, limit);
    EXPECT_TRUE(torch::equal(cache.read(second_key), tokens_ * 2));
    EXPECT_EQ(static_cast<std::int64_t>(std::filesystem::file_size(file_)), TokenCache::bytes_for(2, 5, 8));
}

TEST_F(TokenCacheTest, ARecordThatWasCutShortIsNotThereAndIsWrittenOver) {
    {
        TokenCache cache(file_, 5, 8, limit);
        cache.put(first_key, tokens_);
        cache.put(second_key, tokens_);
    }
    std::filesystem::resize_file(file_, std::filesystem::file_size(file_) - 3);
    TokenCache cache(file_, 5, 8, limit);
    EXPECT_TRUE(cache.contains(first_key));
    EXPECT_FALSE(cache.contains(second_key));
    cache.put(second_key, tokens_);
    EXPECT_TRUE(torch::equal(cache.read(second_key), tokens_));
}

TEST_F(TokenCacheTest, ADamagedRecordIsNotThere) {
    { TokenCache(file_, 5, 8, limit).put(first_key, tokens_); }
    std::string bytes = read_text(file_);
    bytes[70] ^= 1;
    write_text(file_, bytes);
    EXPECT_FALSE(TokenCache(file_, 5, 8, limit).contains(first_key));
}

TEST_F(TokenCacheTest, ASecondWriterReadsAlone) {
    TokenCache one(file_, 5, 8, limit);
    one.put(first_key, tokens_);
    TokenCache two(file_, 5, 8, limit);
    EXPECT_FALSE(two.is_writable());
    EXPECT_TRUE(torch::equal(two.read(first_key), tokens_));
    two.put(second_key, tokens_);
    EXPECT_FALSE(two.contains(second_key));
}

TEST_F(TokenCacheTest, StopsAtItsLimit) {
    TokenCache cache(file_, 5, 8, TokenCache::bytes_for(1, 5, 8));
    cache.put(first_key, tokens_);
    EXPECT_TRUE(cache.is_writable());
    cache.put(second_key, tokens_);
    EXPECT_FALSE(cache.is_writable());
    EXPECT_FALSE(cache.contains(second_key));
    EXPECT_TRUE(cache.contains(first_key));
}

TEST_F(TokenCacheTest, AFolderThatIsNotThereGivesACacheThatHoldsNothing) {
    TokenCache cache(folder_ / "none" / "t.tokens", 5, 8, limit);
    EXPECT_FALSE(cache.is_writable());
    cache.put(first_key, tokens_);
    EXPECT_FALSE(cache.contains(first_key));
}

}  // namespace
}  // namespace clipsim::testing
