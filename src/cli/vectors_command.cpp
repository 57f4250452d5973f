#include "vectors_command.h"

#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/files/own_output.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/index_vectors.h"
#include "clipsim/pipeline/search_vectors.h"
#include "clipsim/search/report.h"
#include "index_stats.h"

namespace clipsim::cli {

int index_matrix(const GlobalOptions& global, const VectorIndexFlags& flags) {
    const VectorIndexSummary summary =
        index_vectors(global.config(), flags.vectors, flags.names, flags.rebuild, global.run_options());
    log_info(concat(summary.report.total, " vectors in the index (", to_string(summary.report.type), "), ",
                    std::fixed, std::setprecision(1), summary.seconds, " s"));
    if (flags.stats) print_stats(summary.report);
    return 0;
}

void add_vector_search_flags(CLI::App& command, VectorSearchFlags& flags) {
    command.add_option("-o,--output", flags.output, "The rows found, int64 [Q, k], best first")
        ->type_name("I.npy");
    command.add_option("--scores", flags.scores, "Their cosine similarities, float32 [Q, k]")
        ->type_name("S.npy");
    command
        .add_option("-k,--top-k,--top_k", flags.top_k, "How many hits; by default search.top_k of the config")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000));
    command
        .add_option("--where", flags.where,
                    "Only among images with label=NAME, folder=FOLDER or path=GLOB; != for all others, "
                    "NAME,NAME for either; given again, all have to hold")
        ->type_name("EXPRESSION")
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command.add_flag("--stats", flags.stats, "Print a JSON object with times and parameters");
    command.add_flag("--one-by-one", flags.one_by_one, "Each query a search of its own, on one thread");
}

namespace {

bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
    const auto absolute = [](const auto& file) { return std::filesystem::absolute(file).lexically_normal(); };
    std::error_code ignored;
    return absolute(a) == absolute(b) || std::filesystem::equivalent(a, b, ignored);
}

void check_outputs(const VectorSearchFlags& flags) {
    std::vector<std::filesystem::path> taken{flags.queries};
    for (const std::filesystem::path& file : {flags.output, flags.scores.value_or("")}) {
        if (file.empty()) continue;
        if (file.extension() != ".npy")
            throw UsageError(concat(printable(file), ": the name of a matrix has to end in .npy"));
        for (const std::filesystem::path& other : taken) {
            if (is_same_file(file, other))
                throw UsageError(concat(printable(file),
                                        " is named twice; the outputs and the queries are files of "
                                        "their own"));
        }
        check_output(file, flags.force);
        taken.push_back(file);
    }
}

// An object a query, as `search --format json` has them; `query` is the row of the matrix.
void print_json(const std::vector<std::vector<FoundRow>>& found) {
    using Json = nlohmann::ordered_json;
    for (std::size_t query = 0; query < found.size(); ++query) {
        Json hits = Json::array();
        for (const FoundRow& hit : found[query]) {
            hits.push_back(
                {{"rank", hits.size() + 1}, {"row", hit.row}, {"name", hit.name}, {"score", hit.score}});
        }
        const Json object{{"query", query}, {"hits", std::move(hits)}};
        std::cout << object.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    }
}

void print_tsv(const std::vector<std::vector<FoundRow>>& found) {
    TextStream out;
    out << "query\tscore\trow\tname\n" << std::fixed << std::setprecision(6);
    for (std::size_t query = 0; query < found.size(); ++query) {
        for (const FoundRow& hit : found[query])
            out << query << '\t' << hit.score << '\t' << hit.row << '\t' << tsv_field(hit.name) << '\n';
    }
    std::cout << out.str();
}

int add(const GlobalOptions& global, const VectorIndexFlags& flags) {
    const VectorIndexSummary summary =
        add_vectors(global.config(), flags.vectors, flags.names, global.run_options());
    log_info(concat(summary.report.embedded, " vectors added, ", summary.report.total, " in the index (",
                    to_string(summary.report.type), "), ", std::fixed, std::setprecision(1), summary.seconds,
                    " s"));
    if (flags.stats) print_stats(summary.report);
    return 0;
}

struct RemoveFlags {
    std::vector<std::string> names;
    bool dry_run = false;
};

