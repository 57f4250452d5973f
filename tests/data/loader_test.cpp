#include "clipsim/data/loader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <latch>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>

#include "clipsim/core/error.h"

namespace clipsim {
namespace {

PreprocessSpec small_spec() {
    PreprocessSpec spec;
    spec.short_side = spec.crop_width = spec.crop_height = 4;
    spec.mean = {0, 0, 0};
    spec.std = {1, 1, 1};
    return spec;
}

// A picture all of one brightness: the number that is its path.
Pixels picture_of(const std::filesystem::path& path) {
    const auto value = static_cast<std::uint8_t>(std::stoi(path.string()));
    return {8, 8, std::vector<std::uint8_t>(std::size_t{8} * 8 * 3, value)};
}

std::vector<LoadItem> items_of(std::size_t count) {
    std::vector<LoadItem> items;
    for (std::size_t i = 0; i < count; ++i) items.push_back({std::to_string(i), 1000 + i, std::nullopt});
    return items;
}

// The brightness of each picture of a batch, which is its path again.
std::vector<int> numbers_of(const LoadedBatch& batch) {
    const std::size_t values = small_spec().values();
    EXPECT_EQ(batch.pixels.size(), batch.tags.size() * values);
    std::vector<int> numbers;
    for (std::size_t i = 0; i < batch.tags.size(); ++i) {
        numbers.push_back(static_cast<int>(std::lround(batch.pixels[i * values] * 255)));
    }
    return numbers;
}

std::vector<std::vector<int>> all_numbers(ImageLoader& loader) {
    std::vector<std::vector<int>> batches;
    while (const std::optional<LoadedBatch> batch = loader.next()) batches.push_back(numbers_of(*batch));
    return batches;
}

class Loader : public ::testing::Test {
  protected:
    void SetUp() override { ::testing::internal::CaptureStderr(); }  // warnings of skipped pictures
    void TearDown() override { ::testing::internal::GetCapturedStderr(); }
};

TEST_F(Loader, GivesEveryPictureInOrder) {
    for (const int workers : {1, 2, 7, 100}) {
        ImageLoader loader(items_of(10), small_spec(), picture_of, {workers, 4, 2});
        EXPECT_EQ(all_numbers(loader), (std::vector<std::vector<int>>{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}}))
            << workers;
        EXPECT_FALSE(loader.next());
        EXPECT_TRUE(loader.skipped().empty());
    }
}

TEST_F(Loader, TagsComeBackWithTheirPictures) {
    ImageLoader loader(items_of(3), small_spec(), picture_of, {2, 2, 2});
    EXPECT_EQ(loader.next()->tags, (std::vector<std::size_t>{1000, 1001}));
    EXPECT_EQ(loader.next()->tags, (std::vector<std::size_t>{1002}));
}

TEST_F(Loader, TheOrderHoldsWhenPicturesTakeDifferentTimes) {
    // The first picture is not done before the last one is begun.
    std::latch last_begun(1);
    const auto decode = [&](const std::filesystem::path& path) {
        if (path == "0") last_begun.wait();
        if (path == "7") last_begun.count_down();
        return picture_of(path);
    };
    ImageLoader loader(items_of(8), small_spec(), decode, {2, 2, 4});
    EXPECT_EQ(all_numbers(loader), (std::vector<std::vector<int>>{{0, 1}, {2, 3}, {4, 5}, {6, 7}}));
}

TEST_F(Loader, BatchesCanBeGiven) {
    std::vector<std::vector<LoadItem>> batches{{{"5", 1, {}}, {"3", 2, {}}}, {}, {{"5", 1, {}}}};
    ImageLoader loader(batches, small_spec(), picture_of, {2, 32, 2});
    EXPECT_EQ(all_numbers(loader), (std::vector<std::vector<int>>{{5, 3}, {}, {5}}));
}

TEST_F(Loader, NothingGivesNothing) {
    ImageLoader loader(std::vector<LoadItem>{}, small_spec(), picture_of, {});
    EXPECT_FALSE(loader.next());
}

TEST_F(Loader, OptionsOfZeroStillLoad) {
    ImageLoader loader(items_of(3), small_spec(), picture_of, {0, 0, 0});
    EXPECT_EQ(all_numbers(loader), (std::vector<std::vector<int>>{{0}, {1}, {2}}));
}

TEST_F(Loader, BadPicturesAreSkippedAndNamed) {
    const auto decode = [](const std::filesystem::path& path) -> Pixels {
        if (path == "1") throw Error("1: the JPEG is truncated");
        if (path == "2") throw Error("");
        if (path == "3") return {};
        if (path == "4") throw std::bad_alloc();
        return picture_of(path);
    };
    ImageLoader loader(items_of(6), small_spec(), decode, {3, 5, 2});
    EXPECT_EQ(all_numbers(loader), (std::vector<std::vector<int>>{{0}, {5}}));
    ASSERT_EQ(loader.skipped().size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
        const SkippedImage& skipped = loader.skipped()[i];
        EXPECT_EQ(skipped.path, std::to_string(i + 1));
        EXPECT_EQ(skipped.tag, 1001 + i);
        EXPECT_TRUE(skipped.reason.starts_with(std::to_string(i + 1) + ": ")) << skipped.reason;
    }
    EXPECT_EQ(loader.skipped()[0].reason, "1: the JPEG is truncated");
}

TEST_F(Loader, ABatchOfBadPicturesIsEmptyAndNotTheEnd) {
    const auto decode = [](const std::filesystem::path& path) -> Pixels {
        if (path < "2") throw Error("broken");
        return picture_of(path);
    };
    ImageLoader loader(items_of(4), small_spec(), decode, {2, 2, 2});
    EXPECT_EQ(all_numbers(loader), (std::vector<std::vector<int>>{{}, {2, 3}}));
}

TEST(LoaderWarnings, NameEachSkippedPictureOnce) {
    ::testing::internal::CaptureStderr();
    ImageLoader loader(items_of(2), small_spec(), [](const auto&) -> Pixels { throw Error("broken"); },
                       {2, 2, 2});
    while (loader.next()) {
    }
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "clipsim: warning: skipped 0: broken\nclipsim: warning: skipped 1: broken\n");
}

