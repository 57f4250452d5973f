#include "clipsim/pipeline/steps/query.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "clipsim/core/error.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
#include "clipsim/image/extension.h"

namespace clipsim {

namespace {

// The text between a pair of quotes of this kind around all of the text.
std::optional<std::string_view> between(std::string_view text, char quote) {
    if (text.size() < 2 || text.front() != quote || text.back() != quote) return std::nullopt;
    return text.substr(1, text.size() - 2);
}

bool begins_like_a_path(std::string_view text) {
    return text.starts_with('/') || text.starts_with("./") || text.starts_with("../") ||
           text.starts_with("~/");
}

// Whether a text without quotes means a file, which may be missing. A folder in which one happens to be has
// the name of a class, say, but one that is spelt with a slash is a path.
bool means_a_file(std::string_view text) {
    if (text.empty()) return false;
    if (begins_like_a_path(text) || has_image_extension(std::filesystem::path(text))) return true;
    std::error_code ignored;
    const std::filesystem::file_status there = std::filesystem::status(std::filesystem::path(text), ignored);
    return std::filesystem::exists(there) &&
           (!std::filesystem::is_directory(there) || text.find('/') != std::string_view::npos);
}

std::string described(const QueryTerm& term, bool first) {
    const float size = term.weight < 0 ? -term.weight : term.weight;
    const std::string value =
        term.kind == QueryTerm::Kind::sentence ? concat('"', term.value, '"') : term.value;
    const char* sign = term.weight < 0 ? "- " : first ? "" : "+ ";
    return size == 1 ? concat(sign, value) : concat(sign, size, " ", value);
}

}  // namespace

bool Query::has_sentence() const {
    return std::ranges::any_of(terms,
                               [](const QueryTerm& term) { return term.kind == QueryTerm::Kind::sentence; });
}

std::vector<std::filesystem::path> Query::images() const {
    std::vector<std::filesystem::path> images;
    for (const QueryTerm& term : terms) {
        if (term.kind == QueryTerm::Kind::image) images.emplace_back(term.value);
    }
    return images;
}

Query image_query(const std::filesystem::path& image) {
    return {image.string(), {{QueryTerm::Kind::image, image.string(), 1}}};
}

Query sentence_query(const std::string& sentence) {
    if (trimmed(sentence).empty()) throw UsageError("an empty sentence is nothing to look for");
    return {sentence, {{QueryTerm::Kind::sentence, sentence, 1}}};
}

QueryTerm parse_term(std::string_view text) {
    text = trimmed(text);
    if (const auto quoted = between(text, '"')) {
        return {QueryTerm::Kind::sentence, std::string(*quoted), 1};
    }
    if (const auto quoted = between(text, '\'')) text = *quoted;
    if (!means_a_file(text)) return {QueryTerm::Kind::sentence, std::string(text), 1};
    std::error_code ignored;
    const bool there = std::filesystem::exists(std::filesystem::path(text), ignored);
    return {QueryTerm::Kind::image, there ? std::string(text) : expanded_home(text).string(), 1};
}

QueryTerm parse_weighted_term(std::string_view text) {
    const std::string_view whole = trimmed(text);
    float weight = 1;
    std::string_view rest = whole;
    if (const auto colon = whole.find(':'); colon != std::string_view::npos) {
        float number = 0;
        const char* end = whole.data() + colon;
        const auto [stop, error] = std::from_chars(whole.data(), end, number);
        if (error == std::errc() && stop == end && std::isfinite(number) && number > 0) {
            weight = number;
            rest = whole.substr(colon + 1);
        }
    }
    QueryTerm term = parse_term(rest);
    if (trimmed(term.value).empty()) {
        throw UsageError(concat("\"", text, "\": expected an image or a sentence, with or without a weight ",
                                "before it (0.5:cartoon)"));
    }
    term.weight = weight;
    return term;
}

Query combined(Query query, const std::vector<QueryTerm>& added, const std::vector<QueryTerm>& subtracted) {
    if (added.empty() && subtracted.empty()) return query;
    query.terms.insert(query.terms.end(), added.begin(), added.end());
    for (QueryTerm term : subtracted) {
        term.weight = -term.weight;
        query.terms.push_back(std::move(term));
    }
    query.name.clear();
    for (const QueryTerm& term : query.terms) {
        const std::string part = described(term, query.name.empty());
        query.name = query.name.empty() ? part : concat(query.name, ' ', part);
    }
    return query;
}

}  // namespace clipsim
