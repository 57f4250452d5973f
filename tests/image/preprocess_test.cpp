#include "clipsim/image/preprocess.h"

#include <gtest/gtest.h>

#include "clipsim/codecs/open_image.h"
#include "clipsim/core/error.h"
#include "image_fixtures.h"

namespace clipsim {
namespace {

using testing::TemporaryFolder;
using testing::write_text;

PreprocessSpec fixture_spec() {
    return read_preprocess_spec(testing::fixture_folder() / "preprocessor_config.json");
}

PreprocessSpec spec_of(const std::string& json) {
    const TemporaryFolder folder;
    write_text(folder / "preprocessor_config.json", json);
    return read_preprocess_spec(folder / "preprocessor_config.json");
}

std::string refusal_of(const std::string& json) {
    try {
        spec_of(json);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

Pixels gradient(int width, int height) {
    Pixels pixels{width, height, {}};
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            for (const int value : {x * 255 / width, y * 255 / height, 90}) {
                pixels.rgb.push_back(static_cast<std::uint8_t>(value));
            }
        }
    }
    return pixels;
}

std::vector<float> preprocessed(const Pixels& source, const PreprocessSpec& spec) {
    std::vector<float> values(spec.values());
    preprocess(source, spec, values);
    return values;
}

// Of the values before they were normalised.
double mean_difference(const std::vector<float>& a, const std::vector<float>& b, const PreprocessSpec& spec) {
    double total = 0;
    for (std::size_t i = 0; i < a.size(); ++i) total += std::abs(a[i] - b[i]) * spec.std[i / (a.size() / 3)];
    return total / static_cast<double>(a.size());
}

class PreprocessGolden : public ::testing::TestWithParam<std::string> {};

// File to floats, against Pillow and transformers' CLIPImageProcessor.
TEST_P(PreprocessGolden, IsWithinOneStepOfTransformers) {
    const PreprocessSpec spec = fixture_spec();
    const auto file = testing::fixture_folder() / GetParam();
    const std::vector<float> expected = testing::read_floats(file.string() + ".floats");
    ASSERT_EQ(expected.size(), spec.values());
    EXPECT_LT(mean_difference(preprocessed(open_image(file).decode(), spec), expected, spec), 1.0 / 255.0);
}

// The same from Pillow's own pixels: then only float rounding is left.
TEST_P(PreprocessGolden, FromThePixelsEqualsTransformers) {
    const PreprocessSpec spec = fixture_spec();
    const std::string file = (testing::fixture_folder() / GetParam()).string();
    const std::vector<float> expected = testing::read_floats(file + ".floats");
    const std::vector<float> values = preprocessed(testing::read_ppm(file + ".ppm"), spec);
    ASSERT_EQ(expected.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        ASSERT_NEAR(values[i], expected[i], 2e-6) << "value " << i;
}

INSTANTIATE_TEST_SUITE_P(Files, PreprocessGolden, ::testing::ValuesIn(testing::fixture_names(".floats")),
                         testing::fixture_test_name);

// For every kind of file: what our decoder leaves to differ from Pillow's stays below one step after
// preprocessing.
class PreprocessDecoded : public ::testing::TestWithParam<std::string> {};

TEST_P(PreprocessDecoded, IsWithinOneStepOfPillowsPixels) {
    const PreprocessSpec spec = fixture_spec();
    const std::string file = (testing::fixture_folder() / GetParam()).string();
    const std::vector<float> expected = preprocessed(testing::read_ppm(file + ".ppm"), spec);
    EXPECT_LT(mean_difference(preprocessed(open_image(file).decode(), spec), expected, spec), 1.0 / 255.0);
}

INSTANTIATE_TEST_SUITE_P(Files, PreprocessDecoded, ::testing::ValuesIn(testing::fixture_names()),
                         testing::fixture_test_name);

TEST(PreprocessSpecFile, ReadsTheOldAndTheNewForm) {
    const PreprocessSpec old_form = spec_of(R"({"size": 96, "crop_size": 80, "image_mean": [0, 0.5, 1],
                                                "image_std": [1, 0.5, 0.25]})");
    EXPECT_EQ(old_form.short_side, 96);
    EXPECT_EQ(old_form.crop_width, 80);
    EXPECT_EQ(old_form.crop_height, 80);
    EXPECT_FLOAT_EQ(old_form.std[2], 0.25F);
    const PreprocessSpec new_form = spec_of(
        R"({"size": {"shortest_edge": 64}, "crop_size": {"height": 48, "width": 56}, "resample": 3})");
    EXPECT_EQ(new_form.short_side, 64);
    EXPECT_EQ(new_form.crop_width, 56);
    EXPECT_EQ(new_form.crop_height, 48);
    EXPECT_FLOAT_EQ(new_form.mean[0], 0.48145466F);
}

TEST(PreprocessSpecFile, UnsupportedValuesAreNamed) {
    const auto names = [](const std::string& json, const std::string& key) {
        const std::string message = refusal_of(json);
        return message.find(key) != std::string::npos &&
               message.find("preprocessor_config.json") != std::string::npos;
    };
    EXPECT_TRUE(names(R"({"size": {"height": 224, "width": 224}})", "shortest_edge"));
    EXPECT_TRUE(names(R"({"size": 224, "resample": 2})", "resample"));
    EXPECT_TRUE(names(R"({"size": 224, "do_center_crop": false})", "do_center_crop"));
    EXPECT_TRUE(names(R"({"size": 224, "do_resize": false})", "do_resize"));
    EXPECT_TRUE(names(R"({"size": 224, "do_rescale": false})", "do_rescale"));
    EXPECT_TRUE(names(R"({"size": 224, "do_normalize": 0})", "do_normalize"));
    EXPECT_TRUE(names(R"({"size": "big"})", "size"));
    EXPECT_TRUE(names(R"({"size": -1})", "size"));
    EXPECT_TRUE(names(R"({"size": 224.5})", "size"));
    EXPECT_TRUE(names(R"({"size": 224, "crop_size": {"height": 224}})", "crop_size"));
    EXPECT_TRUE(names(R"({"size": 224, "image_mean": [1, 2]})", "image_mean"));
    EXPECT_TRUE(names(R"({"size": 224, "image_std": [1, 0, 1]})", "image_std"));
    EXPECT_TRUE(names(R"({"size": 224, "rescale_factor": "x"})", "rescale_factor"));
    EXPECT_TRUE(names(R"([1, 2])", "object"));
    EXPECT_TRUE(names(R"({"size": )", "JSON"));
}

TEST(PreprocessSpecFile, MissingFileIsAUsageError) {
    const TemporaryFolder folder;
    EXPECT_THROW(read_preprocess_spec(folder / "preprocessor_config.json"), UsageError);
}

TEST(Preprocess, ExtremeShapesGiveACropOfTheRightSize) {
    PreprocessSpec spec;
    for (const auto& [width, height] : {std::pair{1, 1}, {1, 5000}, {60000, 1}, {2, 3}, {223, 225}}) {
        const Pixels cropped = resize_and_crop(gradient(width, height), spec);
        EXPECT_EQ(cropped.width, 224);
        EXPECT_EQ(cropped.height, 224);
        EXPECT_EQ(cropped.rgb.size(), spec.values());
        EXPECT_NEAR(cropped.rgb.back(), 90, 1);  // blue is the same all over
    }
}

TEST(Preprocess, APictureBeyondAllMeasureIsRefused) {
    PreprocessSpec spec;
    spec.short_side = 8192;
    EXPECT_THROW(resize_and_crop(gradient(600000, 1), spec), Error);
    EXPECT_THROW(resize_and_crop(Pixels{}, spec), Error);
}

TEST(Preprocess, NormalisingIsTheFormulaToTheBit) {
    const PreprocessSpec spec;
    // Every byte in every channel, and a number of pixels that no vector width divides.
    Pixels picture{259, 1, {}};
    for (int i = 0; i < picture.width * 3; ++i)
        picture.rgb.push_back(static_cast<std::uint8_t>(i * 85 % 256));
    std::vector<float> out(picture.rgb.size());
    normalise(picture, spec, out);
    for (std::size_t i = 0; i < 259; ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
            const float scaled = static_cast<float>(picture.rgb[3 * i + c]) * spec.rescale;
            EXPECT_EQ(out[c * 259 + i], (scaled - spec.mean[c]) / spec.std[c]) << i;
        }
    }
}

TEST(AugmentedViews, DependOnTheSeedAlone) {
    bool some_differ = false;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const AugmentedView one = random_view(seed, 400, 300), two = random_view(seed, 400, 300);
        EXPECT_EQ(one.x, two.x);
        EXPECT_EQ(one.height, two.height);
        EXPECT_EQ(one.mirror, two.mirror);
        some_differ = some_differ || one.width != random_view(seed + 1, 400, 300).width;
    }
    EXPECT_TRUE(some_differ);
}

