// The section `index` of a config.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "clipsim/core/enum_names.h"
#include "clipsim/vectors/index_parameters.h"

namespace clipsim {

class ConfigTable;

enum class IndexBackend { faiss, postgres };
constexpr auto names_of(IndexBackend) {
    return std::array{"faiss", "postgres"};
}

// How the server is reached is libpq's business: its environment variables (PGHOST, PGPASSWORD, ...), or a
// service of its service file. No password comes here.
struct PostgresConfig {
    std::string service;             // of pg_service.conf; "": the environment alone
    std::string schema = "clipsim";  // of the database: one index each
    double timeout_s = 30;           // for a connection, and for the answer to a search
    std::string machine;  // whose photos the updates of this process bring; "": the machine's host name
};

struct IndexConfig : IndexParameters {
    IndexBackend backend = IndexBackend::faiss;
    PostgresConfig postgres;
    bool text_search = true;  // keep CLIP's own vectors beside the fine-tuned ones, for sentences
};

// The keys of the section, bound to `config`.
void add_keys(ConfigTable& table, IndexConfig& config);

// What an index notes of its parameters: the section, without what is not of them. Reading takes a whole
// section too; `origin` names it in messages. Throws UsageError naming the key and what was expected.
nlohmann::ordered_json parameters_to_json(const IndexParameters& parameters);
IndexParameters parameters_from_json(const nlohmann::ordered_json& section, const std::string& origin);

}  // namespace clipsim
