// One object of a model's config, each value checked.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "clipsim/model/families/tower_config.h"

namespace clipsim {

class ConfigReader {
  public:
    // `where` begins messages: "config.json: vision_config."
    ConfigReader(const nlohmann::json& values, std::string where);

    // A whole number between 1 and `maximum`; `otherwise` where the key is absent (defaults are left out).
    int whole(const char* key, int otherwise, int maximum) const;
    double number(const char* key, double otherwise, double low, double high) const;  // low < x < high
    std::string text(const char* key, const char* otherwise) const;
    bool flag(const char* key, bool otherwise) const;
    Activation activation(const char* otherwise) const;  // of hidden_act
    std::array<float, 3> triple(const char* key, const std::array<float, 3>& otherwise) const;
    [[noreturn]] void refuse(const char* key, const std::string& expected) const;

  private:
    bool has(const char* key) const;  // and not null

    const nlohmann::json& values_;
    std::string where_;
};

// The value at a path of keys; null where it is missing.
nlohmann::json value_at(const nlohmann::json& values, const std::vector<const char*>& path);

}  // namespace clipsim
