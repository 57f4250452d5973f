#include "tokenizer_files.h"

#include <string_view>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/json_file.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t max_bytes = 64 << 20;  // CLIP's own are 1 MB and 4 MB
constexpr std::int64_t max_id = 16'000'000;

json parse(const fs::path& file) {
    return std::move(read_json_file(file, max_bytes).values);
}

Vocabulary read_vocabulary(const fs::path& file, const json& values) {
    if (!values.is_object() || values.empty())
        throw UsageError(concat(printable(file), ": no vocabulary (an object of tokens and their numbers)"));
    Vocabulary vocabulary;
    vocabulary.reserve(values.size());
    for (const auto& [token, id] : values.items()) {
        if (!id.is_number_integer() || id < 0 || id > max_id) {
            throw UsageError(
                concat(printable(file), ": the token \"", printable(token), "\" has no valid number"));
        }
        vocabulary.emplace(token, id.get<std::int32_t>());
    }
    return vocabulary;
}

// "left right"
std::pair<std::string, std::string> parse_merge(const fs::path& file, std::size_t number,
                                                std::string_view line) {
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos || blank == 0 || blank + 1 == line.size() ||
        line.find(' ', blank + 1) != std::string_view::npos) {
        throw UsageError(
            concat(printable(file), ": merge ", number, ": expected two tokens with a blank between them"));
    }
    return {std::string(line.substr(0, blank)), std::string(line.substr(blank + 1))};
}

Merges read_merges_text(const fs::path& file) {
    const std::string text = read_file(file, max_bytes);
    Merges merges;
    std::size_t number = 0;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        std::string_view line = std::string_view(text).substr(start, end - start);
        if (line.ends_with('\r')) line.remove_suffix(1);
        ++number;
        if (!line.empty() && !(number == 1 && line.starts_with("#version")))
            merges.push_back(parse_merge(file, number, line));
        start = end + 1;
    }
    return merges;
}

// A merge is "left right" or, in newer files, ["left", "right"].
Merges read_merges_json(const fs::path& file, const json& values) {
    Merges merges;
    if (!values.is_array()) throw UsageError(concat(printable(file), ": model.merges: expected a list"));
    for (const json& merge : values) {
        if (merge.is_string()) {
            merges.push_back(parse_merge(file, merges.size() + 1, merge.get<std::string>()));
        } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
            merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
        } else {
            throw UsageError(concat(printable(file), ": model.merges: merge ", merges.size() + 1,
                                    ": expected two tokens"));
        }
    }
    return merges;
}

TokenizerFiles read_tokenizer_json(const fs::path& file) {
    const json values = parse(file);
    const json model = values.value("model", json());
    if (!model.is_object() || model.value("type", json("BPE")) != "BPE" ||
        model.value("end_of_word_suffix", json()) != "</w>") {
        throw UsageError(
            concat(printable(file), ": not a CLIP tokenizer (BPE with \"</w>\" at the end of words)"));
    }
    return {file, read_vocabulary(file, model.value("vocab", json())),
            read_merges_json(file, model.value("merges", json()))};
}

}  // namespace

TokenizerFiles read_tokenizer_files(const fs::path& model_folder) {
    const fs::path vocabulary = model_folder / "vocab.json";
    const fs::path merges = model_folder / "merges.txt";
    const fs::path whole = model_folder / "tokenizer.json";
    std::error_code ignored;
    if (fs::exists(vocabulary, ignored) && fs::exists(merges, ignored))
        return {vocabulary, read_vocabulary(vocabulary, parse(vocabulary)), read_merges_text(merges)};
    if (fs::exists(whole, ignored)) return read_tokenizer_json(whole);
    throw UsageError(
        concat("the model folder ", printable(model_folder),
               " has no tokenizer: sentences need vocab.json and merges.txt, or tokenizer.json"));
}

}  // namespace clipsim