TEST(AugmentedViews, StayInsideWithTheDocumentedAreaAndAspect) {
    int mirrored = 0;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        const AugmentedView view = random_view(seed, 640, 480);
        EXPECT_GE(view.x, 0);
        EXPECT_GE(view.y, 0);
        EXPECT_LE(view.x + view.width, 1 + 1e-9);
        EXPECT_LE(view.y + view.height, 1 + 1e-9);
        EXPECT_GE(view.width * view.height, 0.5 - 1e-9);
        const double aspect = view.width * 640 / (view.height * 480);
        EXPECT_GE(aspect, 3.0 / 4.0 - 1e-9);
        EXPECT_LE(aspect, 4.0 / 3.0 + 1e-9);
        mirrored += view.mirror ? 1 : 0;
    }
    EXPECT_NEAR(mirrored, 1000, 120);
}

TEST(AugmentedViews, AVeryWidePictureGivesTheWidestPartAllowed) {
    const AugmentedView view = random_view(3, 4000, 100);
    EXPECT_NEAR(view.width * 4000 / (view.height * 100), 4.0 / 3.0, 1e-9);
    EXPECT_DOUBLE_EQ(view.height, 1);
}

TEST(AugmentedViews, TheWholeMirroredIsTheMirrorImage) {
    PreprocessSpec spec;
    spec.short_side = spec.crop_width = spec.crop_height = 32;
    const Pixels source = gradient(64, 64);
    const Pixels plain = resize_view(source, spec, {0, 0, 1, 1, false});
    const Pixels mirrored = resize_view(source, spec, {0, 0, 1, 1, true});
    EXPECT_EQ(plain.rgb, resize_and_crop(source, spec).rgb);
    for (int y = 0; y < 32; ++y) {
        for (int x = 0; x < 32; ++x) {
            EXPECT_EQ(mirrored.rgb[static_cast<std::size_t>((y * 32 + x) * 3)],
                      plain.rgb[static_cast<std::size_t>((y * 32 + 31 - x) * 3)]);
        }
    }
}

