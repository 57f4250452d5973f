#include "clipsim/pictures/embedding_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace clipsim {
namespace {

// Two clouds on an axis that is not one of the first two, as a space of embeddings would have them.
std::vector<float> two_clouds(std::size_t dimension, std::vector<int>& labels) {
    std::vector<float> vectors;
    for (int i = 0; i < 40; ++i) {
        labels.push_back(i % 2);
        for (std::size_t k = 0; k < dimension; ++k) {
            const auto noise = static_cast<float>(0.02 * std::sin(1.7 * i + 3.1 * static_cast<double>(k)));
            vectors.push_back(noise + (k == 5 && i % 2 == 0 ? 1.0F : 0.0F));
        }
    }
    return vectors;
}

// Columns between first and last in which a colour other than grey is drawn.
std::set<int> coloured_columns(const Pixels& picture, int first, int last) {
    std::set<int> columns;
    for (int y = 60; y < picture.height; ++y) {
        for (int x = first; x < last; ++x) {
            const std::uint8_t* pixel =
                picture.rgb.data() + (static_cast<std::size_t>(y) * picture.width + x) * 3;
            if (std::abs(pixel[0] - pixel[1]) > 60 || std::abs(pixel[1] - pixel[2]) > 60) columns.insert(x);
        }
    }
    return columns;
}

TEST(EmbeddingMap, TheLargestVarianceLiesAcross) {
    std::vector<int> labels;
    const std::vector<float> vectors = two_clouds(8, labels);
    const std::vector<EmbeddingPanel> panels{{"before", vectors, 8}};
    const std::vector<std::string> classes{"one", "two"};
    const Pixels map = draw_embedding_map(panels, labels, classes);
    const std::set<int> columns = coloured_columns(map, 28, 28 + 560);
    ASSERT_FALSE(columns.empty());
    EXPECT_LT(*columns.begin(), 100) << "one cloud at the left";
    EXPECT_GT(*columns.rbegin(), 500) << "one at the right";
    EXPECT_LT(columns.size(), 200U) << "and nothing in between";
}

TEST(EmbeddingMap, PanelsStandSideBySide) {
    std::vector<int> labels;
    const std::vector<float> vectors = two_clouds(8, labels);
    const std::vector<std::string> classes{"one", "two"};
    const std::vector<EmbeddingPanel> one{{"before", vectors, 8}},
        two{{"before", vectors, 8}, {"after", vectors, 8}};
    const Pixels narrow = draw_embedding_map(one, labels, classes),
                 wide = draw_embedding_map(two, labels, classes);
    EXPECT_EQ(narrow.height, wide.height);
    EXPECT_GT(wide.width, narrow.width + 500);
}

TEST(EmbeddingMap, HoldsForFewPointsAndManyClasses) {
    const std::vector<float> same{1, 0, 1, 0, 1, 0};
    const std::vector<EmbeddingPanel> panel{{"before", same, 2}};
    const std::vector<std::string> three{"a", "b", "c"};
    EXPECT_GT(draw_embedding_map(panel, std::vector{0, 1, 2}, three).rgb.size(), 0U);
    const std::vector<EmbeddingPanel> nothing{{"before", {}, 2}};
    EXPECT_GT(draw_embedding_map(nothing, {}, {}).rgb.size(), 0U);
    std::vector<float> many;
    std::vector<int> labels;
    std::vector<std::string> classes;
    for (int i = 0; i < 100; ++i) {
        many.insert(many.end(), {static_cast<float>(i), 1.0F});
        labels.push_back(i);
        classes.push_back("class " + std::to_string(i));
    }
    const std::vector<EmbeddingPanel> large{{"before", many, 2}};
    EXPECT_GT(draw_embedding_map(large, labels, classes).rgb.size(), 0U);
}

}  // namespace
}  // namespace clipsim
