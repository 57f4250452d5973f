#include "config_reader.h"

#include <algorithm>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

using nlohmann::json;

ConfigReader::ConfigReader(const json& values, std::string where)
    : values_(values), where_(std::move(where)) {}

bool ConfigReader::has(const char* key) const {
    return values_.contains(key) && !values_[key].is_null();
}

int ConfigReader::whole(const char* key, int otherwise, int maximum) const {
    if (!has(key)) return otherwise;
    const json& value = values_[key];
    if (!value.is_number_integer() || value < 1 || value > maximum)
        refuse(key, concat("a whole number from 1 to ", maximum));
    return value.get<int>();
}

double ConfigReader::number(const char* key, double otherwise, double low, double high) const {
    if (!has(key)) return otherwise;
    const json& value = values_[key];
    if (!value.is_number() || !(value > low) || !(value < high))
        refuse(key, concat("a number between ", low, " and ", high));
    return value.get<double>();
}

std::string ConfigReader::text(const char* key, const char* otherwise) const {
    if (!values_.contains(key)) return otherwise;
    if (!values_[key].is_string()) refuse(key, concat("a text, such as \"", otherwise, '"'));
    return values_[key].get<std::string>();
}

bool ConfigReader::flag(const char* key, bool otherwise) const {
    if (!has(key)) return otherwise;
    if (!values_[key].is_boolean()) refuse(key, "true or false");
    return values_[key].get<bool>();
}

Activation ConfigReader::activation(const char* otherwise) const {
    const json value = has("hidden_act") ? values_["hidden_act"] : json(otherwise);
    if (value == "quick_gelu") return Activation::quick_gelu;
    if (value == "gelu") return Activation::gelu;
    refuse("hidden_act", "quick_gelu or gelu");
}

std::array<float, 3> ConfigReader::triple(const char* key, const std::array<float, 3>& otherwise) const {
    if (!values_.contains(key)) return otherwise;
    const json& value = values_[key];
    if (!value.is_array() || value.size() != 3 ||
        !std::ranges::all_of(value, [](const json& item) { return item.is_number(); }))
        refuse(key, "three numbers");
    return {value[0].get<float>(), value[1].get<float>(), value[2].get<float>()};
}

void ConfigReader::refuse(const char* key, const std::string& expected) const {
    const std::string got =
        values_.contains(key) ? values_[key].dump(-1, ' ', false, json::error_handler_t::replace) : "nothing";
    throw UsageError(concat(where_, key, ": expected ", expected, ", got ", printable(got.substr(0, 200))));
}

json value_at(const json& values, const std::vector<const char*>& path) {
    json value = values;
    for (const char* key : path) value = value.is_object() ? value.value(key, json()) : json();
    return value;
}

}  // namespace clipsim