TEST(AugmentedViews, APartShowsThatPart) {
    PreprocessSpec spec;
    spec.short_side = spec.crop_width = spec.crop_height = 16;
    const Pixels view = resize_view(gradient(100, 100), spec, {0.5, 0, 0.5, 0.5, false});
    EXPECT_GT(view.rgb[0], 120);                    // red grows to the right
    EXPECT_LT(view.rgb[view.rgb.size() - 2], 135);  // green grows downwards
    EXPECT_EQ(resize_view(gradient(1, 1), spec, {0.9, 0.9, 0.05, 0.05, true}).rgb.size(), spec.values());
}

TEST(PreprocessSpecFile, OfAProcessorThePartAboutImagesIsRead) {
    const PreprocessSpec spec = spec_of(
        R"({"image_processor": {"size": {"shortest_edge": 64}, "crop_size": {"height": 48, "width": 56},
            "image_mean": [0.5, 0.5, 0.5]}, "processor_class": "CLIPProcessor"})");
    EXPECT_EQ(spec.short_side, 64);
    EXPECT_EQ(spec.crop_width, 56);
    EXPECT_FLOAT_EQ(spec.mean[0], 0.5F);
    EXPECT_NE(refusal_of(R"({"image_processor": {"size": "big"}})").find("image_processor: size"),
              std::string::npos);
    EXPECT_NE(refusal_of(R"({"image_processor": 3})").find("expected an object"), std::string::npos);
}

}  // namespace
}  // namespace clipsim
