#include "listing.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/hub_cache.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t largest_file = UINT64_C(1) << 40;

// nullptr where `object` is not an object or lacks the key.
const Json* member(const Json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found == object.end() ? nullptr : &*found;
}

std::string text_of(const Json& object, const char* key) {
    const Json* value = member(object, key);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::optional<std::uint64_t> size_of(const Json& object, const std::string& file) {
    const Json* value = member(object, "size");
    if (value == nullptr || !value->is_number_unsigned()) return std::nullopt;
    return checked_size(value->get<std::uint64_t>(), file);
}

ListedFile listed_file(const Json& sibling, const std::string& hub) {
    ListedFile file;
    file.path = text_of(sibling, "rfilename");
    if (!is_safe_relative_path(file.path)) {
        throw Error(concat(hub, " lists a file name that does not stay in its folder: ",
                           printable(file.path.substr(0, 200))));
    }
    file.size = size_of(sibling, file.path);
    file.checksum = parse_checksum(text_of(sibling, "blobId"));
    if (const Json* lfs = member(sibling, "lfs"); lfs != nullptr && lfs->is_object()) {
        // The blob is a pointer file then; what it points to is what is downloaded.
        file.checksum = parse_checksum(text_of(*lfs, "sha256"));
        if (const auto size = size_of(*lfs, file.path)) file.size = size;
    }
    return file;
}

bool is_commit(std::string_view text) {
    return parse_checksum(text).has_value();
}

}  // namespace

const ListedFile* Listing::find(std::string_view path) const {
    const auto found = std::ranges::find(files, path, &ListedFile::path);
    return found == files.end() ? nullptr : &*found;
}

Listing parse_listing(std::string_view json, const std::string& hub) {
    const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
    const Json* siblings = member(root, "siblings");
    Listing listing;
    listing.commit = text_of(root, "sha");
    if (!is_commit(listing.commit) || siblings == nullptr || !siblings->is_array()) {
        throw Error(concat(hub, " does not answer as a model hub does; is HF_ENDPOINT right?"));
    }
    for (const Json& sibling : *siblings) listing.files.push_back(listed_file(sibling, hub));
    return listing;
}

std::uint64_t checked_size(std::uint64_t size, const std::string& file) {
    if (size > largest_file) {
        throw Error(
            concat("the hub states that ", printable(file), " has ", size, " bytes, which no model has"));
    }
    return size;
}

}  // namespace clipsim
