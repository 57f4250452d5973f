#include "clipsim/codecs/open_image.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "clipsim/core/error.h"
#include "clipsim/image/image_format.h"
#include "core/other_user.h"
#include "image/image_fixtures.h"

namespace clipsim {
namespace {

using testing::fixture_folder;
using testing::read_text;
using testing::TemporaryFolder;
using testing::write_text;

// The message of the ImageError, or "" when the file was decoded.
std::string refusal_of(const std::filesystem::path& file, std::uint64_t max_pixels = default_max_pixels) {
    try {
        open_image(file, max_pixels).decode();
    } catch (const ImageError& error) {
        return error.what();
    }
    return "";
}

std::string refusal_of_bytes(const std::string& bytes, const std::string& name = "photo.jpg") {
    const TemporaryFolder folder;
    write_text(folder / name, bytes);
    std::string message = refusal_of(folder / name);
    if (!message.empty()) {
        EXPECT_NE(message.find(name), std::string::npos) << message;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
    return message;
}

std::string big32(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
            static_cast<char>(value)};
}

std::string little32(std::uint32_t value) {
    const std::string big = big32(value);
    return {big.rbegin(), big.rend()};
}

// What stderr gets while it lives; codec libraries like to talk.
class CapturedStderr {
  public:
    CapturedStderr() { ::testing::internal::CaptureStderr(); }
    std::string text() { return ::testing::internal::GetCapturedStderr(); }
};

class DecodeGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(DecodeGolden, EqualsPillow) {
    const std::string name = GetParam();
    const auto file = fixture_folder() / name;
    const testing::Difference found =
        testing::difference(open_image(file).decode(), testing::read_ppm(file.string() + ".ppm"));
    // Versions of the JPEG and WebP libraries may round differently.
    const bool lossy = name.ends_with(".jpg") || name.ends_with(".jpeg") || name.ends_with(".mpo") ||
                       name.ends_with(".dng") || name.ends_with(".avif") || name.starts_with("lossy.") ||
                       name == "animated_rgba.webp";
    EXPECT_LE(found.largest, lossy ? 3 : 0);
    EXPECT_LE(found.mean, name.ends_with(".avif") || name.ends_with(".jxl") ? 0.5 : lossy ? 0.25 : 0.0);
}

INSTANTIATE_TEST_SUITE_P(Files, DecodeGolden, ::testing::ValuesIn(testing::fixture_names()),
                         testing::fixture_test_name);

TEST(Decode, FormatsAreToldByContentNotByName) {
    const TemporaryFolder folder;
    write_text(folder / "photo.JPG", read_text(fixture_folder() / "rgb.png"));
    EXPECT_EQ(open_image(folder / "photo.JPG").decode().rgb,
              open_image(fixture_folder() / "rgb.png").decode().rgb);
}

TEST(Decode, AnEmptyFileIsRefused) {
    EXPECT_NE(refusal_of_bytes("").find("empty"), std::string::npos);
}

TEST(Decode, TextNamedJpgIsRefused) {
    EXPECT_NE(refusal_of_bytes("this is no picture at all").find("not an image"), std::string::npos);
}

TEST(Decode, AMissingFileAndAFolderAreRefused) {
    const TemporaryFolder folder;
    EXPECT_NE(refusal_of(folder / "absent.jpg").find("absent.jpg"), std::string::npos);
    std::filesystem::create_directory(folder / "folder.jpg");
    EXPECT_NE(refusal_of(folder / "folder.jpg").find("folder.jpg"), std::string::npos);
}

TEST(Decode, AFileWithoutPermissionIsRefused) {
    const TemporaryFolder folder;
    write_text(folder / "secret.png", read_text(fixture_folder() / "rgb.png"));
    std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
    std::filesystem::permissions(folder / "secret.png", std::filesystem::perms::none);
    const testing::OrdinaryUser user;
    if (!user) GTEST_SKIP() << "can't become an ordinary user";
    const std::string message = refusal_of(folder / "secret.png");
    EXPECT_NE(message.find("secret.png"), std::string::npos);
    EXPECT_NE(message.find("ermission"), std::string::npos) << message;
}

TEST(Decode, NamesArePrintedOnOneLine) {
    const TemporaryFolder folder;
    write_text(folder / "new\nline \"quoted\" \xC3\xA9.jpg", "");
    const std::string message = refusal_of(folder / "new\nline \"quoted\" \xC3\xA9.jpg");
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_NE(message.find("\xC3\xA9"), std::string::npos);
    write_text(folder / "new\nline \"quoted\" \xC3\xA9.png", read_text(fixture_folder() / "rgb.png"));
    EXPECT_EQ(open_image(folder / "new\nline \"quoted\" \xC3\xA9.png").decode().width, 60);
}

TEST(Decode, TruncatedFilesAreRefused) {
    for (const std::string& name : testing::fixture_names()) {
        // Of JPEGs the beginning is shown; of a few, the picture lies before the end of the file.
        const std::string whole = read_text(fixture_folder() / name);
        if (image_format(std::as_bytes(std::span(whole))) == ImageFormat::jpeg || name.ends_with(".dng") ||
            name == "animated.gif" || name == "animated.png" || name == "pages.tiff" || name == "dot.png")
            continue;
        for (const double share : {0.02, 0.3, 0.6, 0.85}) {
            const auto kept = static_cast<std::size_t>(static_cast<double>(whole.size()) * share);
            EXPECT_NE(refusal_of_bytes(whole.substr(0, kept), name), "") << share << " of " << name;
        }
    }
}

TEST(Decode, FlippedBytesNeverCrash) {
    for (const std::string& name : testing::fixture_names()) {
        const std::string whole = read_text(fixture_folder() / name);
        std::uint32_t state = 12345;
        for (int round = 0; round < 12; ++round) {
            std::string damaged = whole;
            for (int i = 0; i < 6; ++i) {
                state = state * 1664525U + 1013904223U;
                damaged[(state >> 8) % std::min<std::size_t>(damaged.size(), 400)] =
                    static_cast<char>(state >> 24);
            }
            try {
                open_image(std::as_bytes(std::span(damaged)), name, 4'000'000).decode();
            } catch (const ImageError&) {
                // what damaged files are for
            }
        }
    }
}

TEST(Decode, BombsAreRefusedFromTheirHeaders) {
    const std::string png = "\x89PNG\r\n\x1a\n" + big32(13) + "IHDR" + big32(60000) + big32(60000) +
                            std::string("\x08\x02\0\0\0", 5) + big32(0);
    const std::string pnm = "P6 60000 60000 255\n";
    const std::string bmp = "BM" + std::string(12, '\0') + little32(40) + little32(60000) + little32(60000) +
                            std::string("\x01\0\x18\0", 4) + std::string(24, '\0');
    const std::string gif = "GIF89a\xFF\xFF\xFF\xFF" + std::string(3, '\0') + "," + std::string(4, '\0') +
                            "\xFF\xFF\xFF\xFF" + std::string(3, '\0');
    const std::string webp = "RIFF" + little32(100) + "WEBPVP8X" + little32(10) + std::string(4, '\0') +
                             std::string("\x5F\xEA\0\x5F\xEA\0", 6) + std::string(20, '\0');
    const std::string jpeg(
        "\xFF\xD8\xFF\xC0\0\x11\x08\xEA\x60\xEA\x60\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xFF\xDA\0\x0C\x03"
        "\x01\0\x02\x11"
        "\x03\x11\0\x3F\0",
        35);
    std::string tiff = read_text(fixture_folder() / "lzw.tif");
    for (const char tag : {'\0', '\x01'}) {  // its width and height
        const std::size_t at = tiff.find(std::string{tag, '\x01'} + std::string("\x03\0\x01\0\0\0", 6));
        ASSERT_NE(at, std::string::npos);
        tiff.replace(at + 8, 4, little32(60000));
    }
    for (const std::string& bomb : {png, pnm, bmp, gif, webp, jpeg, tiff}) {
        const std::string message = refusal_of_bytes(bomb);
        EXPECT_NE(message.find("data.max_pixels"), std::string::npos) << message;
    }
}

TEST(Decode, ASideThatNoIntHoldsIsRefusedWhateverTheLimitOfPixels) {
    for (const std::uint32_t side : {600'000'000U, 3'000'000'000U}) {
        const std::string png = "\x89PNG\r\n\x1a\n" + big32(13) + "IHDR" + big32(side) + big32(1) +
                                std::string("\x08\x02\0\0\0", 5) + big32(0);
        const TemporaryFolder folder;
        write_text(folder / "a.png", png);
        const std::string message = refusal_of(folder / "a.png", 1'000'000'000'000);
        EXPECT_NE(message.find("no side may be longer"), std::string::npos) << message;
    }
}

TEST(Decode, TheLimitOfPixelsIsExact) {
    constexpr std::uint64_t pixels = std::uint64_t{60} * 44;
    EXPECT_EQ(refusal_of(fixture_folder() / "rgb.png", pixels), "");
    EXPECT_NE(refusal_of(fixture_folder() / "rgb.png", pixels - 1), "");
}

TEST(Decode, ReducedJpegsKeepTheShortSide) {
    // 20 of 44: half of it will do, a quarter won't.
    const Pixels half = open_image(fixture_folder() / "rgb.jpg").decode_reduced(20);
    EXPECT_EQ(half.width, 30);
    EXPECT_EQ(half.height, 22);
    EXPECT_EQ(open_image(fixture_folder() / "orientation6.jpg").decode_reduced(20).width, 22);
    EXPECT_EQ(open_image(fixture_folder() / "rgb.jpg").decode_reduced(40).width, 60);
}

TEST(Decode, TheSizeIsKnownBeforeThePixelsAreDecoded) {
    for (const std::string& name : testing::fixture_names()) {
        const ImageSource source = open_image(fixture_folder() / name);
        const Pixels expected = testing::read_ppm((fixture_folder() / (name + ".ppm")).string());
        EXPECT_EQ(source.width(), expected.width) << name;
        EXPECT_EQ(source.height(), expected.height) << name;
    }
    // What is behind the header is not looked at.
    const std::string whole = read_text(fixture_folder() / "rgb.png"),
                      cut = whole.substr(0, whole.size() / 2);
    EXPECT_EQ(open_image(std::as_bytes(std::span(cut)), "upload").width(), 60);
}

TEST(Decode, BytesAreAnImageAsAFileIs) {
    for (const std::string& name : testing::fixture_names()) {
        const std::string bytes = read_text(fixture_folder() / name);
        const ImageSource source = open_image(std::as_bytes(std::span(bytes)), "upload");
        EXPECT_EQ(source.decode().rgb, open_image(fixture_folder() / name).decode().rgb) << name;
    }
}

TEST(Decode, FilesOfAllFormatsAreDecodedByThreadsSideBySide) {
    const std::vector<std::string> names = testing::fixture_names();
    std::vector<std::thread> threads;
    std::atomic<std::size_t> equal = 0;
    for (std::size_t start = 0; start < 4; ++start) {
        threads.emplace_back([&, start] {
            for (std::size_t i = 0; i < names.size(); ++i) {
                const std::filesystem::path file =
                    fixture_folder() / names[(i + start * names.size() / 4) % names.size()];
                const Pixels expected = testing::read_ppm(file.string() + ".ppm");
                if (testing::difference(open_image(file).decode(), expected).largest <= 3) ++equal;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(equal, 4 * names.size());
}

TEST(Decode, PixelsAreASourceOfThemselves) {
    const Pixels picture = open_image(fixture_folder() / "rgb.png").decode();
    const ImageSource source = picture;
    EXPECT_EQ(source.width(), 60);
    EXPECT_EQ(source.decode().rgb, picture.rgb);
    EXPECT_EQ(source.decode_reduced(1).rgb, picture.rgb);
    EXPECT_EQ(source.decode({3, 4, 5, 6}).whole_height, 44);
}

TEST(Decode, FilesThatOnlyBeginAsAFormatAreRefusedInALine) {
    for (const std::string& bytes :
         {std::string("\0\0\0\x18"
                      "ftypheic\0\0\0\0mif1heic",
                      24),
          std::string("FUJIFILMCCD-RAW 0201FF383501"), std::string("\xFF\x0A\0\0\0", 5),
          std::string("\0\0\0\x0CjP  \r\n\x87\n", 12)}) {
        EXPECT_NE(refusal_of_bytes(bytes, "a.heic"), "");
    }
}

TEST(Decode, GoodAndTruncatedFilesWriteNothingToStderr) {
    CapturedStderr captured;
    for (const std::string& name : testing::fixture_names()) open_image(fixture_folder() / name).decode();
    for (const std::string& name : testing::fixture_names()) {
        const std::string whole = read_text(fixture_folder() / name);
        // Cut off, they are shown with a warning.
        if (image_format(std::as_bytes(std::span(whole))) == ImageFormat::jpeg) continue;
        refusal_of_bytes(whole.substr(0, whole.size() / 2), name);
    }
    EXPECT_EQ(captured.text(), "");
}

}  // namespace
}  // namespace clipsim