TEST_F(Loader, AnyOtherExceptionEndsTheWork) {
    const auto decode = [](const std::filesystem::path& path) -> Pixels {
        if (path == "3") throw std::logic_error("a bug");
        return picture_of(path);
    };
    ImageLoader loader(items_of(100), small_spec(), decode, {2, 2, 2});
    EXPECT_THROW(all_numbers(loader), std::logic_error);
}

TEST_F(Loader, WorksAheadWithinItsBounds) {
    constexpr std::size_t batch_size = 4, ahead = 3;
    std::mutex mutex;
    std::size_t begun = 0, taken = 0, most_ahead = 0;
    const auto decode = [&](const std::filesystem::path& path) {
        const std::lock_guard lock(mutex);
        ++begun;
        most_ahead = std::max(most_ahead, begun - std::min(begun, taken));
        return picture_of(path);
    };
    ImageLoader loader(items_of(200), small_spec(), decode,
                       {4, static_cast<int>(batch_size), static_cast<int>(ahead)});
    while (loader.next()) {
        const std::lock_guard lock(mutex);
        taken += batch_size;
    }
    EXPECT_EQ(begun, 200U);
    // One batch more: it is begun as another is handed out, before `taken` counts that.
    EXPECT_LE(most_ahead, (ahead + 1) * batch_size);
}

TEST_F(Loader, CanBeDestroyedAtAnyPoint) {
    for (int taken = 0; taken < 4; ++taken) {
        ImageLoader loader(items_of(200), small_spec(), picture_of, {3, 8, 2});
        for (int i = 0; i < taken; ++i) EXPECT_TRUE(loader.next());
    }
}

