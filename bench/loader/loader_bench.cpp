// The loader against the JPEG decoder alone, and its memory over a long epoch. Files are generated: noise of
// several scales with edges in it, at libjpeg's quality 92 and 4:2:0, about as many bytes a pixel as photos
// have.
//
//     clipsim_loader_bench speed FOLDER [FILES] [THREADS] [ROUNDS]     500 x 400 pixels
//     clipsim_loader_bench memory FOLDER [FILES] [THREADS]            64 x 48 pixels
#include <cstdio>  // jpeglib.h needs it first

#include <jpeglib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "clipsim/codecs/encode.h"
#include "clipsim/codecs/open_image.h"
#include "clipsim/core/allocator.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/data/loader.h"

namespace {

using Clock = std::chrono::steady_clock;

// Of all threads of this process.
double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Values of a grid of `cells` a side, interpolated, in three channels.
void add_noise(clipsim::Pixels& picture, int cells, double strength, std::mt19937& random) {
    std::vector<double> grid(static_cast<std::size_t>((cells + 2) * (cells + 2) * 3));
    for (double& value : grid) value = strength * (static_cast<double>(random() >> 8) / (1 << 24) - 0.5);
    for (int y = 0; y < picture.height; ++y) {
        for (int x = 0; x < picture.width; ++x) {
            const double gx = static_cast<double>(x) * cells / picture.width;
            const double gy = static_cast<double>(y) * cells / picture.height;
            const int ix = static_cast<int>(gx), iy = static_cast<int>(gy);
            for (int c = 0; c < 3; ++c) {
                const auto at = [&](int dx, int dy) {
                    return grid[static_cast<std::size_t>(((iy + dy) * (cells + 2) + ix + dx) * 3 + c)];
                };
                const double value = std::lerp(std::lerp(at(0, 0), at(1, 0), gx - ix),
                                               std::lerp(at(0, 1), at(1, 1), gx - ix), gy - iy);
                std::uint8_t& pixel = picture.rgb[static_cast<std::size_t>((y * picture.width + x) * 3 + c)];
                pixel = static_cast<std::uint8_t>(std::clamp(pixel + value, 0.0, 255.0));
            }
        }
    }
}

std::vector<std::filesystem::path> generate(const std::filesystem::path& folder, int count, int width,
                                            int height) {
    std::vector<std::filesystem::path> files;
    for (int i = 0; i < count; ++i) {
        const std::filesystem::path place = folder / std::to_string(i / 1000);
        files.push_back(place / (std::to_string(i) + ".jpg"));
        if (std::filesystem::exists(files.back())) continue;
        std::filesystem::create_directories(place);
        std::mt19937 random(static_cast<unsigned>(i));
        clipsim::Pixels picture{width, height,
                                std::vector<std::uint8_t>(static_cast<std::size_t>(width * height) * 3, 128)};
        for (const auto& [cells, strength] : {std::pair{3, 220.0}, {9, 120.0}, {30, 70.0}, {width / 4, 36.0}})
            add_noise(picture, cells, strength, random);
        std::ofstream(files.back(), std::ios::binary) << clipsim::encode_jpeg(picture);
    }
    return files;
}

// libjpeg and nothing else: bytes in memory, one buffer for all pictures.
void decode_alone(const std::string& bytes, std::vector<std::uint8_t>& pixels) {
    jpeg_decompress_struct codec{};
    jpeg_error_mgr errors{};
    codec.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&codec);
    jpeg_mem_src(&codec, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&codec, TRUE);
    codec.out_color_space = JCS_RGB;
    jpeg_start_decompress(&codec);
    const std::size_t stride = std::size_t{codec.output_width} * 3;
    pixels.resize(stride * codec.output_height);
    while (codec.output_scanline < codec.output_height) {
        std::uint8_t* row = pixels.data() + stride * codec.output_scanline;
        jpeg_read_scanlines(&codec, &row, 1);
    }
    jpeg_finish_decompress(&codec);
    jpeg_destroy_decompress(&codec);
}

double time_decoder(const std::vector<std::string>& contents, int threads) {
    std::atomic<std::size_t> next = 0;
    const Clock::time_point start = Clock::now();
    {
        std::vector<std::jthread> workers;
        for (int t = 0; t < threads; ++t) {
            workers.emplace_back([&] {
                std::vector<std::uint8_t> pixels;
                for (std::size_t i = next++; i < contents.size(); i = next++)
                    decode_alone(contents[i], pixels);
            });
        }
    }
    return static_cast<double>(contents.size()) / seconds_since(start);
}

