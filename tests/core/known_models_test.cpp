#include "clipsim/core/known_models.h"

#include <gtest/gtest.h>

#include <set>

#include "clipsim/core/hub_cache.h"

namespace clipsim::testing {
namespace {

TEST(KnownModels, AreFoundByNameAlone) {
    ASSERT_NE(find_known_model("ViT-B-32"), nullptr);
    EXPECT_EQ(find_known_model("ViT-B-32")->repository, "openai/clip-vit-base-patch32");
    EXPECT_EQ(find_known_model("vit-b-32"), nullptr);
    EXPECT_EQ(find_known_model(""), nullptr);
}

TEST(KnownModels, HaveNamesOfTheirOwnAndRepositoriesThatCanBePulled) {
    std::set<std::string_view> names;
    for (const KnownModel& model : known_models()) {
        EXPECT_TRUE(names.insert(model.name).second) << model.name;
        EXPECT_TRUE(is_plain_file_name(model.name)) << model.name;
        EXPECT_EQ(model.repository.empty(), model.megabytes == 0) << model.name;
        EXPECT_TRUE(model.repository.empty() || parse_hub_repository(model.repository)) << model.name;
    }
}

}  // namespace
}  // namespace clipsim::testing