TEST_F(Loader, DecodesOnSeveralThreads) {
    // Each of the first two pictures waits for the other: one thread alone would never end.
    std::latch both(2);
    const auto decode = [&](const std::filesystem::path& path) {
        both.arrive_and_wait();
        return picture_of(path);
    };
    ImageLoader loader(items_of(2), small_spec(), decode, {2, 2, 1});
    EXPECT_EQ(all_numbers(loader), (std::vector<std::vector<int>>{{0, 1}}));
}

TEST_F(Loader, ASeedAsksForAnAugmentedView) {
    // Bright on the right: a mirror image is bright on the left.
    const auto decode = [](const std::filesystem::path&) {
        Pixels pixels{64, 64, {}};
        for (int i = 0; i < 64 * 64; ++i)
            pixels.rgb.insert(pixels.rgb.end(), 3, static_cast<std::uint8_t>(i % 64 * 4));
        return pixels;
    };
    std::vector<LoadItem> items{{"plain", 0, std::nullopt}};
    for (std::uint64_t seed = 0; seed < 20; ++seed) items.push_back({"view", seed, seed});
    items.push_back({"view", 99, 3});
    ImageLoader loader(items, small_spec(), decode, {2, 32, 2});
    const LoadedBatch batch = *loader.next();
    const std::size_t values = small_spec().values();
    const auto picture = [&](std::size_t i) {
        return std::vector<float>(batch.pixels.begin() + static_cast<std::ptrdiff_t>(i * values),
                                  batch.pixels.begin() + static_cast<std::ptrdiff_t>((i + 1) * values));
    };
    std::vector<float> expected(values);
    preprocess(decode(""), small_spec(), expected);
    EXPECT_EQ(picture(0), expected);
    EXPECT_EQ(picture(4), picture(21));  // the seed alone decides
    std::set<std::vector<float>> views;
    int mirrored = 0;
    for (std::size_t i = 1; i <= 20; ++i) {
        views.insert(picture(i));
        mirrored += picture(i).front() > picture(i)[3] ? 1 : 0;
    }
    EXPECT_GT(views.size(), 15U);
    EXPECT_GT(mirrored, 2);
    EXPECT_LT(mirrored, 18);
}

TEST_F(Loader, MemoryOfABatchServesALaterOne) {
    ImageLoader loader(items_of(96), small_spec(), picture_of, {2, 4, 2});
    std::set<const float*> places;
    std::size_t batches = 0;
    while (const std::optional<LoadedBatch> batch = loader.next()) {
        places.insert(batch->pixels.data());
        ++batches;
    }
    EXPECT_EQ(batches, 24U);
    EXPECT_LE(places.size(), 4U) << "two under way, one at the caller, one just done";
}

TEST_F(Loader, ABatchMayOutliveItsLoader) {
    std::optional<LoadedBatch> batch;
    {
        ImageLoader loader(items_of(8), small_spec(), picture_of, {2, 4, 2});
        batch = loader.next();
    }
    EXPECT_EQ(numbers_of(*batch), (std::vector<int>{0, 1, 2, 3}));
    LoadedBatch moved = std::move(*batch);
    EXPECT_EQ(numbers_of(moved), (std::vector<int>{0, 1, 2, 3}));
}

TEST_F(Loader, BatchesHeldAtOnceAreApart) {
    ImageLoader loader(items_of(40), small_spec(), picture_of, {2, 4, 2});
    std::vector<LoadedBatch> held;
    while (std::optional<LoadedBatch> batch = loader.next()) held.push_back(std::move(*batch));
    ASSERT_EQ(held.size(), 10U);
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(numbers_of(held[static_cast<std::size_t>(i)]),
                  (std::vector<int>{4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3}));
}

}  // namespace
}  // namespace clipsim