std::vector<clipsim::LoadItem> items_of(const std::vector<std::filesystem::path>& files) {
    std::vector<clipsim::LoadItem> items;
    for (std::size_t i = 0; i < files.size(); ++i) items.push_back({files[i], i, std::nullopt});
    return items;
}

const clipsim::OpenFunction open = clipsim::image_opener(clipsim::default_max_pixels);

double time_loader(const std::vector<std::filesystem::path>& files, int threads) {
    const Clock::time_point start = Clock::now();
    clipsim::ImageLoader loader(items_of(files), clipsim::PreprocessSpec{}, open, {threads, 32, 4});
    std::size_t loaded = 0;
    while (const auto batch = loader.next()) loaded += batch->tags.size();
    if (loaded != files.size()) throw clipsim::Error("not every file could be loaded");
    return static_cast<double>(loaded) / seconds_since(start);
}

int measure_speed(const std::filesystem::path& folder, int count, int threads, int rounds) {
    std::vector<std::filesystem::path> files = generate(folder, count, 500, 400);
    // Each several times, so that a round is long against the start of the loader.
    for (int i = 0; i < 3 * count; ++i) files.push_back(files[static_cast<std::size_t>(i)]);
    std::vector<std::string> contents;
    std::size_t bytes = 0;
    for (const auto& file : files) bytes += contents.emplace_back(clipsim::read_file(file)).size();
    std::cout << count << " JPEGs of 500 x 400, " << bytes / files.size() << " bytes each, " << threads
              << " threads, to 224 x 224 float\n"
              << std::fixed << std::setprecision(0);
    std::vector<double> decoder, loader, ratios, cpu_ratios;
    for (int round = 0; round < rounds; ++round) {
        const double at_start = cpu_seconds();
        decoder.push_back(time_decoder(contents, threads));
        const double between = cpu_seconds();
        loader.push_back(time_loader(files, threads));
        ratios.push_back(loader.back() / decoder.back());
        cpu_ratios.push_back((between - at_start) / (cpu_seconds() - between));
    }
    std::ranges::sort(cpu_ratios);
    std::ranges::sort(ratios);
    std::cout << "decoder alone (bytes in memory)   " << std::ranges::max(decoder) << " images/s, best of "
              << rounds << "\nloader (read, decode, preprocess) " << std::ranges::max(loader) << " images/s\n"
              << std::setprecision(3) << "ratio of the best "
              << std::ranges::max(loader) / std::ranges::max(decoder) << ", median of the rounds "
              << ratios[ratios.size() / 2]
              << "\nthe same of the processor's time, which other programs disturb less: median "
              << cpu_ratios[cpu_ratios.size() / 2] << ", best " << cpu_ratios.back() << '\n';
    return 0;
}

double resident_mib() {
    std::ifstream in("/proc/self/statm");
    long total = 0, resident = 0;
    in >> total >> resident;
    return static_cast<double>(resident) * 4096 / (1 << 20);
}

int measure_memory(const std::filesystem::path& folder, int count, int threads) {
    const std::vector<std::filesystem::path> files = generate(folder, count, 64, 48);
    std::cout << count << " JPEGs of 64 x 48, " << threads << " threads, batches of 32 of 224 x 224\n"
              << "images    resident MiB\n"
              << std::fixed << std::setprecision(1);
    clipsim::ImageLoader loader(items_of(files), clipsim::PreprocessSpec{}, open, {threads, 32, 4});
    std::size_t loaded = 0, next_line = 0;
    while (const auto batch = loader.next()) {
        loaded += batch->tags.size();
        if (loaded < next_line && loaded != files.size()) continue;
        std::cout << std::setw(6) << loaded << std::setw(16) << resident_mib() << std::endl;
        next_line += files.size() / 10;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    clipsim::keep_freed_memory();  // as the program does
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const auto number = [&](std::size_t i, int otherwise) {
        return i < arguments.size() ? std::stoi(arguments[i]) : otherwise;
    };
    if (arguments.size() >= 2 && arguments[0] == "speed")
        return measure_speed(arguments[1], number(2, 500), number(3, 2), number(4, 7));
    if (arguments.size() >= 2 && arguments[0] == "memory")
        return measure_memory(arguments[1], number(2, 100'000), number(3, 2));
    std::cerr << "usage: clipsim_loader_bench speed|memory FOLDER [FILES] [THREADS] [ROUNDS]\n";
    return 2;
}
