// Where the golden models lie, and comparisons of vectors.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <string>
#include <vector>

#include "clipsim/model/clip_model.h"
#include "clipsim/model/safetensors.h"
#include "message_of.h"

namespace clipsim::testing {

inline const std::vector<std::string> golden_models{"quick_gelu_fp32", "gelu_fp32", "quick_gelu_fp16",
                                                    "quick_gelu_bf16", "openai_end_of_text"};

inline std::filesystem::path golden_folder(const std::string& name) {
    return std::filesystem::path(CLIPSIM_FIXTURES) / "model" / name;
}

inline std::filesystem::path format_folder(const std::string& name) {
    return std::filesystem::path(CLIPSIM_FIXTURES) / "formats" / name;
}

inline ClipModel golden_model(const std::string& name) {
    return load_clip_model(find_model(golden_folder(name).string()));
}

// pixels, image_embeds, hidden_1, text_ids, text_embeds: see make_model_fixtures.py.
inline torch::Tensor golden(const std::string& name, const std::string& tensor) {
    return SafetensorsFile(golden_folder(name) / "expected.safetensors").tensor(tensor).clone();
}

inline double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
    return (a - b).abs().max().item<double>();
}

// The lowest cosine similarity of two matrices' rows.
inline double lowest_cosine(const torch::Tensor& a, const torch::Tensor& b) {
    return torch::cosine_similarity(a.to(torch::kFloat64), b.to(torch::kFloat64), 1).min().item<double>();
}

}  // namespace clipsim::testing
