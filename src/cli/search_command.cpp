#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/image/extension.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/similar_images.h"
#include "clipsim/pipeline/vector_search.h"
#include "clipsim/search/report.h"
#include "commands.h"
#include "index_stats.h"
#include "search_prompt.h"

namespace clipsim::cli {

namespace {

struct SearchFlags {
    std::vector<std::filesystem::path> images;
    std::vector<std::filesystem::path> query_images;  // the original's --query_image
    std::vector<std::string> sentences;
    std::vector<std::string> added, subtracted;
    std::vector<std::string> where;
    std::optional<int> top_k;
    std::string format = "table";
    std::filesystem::path save;
    std::filesystem::path batch;
    std::filesystem::path vectors, output;
    bool stats = false;
    bool one_by_one = false;
    std::optional<float> min_score;
    bool include_self = false;
    bool interactive = false;
};

// What a user typed. A sentence that looks like the name of a photo is more likely a misspelt one.
Query query_of(const QueryTerm& term) {
    if (term.kind == QueryTerm::Kind::sentence && has_image_extension(term.value))
        log_warning(concat(printable(term.value), ": no such file; searching for it as a sentence"));
    return {term.value, {term}};
}

std::vector<Query> read_batch(const std::filesystem::path& file) {
    std::ifstream in;
    if (file != "-") {
        in.open(file);
        if (!in) throw UsageError(concat("--batch ", printable(file), ": the file can't be read"));
    }
    std::vector<Query> queries;
    for (std::string line; std::getline(file == "-" ? std::cin : in, line);) {
        if (const QueryTerm term = parse_term(line); !term.value.empty()) queries.push_back(query_of(term));
    }
    return queries;
}

std::vector<QueryTerm> parse_weighted_terms(const std::vector<std::string>& texts) {
    std::vector<QueryTerm> terms;
    for (const std::string& text : texts) terms.push_back(parse_weighted_term(text));
    return terms;
}

// What stands on the command line and in the batch file, each with what is added to it and subtracted from
// it.
std::vector<Query> queries_of(const SearchFlags& flags) {
    std::vector<Query> queries;
    for (const auto* images : {&flags.images, &flags.query_images}) {
        for (const std::filesystem::path& image : *images) queries.push_back(image_query(image));
    }
    for (const std::string& sentence : flags.sentences) queries.push_back(sentence_query(sentence));
    if (!flags.batch.empty()) {
        for (Query& query : read_batch(flags.batch)) queries.push_back(std::move(query));
    }
    const std::vector<QueryTerm> added = parse_weighted_terms(flags.added);
    const std::vector<QueryTerm> subtracted = parse_weighted_terms(flags.subtracted);
    if (queries.empty() && flags.batch.empty() && !added.empty()) queries.push_back({});
    for (Query& query : queries) query = combined(std::move(query), added, subtracted);
    return queries;
}

int run_prompt(SimilarImages& similar, const SimilarImages::Options& options, ReportFormat format,
               const std::filesystem::path& save, std::uint64_t max_pixels, const GlobalOptions& global) {
    SearchPrompt prompt(global.stop);
    std::vector<SkippedImage> skipped;
    while (const std::optional<std::string> line = prompt.next()) {
        const Query query = query_of(parse_term(*line));
        if (query.name.empty()) continue;
        const SimilarImages::Answers answers = similar.search(std::span(&query, 1), options);
        skipped.insert(skipped.end(), answers.skipped.begin(), answers.skipped.end());
        write_report(std::cout, answers.results, format);
        std::cout.flush();
        if (!save.empty() && !answers.results.empty())
            save_report(save, answers.results, answers.images, max_pixels);
    }
    return global.exit_code(skipped);
}

int search_matrix(const GlobalOptions& global, const SearchFlags& flags) {
    if (flags.output.extension() != ".npy")
        throw UsageError("--vectors wants --output FILE.npy, for the rows that are found");
    const Config config = global.config();
    const VectorSearchRequest request{flags.vectors, flags.output, flags.top_k.value_or(config.search.top_k),
                                      parse_image_filter(flags.where), flags.one_by_one};
    const VectorSearchSummary summary = search_vectors(config, request, global.run_options());
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

int search(const GlobalOptions& global, const SearchFlags& flags) {
    if (!flags.vectors.empty()) return search_matrix(global, flags);
    const ReportFormat format = parse_report_format(flags.format);
    const ImageFilter where = parse_image_filter(flags.where);
    const std::vector<Query> queries = queries_of(flags);
    if (queries.empty() && !flags.interactive) {
        throw UsageError(
            "no query: name an image, or use --text SENTENCE, --batch FILE or --interactive; see "
            "`clipsim search --help`");
    }

    const Config config = global.config();
    SimilarImages similar(config, global.run_options());
    SimilarImages::Options options;
    options.top_k = flags.top_k.value_or(config.search.top_k);
    options.min_score = flags.min_score;
    options.include_self = flags.include_self;
    options.where = where;
    if (flags.interactive)
        return run_prompt(similar, options, format, flags.save, config.data.max_pixels, global);

    const SimilarImages::Answers answers = similar.search(queries, options);
    if (answers.results.empty()) {
        throw UsageError(queries.size() == 1 ? answers.skipped.at(0).reason
                                             : "none of the queries is a readable image");
    }
    write_report(std::cout, answers.results, format);
    if (!flags.save.empty()) {
        save_report(flags.save, answers.results, answers.images, config.data.max_pixels);
        log_info(concat("picture: ", printable(flags.save)));
    }
    return global.exit_code(answers.skipped);
}

}  // namespace

Command search_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command = app.add_subcommand("search", "Find the photos most like an image or a sentence");
    const auto flags = std::make_shared<SearchFlags>();
    command->add_option("images", flags->images, "The query images")->type_name("IMAGE");
    command
        ->add_option("--query-image,--query_image", flags->query_images,
                     "A query image (the same as naming it)")
        ->type_name("IMAGE");
    command->add_option("--text", flags->sentences, "A sentence to search for; may be given again")
        ->type_name("SENTENCE")
        ->allow_extra_args(false);
    command
        ->add_option("--add", flags->added,
                     "Towards this image or sentence, too; with a weight before it: 0.5:cartoon")
        ->type_name("[WEIGHT:]WHAT")
        ->allow_extra_args(false);
    command->add_option("--subtract", flags->subtracted, "Away from this image or sentence; weights as above")
        ->type_name("[WEIGHT:]WHAT")
        ->allow_extra_args(false);
    command
        ->add_option("-k,--top-k,--top_k", flags->top_k,
                     "How many hits; by default search.top_k of the config")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000));
    command->add_option("--format", flags->format, "table, tsv, json or paths")->type_name("FORMAT");
    command->add_option("--save", flags->save, "A picture of query and hits (.png, .jpg) or a page (.html)")
        ->type_name("FILE");
    command
        ->add_option("--batch", flags->batch,
                     "A file with one query a line, a path or a sentence; - reads stdin")
        ->type_name("FILE");
    command->add_option("--min-score", flags->min_score, "Leave out hits below this cosine similarity")
        ->type_name("S")
        ->check(CLI::Range(-1.0, 1.0));
    command
        ->add_option("--where", flags->where,
                     "Only among images with label=NAME, folder=FOLDER or path=GLOB; != for all others, "
                     "NAME,NAME for either; given again, all have to hold")
        ->type_name("EXPRESSION")
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command
        ->add_option("--vectors", flags->vectors,
                     "Search with the rows of this matrix (float32 or float16, [Q, D]) in place of images")
        ->type_name("Q.npy");
    command->add_option("--output", flags->output, "With --vectors: the rows found, int64 [Q, k], best first")
        ->type_name("I.npy");
    command->add_flag("--stats", flags->stats,
                      "With --vectors: print a JSON object with times and parameters");
    command->add_flag("--one-by-one", flags->one_by_one,
                      "With --vectors: each query a search of its own, on one thread");
    command->add_flag("--include-self", flags->include_self, "Keep the query's own file among the hits");
    command->add_flag("--interactive", flags->interactive,
                      "A prompt that takes path after path, and sentences");
    return {command, [&global, flags] { return search(global, *flags); }};
}

}  // namespace clipsim::cli
