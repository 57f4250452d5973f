// Names of parameters by the table: what our towers call them (as Hugging Face's CLIPModel does) and what a
// file does.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "clipsim/model/families/tensor_names.h"

namespace clipsim {

constexpr const char* vision_positions = "vision_model.embeddings.position_embedding.weight";
constexpr const char* vision_blocks = "vision_model.encoder.layers.";
constexpr const char* text_blocks = "text_model.encoder.layers.";

// "name.*" stands for two, its weight and its bias.
struct NameRow {
    const char* tower;
    const char* file;
    int part = TensorName::whole;
    bool transposed = false;
    int leading_ones = 0;
};

void add_names(std::vector<TensorName>& names, std::span<const NameRow> rows, const std::string& tower_prefix,
               const std::string& file_prefix);
// The rows of every block, whose number follows the prefixes.
void add_blocks(std::vector<TensorName>& names, std::span<const NameRow> rows, int blocks,
                const std::string& tower_prefix, const std::string& file_prefix);

}  // namespace clipsim
