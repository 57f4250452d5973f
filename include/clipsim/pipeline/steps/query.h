// What is searched for: an image, a sentence, or several of them together.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace clipsim {

// One part of a query, and how much it counts.
struct QueryTerm {
    enum class Kind { image, sentence };
    Kind kind = Kind::image;
    std::string value;  // the path, or the words
    float weight = 1;   // below 0: away from it
};

// The unit vector along the weighted sum of the terms' unit vectors is what is searched with.
struct Query {
    std::string name;  // as the user gave it, for reports
    std::vector<QueryTerm> terms;

    bool has_sentence() const;
    std::vector<std::filesystem::path> images() const;
};

Query image_query(const std::filesystem::path& image);
Query sentence_query(const std::string& sentence);  // throws UsageError for an empty one

// A line or an argument: a path if there is such a file (a folder that is named without a slash is none), or
// if it ends like a picture's name or begins with "/", "./", "../" or "~/", there or not; otherwise a
// sentence. Text in double quotes is always a sentence; single quotes, as shells put them around paths, are
// removed.
QueryTerm parse_term(std::string_view text);

// The same with a weight before it or none: "cartoon", "0.5:cartoon", "2:./dog.jpg". A weight is a finite
// number above 0; what is none is part of the term. Throws UsageError for a term that is empty.
QueryTerm parse_weighted_term(std::string_view text);

// `query` with terms added to it and taken from it; its name then tells them: cat.jpg + "snow" - 0.5
// "cartoon".
Query combined(Query query, const std::vector<QueryTerm>& added, const std::vector<QueryTerm>& subtracted);

}  // namespace clipsim
