// One object of a model's config, each value checked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "clipsim/weights/tower_config.h"

namespace clipsim {

class ConfigReader {
  public:
    // `where` begins messages: "config.json: vision_config."
    ConfigReader(const nlohmann::json& values, std::string where);

    // A whole number between 1 and `maximum`; `otherwise` where the key is absent (defaults are left out).
    int whole(const char* key, int otherwise, int maximum) const;
    double number(const char* key, double otherwise, double low, double high) const;  // low < x < high
    bool flag(const char* key, bool otherwise) const;
    Activation activation(const char* otherwise) const;  // of hidden_act
    [[noreturn]] void refuse(const char* key, const std::string& expected) const;

  private:
    bool has(const char* key) const;  // and not null

    const nlohmann::json& values_;
    std::string where_;
};

}  // namespace clipsim
