#include "clipsim/data/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "clipsim/core/error.h"
#include "support/grouping_locale.h"

namespace clipsim {
namespace {

// Classes "class0", "class1", ... of the given sizes, under a root that need not exist.
Catalogue catalogue_of(const std::vector<int>& sizes, const std::string& root = "photos") {
    Catalogue catalogue;
    catalogue.root = root;
    for (std::size_t label = 0; label < sizes.size(); ++label) {
        catalogue.classes.push_back("class" + std::to_string(label));
        for (int i = 0; i < sizes[label]; ++i) {
            catalogue.images.push_back(
                {catalogue.root / catalogue.classes.back() / (std::to_string(i) + ".jpg"),
                 static_cast<int>(label)});
        }
    }
    return catalogue;
}

std::set<std::string> paths_of(const Catalogue& catalogue, const std::vector<std::size_t>& images) {
    std::set<std::string> paths;
    for (const std::size_t image : images) {
        const auto& path = catalogue.images.at(image).path;
        paths.insert((catalogue.root.empty() ? path : path.lexically_relative(catalogue.root)).string());
    }
    return paths;
}

std::map<int, int> per_class(const Catalogue& catalogue, const std::vector<std::size_t>& images) {
    std::map<int, int> counts;
    for (const std::size_t image : images) ++counts[catalogue.images.at(image).label];
    return counts;
}

TEST(Split, EveryImageIsInOneOfTheTwo) {
    const Catalogue catalogue = catalogue_of({10, 7, 30});
    const Split split = hold_out_images(catalogue, 0.2, 42);
    EXPECT_TRUE(std::ranges::is_sorted(split.train));
    EXPECT_TRUE(std::ranges::is_sorted(split.validation));
    std::set<std::size_t> all(split.train.begin(), split.train.end());
    all.insert(split.validation.begin(), split.validation.end());
    EXPECT_EQ(all.size(), catalogue.images.size());
    EXPECT_EQ(split.train.size() + split.validation.size(), catalogue.images.size());
    EXPECT_TRUE(split.train_only.empty());
}

TEST(Split, IsTheSameInEveryLocale) {
    // Names and seeds of four digits and more would be written with points.
    const Catalogue catalogue = catalogue_of({30, 12});
    const Split split = hold_out_images(catalogue, 0.2, 1234567);
    const testing::GroupingLocale locale;
    const Split elsewhere = hold_out_images(catalogue, 0.2, 1234567);
    EXPECT_EQ(paths_of(catalogue, split.validation), paths_of(catalogue, elsewhere.validation));
}

TEST(Split, EachClassGivesItsShareButNeverNoneAndNeverAll) {
    const Catalogue catalogue = catalogue_of({10, 2, 3, 100});
    EXPECT_EQ(per_class(catalogue, hold_out_images(catalogue, 0.2, 1).validation),
              (std::map<int, int>{{0, 2}, {1, 1}, {2, 1}, {3, 20}}));
    EXPECT_EQ(per_class(catalogue, hold_out_images(catalogue, 0.9, 1).train),
              (std::map<int, int>{{0, 2}, {1, 1}, {2, 2}, {3, 10}}));
    EXPECT_EQ(per_class(catalogue, hold_out_images(catalogue, 0.01, 1).validation),
              (std::map<int, int>{{0, 1}, {1, 1}, {2, 1}, {3, 1}}));
}

TEST(Split, DependsOnTheSeed) {
    const Catalogue catalogue = catalogue_of({50, 50});
    EXPECT_EQ(hold_out_images(catalogue, 0.2, 1).validation, hold_out_images(catalogue, 0.2, 1).validation);
    EXPECT_NE(hold_out_images(catalogue, 0.2, 1).validation, hold_out_images(catalogue, 0.2, 2).validation);
}

TEST(Split, ANewFileDoesNotReshuffleTheOthers) {
    const Catalogue before = catalogue_of({50, 50}), after = catalogue_of({51, 50, 20});
    const auto held_before = paths_of(before, hold_out_images(before, 0.2, 1).validation);
    const auto held_after = paths_of(after, hold_out_images(after, 0.2, 1).validation);
    std::vector<std::string> gone;
    std::ranges::set_difference(held_before, held_after, std::back_inserter(gone));
    EXPECT_LE(gone.size(), 1U);  // the newcomer may take one place
}

TEST(Split, DoesNotDependOnTheOrderOfFiles) {
    const Catalogue catalogue = catalogue_of({20, 20});
    Catalogue reversed = catalogue;
    std::ranges::reverse(reversed.images);
    EXPECT_EQ(paths_of(catalogue, hold_out_images(catalogue, 0.3, 1).validation),
              paths_of(reversed, hold_out_images(reversed, 0.3, 1).validation));
}

TEST(Split, DoesNotDependOnWhereTheRootLies) {
    const Catalogue here = catalogue_of({20, 20}, "photos"),
                    there = catalogue_of({20, 20}, "/mnt/disk/photos/");
    EXPECT_EQ(hold_out_images(here, 0.3, 1).validation, hold_out_images(there, 0.3, 1).validation);
}

TEST(Split, ACatalogueOfSeveralFoldersIsSplitByItsPaths) {
    Catalogue catalogue = catalogue_of({40, 40}, "/a/photos");
    catalogue.root.clear();
    EXPECT_NE(hold_out_images(catalogue, 0.3, 1).validation, hold_out_images(catalogue, 0.3, 2).validation);
}

TEST(Split, AClassOfOneImageIsTrainedOnAndNamed) {
    const Catalogue catalogue = catalogue_of({5, 1, 5});
    ::testing::internal::CaptureStderr();
    const Split split = hold_out_images(catalogue, 0.5, 1);
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("class1"), std::string::npos);
    EXPECT_EQ(split.train_only, std::vector<std::string>{"class1"});
    EXPECT_EQ(per_class(catalogue, split.train)[1], 1);
    EXPECT_EQ(per_class(catalogue, split.validation).count(1), 0U);
}

TEST(Split, ImagesWithoutAClassAreInNeither) {
    Catalogue catalogue = catalogue_of({3, 3});
    catalogue.images.push_back({"photos/loose.jpg", -1});
    const Split split = hold_out_images(catalogue, 0.3, 1);
    EXPECT_EQ(split.train.size() + split.validation.size(), 6U);
    EXPECT_EQ(std::ranges::count(split.train, 6U) + std::ranges::count(split.validation, 6U), 0);
}

TEST(Split, FewerThanTwoClassesOfTwoIsAnErrorThatSaysSo) {
    for (const std::vector<int>& sizes : {std::vector<int>{}, {10}, {10, 1, 1}, {1, 1, 1}}) {
        try {
            hold_out_images(catalogue_of(sizes), 0.2, 1);
            ADD_FAILURE() << "no error";
        } catch (const UsageError& error) {
            const std::string message = error.what();
            EXPECT_NE(message.find("at least two classes"), std::string::npos) << message;
            EXPECT_NE(message.find("three photos each"), std::string::npos) << message;
        }
    }
}

// The names of the classes that some images belong to.
std::set<std::string> classes_of(const Catalogue& catalogue, const std::vector<std::size_t>& images) {
    std::set<std::string> names;
    for (const std::size_t image : images)
        names.insert(catalogue.classes.at(static_cast<std::size_t>(catalogue.images.at(image).label)));
    return names;
}

TEST(SplitByClass, HeldOutClassesAreWholeAndInNoOtherPart) {
    const Catalogue catalogue = catalogue_of(std::vector<int>(25, 8));
    const Split split = hold_out_classes(catalogue, 0.4, 42);
    const std::set<std::string> unseen = classes_of(catalogue, split.unseen);
    EXPECT_EQ(unseen.size(), 10U);
    EXPECT_EQ(split.unseen.size(), 80U);
    for (const auto* part : {&split.train, &split.validation}) {
        const std::set<std::string> seen = classes_of(catalogue, *part);
        EXPECT_EQ(seen.size(), 15U);
        for (const std::string& name : seen) EXPECT_FALSE(unseen.contains(name)) << name;
        EXPECT_TRUE(std::ranges::is_sorted(*part));
    }
    EXPECT_EQ(split.train.size() + split.validation.size() + split.unseen.size(), catalogue.images.size());
    EXPECT_EQ(split.validation.size(), 15U * 2) << "a fifth of each class trained on, not two";
}

TEST(SplitByClass, LeavesTwoClassesOnEachSide) {
    const Catalogue catalogue = catalogue_of({5, 5, 5, 5, 5});
    EXPECT_EQ(classes_of(catalogue, hold_out_classes(catalogue, 0.01, 1).unseen).size(), 2U);
    EXPECT_EQ(classes_of(catalogue, hold_out_classes(catalogue, 0.9, 1).unseen).size(), 3U);
}

TEST(SplitByClass, ANewClassTakesAtMostOnePlace) {
    const Catalogue before = catalogue_of(std::vector<int>(20, 4)),
                    after = catalogue_of(std::vector<int>(21, 4));
    const auto held_before = classes_of(before, hold_out_classes(before, 0.4, 1).unseen);
    const auto held_after = classes_of(after, hold_out_classes(after, 0.4, 1).unseen);
    std::vector<std::string> gone;
    std::ranges::set_difference(held_before, held_after, std::back_inserter(gone));
    EXPECT_LE(gone.size(), 1U);
    EXPECT_NE(held_before, classes_of(before, hold_out_classes(before, 0.4, 2).unseen)) << "the seed counts";
}

TEST(SplitByClass, DependsOnNamesNotOnFilesOrTheirOrder) {
    const Catalogue small = catalogue_of(std::vector<int>(12, 2));
    Catalogue large = catalogue_of(std::vector<int>(12, 9), "/elsewhere");
    std::ranges::reverse(large.images);
    EXPECT_EQ(classes_of(small, hold_out_classes(small, 0.3, 7).unseen),
              classes_of(large, hold_out_classes(large, 0.3, 7).unseen));
}

TEST(SplitByClass, AClassOfOneImageIsNeverHeldOut) {
    const Catalogue catalogue = catalogue_of({1, 1, 1, 4, 4, 4, 4});
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const Split split = hold_out_classes(catalogue, 0.5, seed);
        EXPECT_EQ(classes_of(catalogue, split.unseen).size(), 2U);
        EXPECT_EQ(split.unseen.size(), 8U);
        EXPECT_EQ(split.train_only.size(), 3U);
    }
}

TEST(SplitByClass, FewerThanFourClassesOfTwoIsAnErrorThatSaysSo) {
    try {
        hold_out_classes(catalogue_of({9, 9, 9, 1}), 0.3, 1);
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("at least four classes"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("by_image"), std::string::npos) << error.what();
    }
}

TEST(Split, TheConfigChoosesWhatIsHeldOut) {
    const Catalogue catalogue = catalogue_of(std::vector<int>(10, 10));
    DataConfig data;
    EXPECT_EQ(split_images(catalogue, data).validation,
              hold_out_images(catalogue, data.val_fraction, data.seed).validation);
    EXPECT_TRUE(split_images(catalogue, data).unseen.empty());
    data.split = SplitBy::label;
    EXPECT_EQ(split_images(catalogue, data).unseen,
              hold_out_classes(catalogue, data.val_fraction, data.seed).unseen);
}

TEST(Split, OfThreePhotosTwoAreLeftToTrainOn) {
    for (const int size : {3, 4, 10}) {
        const Catalogue catalogue = catalogue_of({size, size});
        const Split split = hold_out_images(catalogue, 0.9, 1);
        EXPECT_EQ(per_class(catalogue, split.train)[0], 2) << size;
    }
}

}  // namespace
}  // namespace clipsim
