#include "clipsim/index/folder/manifest.h"

#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/text.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "clipsim/index/index_config.h"
#include "clipsim/index/index_roots.h"

namespace clipsim {

namespace {

constexpr std::uint64_t max_manifest_bytes = 1 << 20;

// A whole number; json's own exception for any other value, where get() would convert a fraction, which is
// undefined when it is out of range.
template <typename T>
T whole(const nlohmann::ordered_json& number) {
    return static_cast<T>(number.get_ref<const std::int64_t&>());
}

template <typename T>
T whole(const nlohmann::ordered_json& json, const char* key, T otherwise) {
    return json.contains(key) ? whole<T>(json.at(key)) : otherwise;
}

FileChecksum parse_checksum(const nlohmann::ordered_json& json) {
    return {json.at("index_hash").get<std::string>(),
            {whole<std::uint64_t>(json, "index_size", 0), whole<std::int64_t>(json, "index_mtime_ns", 0)}};
}

void write_checksum(nlohmann::ordered_json& json, const FileChecksum& checksum) {
    json["index_hash"] = checksum.hash;
    json["index_size"] = checksum.stamp.size;
    json["index_mtime_ns"] = checksum.stamp.mtime_ns;
}

Manifest parse_manifest(const nlohmann::ordered_json& json) {
    Manifest manifest;
    manifest.schema_version = whole<int>(json.at("schema_version"));
    if (manifest.schema_version > Manifest::current_schema_version) return manifest;
    manifest.identity.model_id = json.at("model").at("id").get<std::string>();
    manifest.identity.model_hash = json.at("model").at("hash").get<std::string>();
    manifest.identity.dimension = whole<int>(json.at("dimension"));
    manifest.metric = json.at("metric").get<std::string>();
    manifest.parameters = parameters_from_json(json.at("index"), "the manifest");
    manifest.images = whole<std::int64_t>(json.at("images"));
    manifest.vectors = whole<std::int64_t>(json.at("vectors"));
    manifest.generation = whole<std::uint64_t>(json.at("generation"));
    manifest.image_checksum = parse_checksum(json);
    manifest.last_id = whole<std::int64_t>(json, "last_id", -1);
    manifest.built_from = whole<std::int64_t>(json, "built_from", manifest.vectors);
    std::string roots;
    if (json.contains("roots")) {
        for (const nlohmann::ordered_json& root : json["roots"]) roots += root.get<std::string>() + '\n';
    }
    manifest.roots = decode_paths(roots);
    if (json.contains("text")) {
        manifest.identity.text_dimension = whole<int>(json["text"].at("dimension"));
        manifest.text_checksum = parse_checksum(json["text"]);
    }
    return manifest;
}

}  // namespace

bool is_derived_from(const Manifest& manifest, const SqliteStore& store) {
    const std::uint64_t generation = store.generation();
    if (manifest.last_id < 0) return manifest.generation == generation;  // an older one, or it can't be told
    return manifest.generation <= generation && manifest.generation >= store.removed_since();
}

Manifest read_manifest(const std::filesystem::path& file) {
    Manifest manifest;
    try {
        manifest = parse_manifest(nlohmann::ordered_json::parse(read_file(file, max_manifest_bytes)));
    } catch (const nlohmann::json::exception&) {
        throw UsageError(concat(printable(file), " is damaged; run `clipsim index`"));
    } catch (const UsageError& error) {
        throw UsageError(concat(error.what(), "; run `clipsim index`"));
    }
    if (manifest.schema_version > Manifest::current_schema_version) {
        throw NewerIndexError(concat(printable(file), " was written by a newer clipsim (schema ",
                                     manifest.schema_version, ", this one knows ",
                                     Manifest::current_schema_version,
                                     "); use that one or run `clipsim index --rebuild`"));
    }
    return manifest;
}

std::string remedy_of_damage(const std::filesystem::path& folder) {
    try {
        const IndexIdentity identity = read_manifest(folder / "manifest.json").identity;
        if (is_imported(identity))
            return concat("`clipsim vectors index ", printable(identity.model_id),
                          " --rebuild` makes it anew");
    } catch (const Error&) {  // missing or damaged too
    }
    return "`clipsim index --rebuild` makes it anew of the photos";
}

void write_manifest(const std::filesystem::path& file, const Manifest& manifest) {
    nlohmann::ordered_json json;
    json["schema_version"] = manifest.schema_version;
    json["model"]["id"] = manifest.identity.model_id;
    json["model"]["hash"] = manifest.identity.model_hash;
    json["dimension"] = manifest.identity.dimension;
    json["metric"] = manifest.metric;
    json["index"] = parameters_to_json(manifest.parameters);
    json["images"] = manifest.images;
    json["vectors"] = manifest.vectors;
    json["generation"] = manifest.generation;
    json["last_id"] = manifest.last_id;
    json["built_from"] = manifest.built_from;
    json["roots"] = nlohmann::ordered_json::array();
    for (const std::filesystem::path& root : manifest.roots) {
        std::string line = encode_paths(std::span(&root, 1));
        line.pop_back();
        json["roots"].push_back(std::move(line));
    }
    write_checksum(json, manifest.image_checksum);
    if (manifest.identity.text_dimension > 0) {
        json["text"]["dimension"] = manifest.identity.text_dimension;
        write_checksum(json["text"], manifest.text_checksum);
    }
    using ErrorHandler = nlohmann::ordered_json::error_handler_t;
    write_file_atomically(file, json.dump(2, ' ', false, ErrorHandler::replace) + "\n");
}

}  // namespace clipsim