int remove(const GlobalOptions& global, const RemoveFlags& flags) {
    const std::vector<StoredImage> removed =
        remove_vectors(global.config(), flags.names, flags.dry_run, global.run_options());
    for (const StoredImage& vector : removed) std::cout << printable(vector.path) << '\n';
    log_info(concat(flags.dry_run ? "dry run: " : "", removed.size(),
                    removed.size() == 1 ? " vector" : " vectors", flags.dry_run ? " to remove" : " removed"));
    return 0;
}

}  // namespace

int search_matrix(const GlobalOptions& global, const VectorSearchFlags& flags) {
    if (flags.output.empty() && flags.format.empty())
        throw UsageError("--output I.npy or --format tsv or json is required: where the answer goes");
    check_outputs(flags);
    const Config config = global.config();
    const VectorSearchRequest request{flags.queries,
                                      flags.output,
                                      flags.top_k.value_or(config.search.top_k),
                                      parse_image_filter(flags.where),
                                      flags.one_by_one,
                                      flags.scores,
                                      !flags.format.empty()};
    const VectorSearchSummary summary = search_vectors(config, request, global.run_options());
    if (flags.format == "json") print_json(summary.found);
    if (flags.format == "tsv") print_tsv(summary.found);
    if (!flags.stats) return 0;
    nlohmann::ordered_json json;
    json["queries"] = summary.queries;
    json["seconds"] = summary.seconds;
    json["queries_per_second"] =
        summary.seconds > 0 ? static_cast<double>(summary.queries) / summary.seconds : 0.0;
    json["threads"] = summary.threads;
    json["load_seconds"] = summary.load_seconds;
    json["index_type"] = to_string(summary.parameters.type);
    json["parameters"] = parameters_json(summary.parameters);
    std::cout << json.dump() << '\n';
    return 0;
}

Command vectors_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command = app.add_subcommand("vectors", "Index and search matrices that other tools made");
    command->require_subcommand(1);
    CLI::App* indexing = command->add_subcommand("index", "Make an index of the rows of a matrix");
    const auto index_flags = std::make_shared<VectorIndexFlags>();
    indexing->add_option("vectors", index_flags->vectors, "float32 or float16, [N, D]")
        ->type_name("V.npy")
        ->required();
    indexing->add_option("--names", index_flags->names, "A file with one name per row")->type_name("FILE");
    indexing->add_flag("--rebuild", index_flags->rebuild, "Also in place of another index");
    indexing->add_flag("--stats", index_flags->stats,
                       "Print a JSON object: vectors, build_seconds, parameters");

    CLI::App* adding =
        command->add_subcommand("add", "Add the rows of a matrix to an index of other matrices");
    const auto add_flags = std::make_shared<VectorIndexFlags>();
    adding->add_option("vectors", add_flags->vectors, "float32 or float16, [N, D] with the D of the index")
        ->type_name("V.npy")
        ->required();
    adding->add_option("--names", add_flags->names, "A file with one name per row; else they are numbered on")
        ->type_name("FILE");
    adding->add_flag("--stats", add_flags->stats, "Print a JSON object: vectors, build_seconds, parameters");

    CLI::App* removing = command->add_subcommand("remove", "Take rows out of an index of matrices");
    const auto remove_flags = std::make_shared<RemoveFlags>();
    removing->add_option("names", remove_flags->names, "Names of rows, or globs such as 'row 1?'")
        ->type_name("NAME")
        ->required();
    removing->add_flag("--dry-run", remove_flags->dry_run, "Print what would be removed and leave it");

    CLI::App* searching = command->add_subcommand("search", "Find the rows nearest to those of a matrix");
    const auto search_flags = std::make_shared<VectorSearchFlags>();
    searching->add_option("queries", search_flags->queries, "float32 or float16, [Q, D]")
        ->type_name("Q.npy")
        ->required();
    add_vector_search_flags(*searching, *search_flags);
    searching->add_flag("--force", search_flags->force, "Also in place of files that clipsim did not write");
    searching
        ->add_option("--format", search_flags->format, "tsv or json: print names and scores of what is found")
        ->check(CLI::IsMember({"tsv", "json"}));
    return {
        command, [&global, indexing, index_flags, adding, add_flags, removing, remove_flags, search_flags] {
            if (indexing->parsed()) return index_matrix(global, *index_flags);
            if (adding->parsed()) return add(global, *add_flags);
            return removing->parsed() ? remove(global, *remove_flags) : search_matrix(global, *search_flags);
        }};
}

}  // namespace clipsim::cli
