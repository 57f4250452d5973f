#include "clipsim/index/index_identity.h"

#include <gtest/gtest.h>

#include "message_of.h"

namespace clipsim::testing {
namespace {

const IndexIdentity tuned{"clip-lite", "hash-of-tuned", 128, 0, "hash-of-base", "fp32"};

std::string refusal(const IndexIdentity& stored, const IndexIdentity& wanted) {
    return message_of<UsageError>([&] { check_same_model("out/index", stored, wanted); });
}

TEST(IndexIdentity, TheSameModelIsNoMismatchWhateverTheTextSpace) {
    IndexIdentity other = tuned;
    other.text_dimension = 512;
    EXPECT_EQ(refusal(tuned, other), "");
    EXPECT_EQ(difference(tuned, tuned), "");
    EXPECT_NE(difference(tuned, other).find("text space"), std::string::npos);
}

TEST(IndexIdentity, AForgottenModelIsNamedAndNoRebuildAdvised) {
    const IndexIdentity other{"clip-nano", "another", 64, 0, "another", "fp32"};
    const std::string message = refusal(tuned, other);
    EXPECT_NE(message.find("model clip-lite (128 dimensions), not model clip-nano (64 dimensions)"),
              std::string::npos)
        << message;
    EXPECT_NE(message.find("model.clip"), std::string::npos) << message;
    EXPECT_EQ(message.find("--rebuild"), std::string::npos) << message;
}

TEST(IndexIdentity, PrecisionHeadAndWeightsAreToldApart) {
    IndexIdentity other = tuned;
    other.model_hash = std::string("x");
    EXPECT_NE(refusal(tuned, other).find("fine-tuned head"), std::string::npos) << refusal(tuned, other);
    EXPECT_NE(refusal(tuned, other).find("--rebuild"), std::string::npos);
    other.model_hash = other.base_hash;  // output_dir has no fine-tuned model any more
    EXPECT_NE(refusal(tuned, other).find("without fine-tuning"), std::string::npos) << refusal(tuned, other);
    other.model_hash = other.base_hash = std::string("y");
    EXPECT_NE(refusal(tuned, other).find("other weights"), std::string::npos) << refusal(tuned, other);
    other.precision = std::string("int8");
    EXPECT_NE(refusal(tuned, other).find("precision fp32, not int8"), std::string::npos);
    EXPECT_NE(refusal(tuned, other).find("--set model.precision=fp32"), std::string::npos);
}

TEST(IndexIdentity, OfAnEarlierVersionWhatIsKnownIsSaid) {
    IndexIdentity stored = tuned, other = tuned;
    stored.base_hash = stored.precision = {};
    other.dimension = 64;
    EXPECT_NE(refusal(stored, other).find("vectors of 128 dimensions, not 64"), std::string::npos);
    other.dimension = 128;
    other.model_hash = std::string("hash-of-other");
    EXPECT_NE(refusal(stored, other).find("other weights, another precision or head"), std::string::npos);
}

TEST(IndexIdentity, ImportedVectorsAreNeverAdvisedAway) {
    const IndexIdentity imported{"v.npy", "hash-of-file", 128};
    EXPECT_TRUE(is_imported(imported));
    EXPECT_FALSE(is_imported(tuned));
    const std::string message = refusal(imported, tuned);
    EXPECT_NE(message.find("the vectors of v.npy"), std::string::npos) << message;
    EXPECT_EQ(message.find("--rebuild"), std::string::npos) << message;
    EXPECT_NE(message.find("another output_dir"), std::string::npos) << message;
}

}  // namespace
}  // namespace clipsim::testing
