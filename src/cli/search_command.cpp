#include <iostream>
#include <iterator>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/image/extension.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/search_images.h"
#include "clipsim/search/report.h"
#include "commands.h"
#include "query_lines.h"
#include "search_prompt.h"
#include "vectors_command.h"

namespace clipsim::cli {

namespace {

struct SearchFlags {
    std::vector<std::filesystem::path> images;
    std::vector<std::filesystem::path> query_images;  // the original's --query_image
    std::vector<std::string> sentences;
    std::vector<std::string> added, subtracted;
    std::string format = "table";
    std::filesystem::path save;
    std::filesystem::path batch;
    VectorSearchFlags matrix;  // of --vectors; -k and --where are everybody's
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

std::vector<QueryTerm> parse_weighted_terms(const std::vector<std::string>& texts) {
    std::vector<QueryTerm> terms;
    for (const std::string& text : texts) terms.push_back(parse_weighted_term(text));
    return terms;
}

std::vector<Query> command_line_queries(const SearchFlags& flags) {
    std::vector<Query> queries;
    for (const auto* images : {&flags.images, &flags.query_images}) {
        for (const std::filesystem::path& image : *images) queries.push_back(image_query(image));
    }
    for (const std::string& sentence : flags.sentences) queries.push_back(sentence_query(sentence));
    if (queries.empty() && flags.batch.empty() && !flags.added.empty()) queries.push_back({});
    return queries;
}

// The queries of the command line, then those of the batch as they come, each chunk answered before the next
// is read.
class QueryChunks {
  public:
    explicit QueryChunks(const SearchFlags& flags)
        : first_(command_line_queries(flags)),
          added_(parse_weighted_terms(flags.added)),
          subtracted_(parse_weighted_terms(flags.subtracted)) {
        if (!flags.batch.empty()) lines_.emplace(flags.batch);
    }

    // None at the end.
    std::vector<Query> next(const std::stop_token& stop) {
        std::vector<Query> queries = std::exchange(first_, {});
        while (queries.empty() && lines_) {
            const std::vector<std::string> lines = lines_->next(stop);
            if (lines.empty()) break;
            for (const std::string& line : lines) {
                if (const QueryTerm term = parse_term(line); !term.value.empty())
                    queries.push_back(query_of(term));
            }
        }
        for (Query& query : queries) query = combined(std::move(query), added_, subtracted_);
        return queries;
    }

  private:
    std::vector<Query> first_;
    std::vector<QueryTerm> added_, subtracted_;
    std::optional<QueryLines> lines_;
};

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

int search(const GlobalOptions& global, const SearchFlags& flags) {
    if (!flags.matrix.queries.empty()) {
        log_info("search --vectors Q.npy is now called `clipsim vectors search Q.npy`");
        return search_matrix(global, flags.matrix);
    }
    const ReportFormat format = parse_report_format(flags.format);
    SimilarImages::Options options;
    options.where = parse_image_filter(flags.matrix.where);
    QueryChunks chunks(flags);
    std::vector<Query> queries = chunks.next(global.stop);
    if (queries.empty() && !flags.interactive) {
        throw UsageError(
            "no query: name an image, or use --text SENTENCE, --batch FILE or --interactive; see "
            "`clipsim search --help`");
    }

    const Config config = global.config();
    SimilarImages similar(config, global.run_options());
    options.top_k = flags.matrix.top_k.value_or(config.search.top_k);
    options.min_score = flags.min_score;
    options.include_self = flags.include_self;
    if (flags.interactive)
        return run_prompt(similar, options, format, flags.save, config.data.max_pixels, global);

    SimilarImages::Answers all;  // the results for --save alone
    std::size_t asked = 0, answered = 0;
    for (; !queries.empty(); queries = chunks.next(global.stop)) {
        SimilarImages::Answers answers = similar.search(queries, options);
        if (!answers.results.empty()) write_report(std::cout, answers.results, format, answered > 0);
        std::cout.flush();
        asked += queries.size();
        answered += answers.results.size();
        const auto append = [](auto& to, auto& from) {
            to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
        };
        append(all.skipped, answers.skipped);
        if (flags.save.empty()) continue;
        append(all.results, answers.results);
        append(all.images, answers.images);
    }
    if (answered == 0) {
        throw UsageError(asked == 1 ? all.skipped.at(0).reason : "none of the queries is a readable image");
    }
    if (!flags.save.empty()) {
        save_report(flags.save, all.results, all.images, config.data.max_pixels);
        log_info(concat("picture: ", printable(flags.save)));
    }
    return global.exit_code(all.skipped);
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
    command->add_option("--format", flags->format, "table, tsv, json or paths")->type_name("FORMAT");
    command->add_option("--save", flags->save, "A picture of query and hits (.png, .jpg) or a page (.html)")
        ->type_name("FILE");
    command
        ->add_option("--batch", flags->batch,
                     "A file with one query per line, a path or a sentence; - reads stdin")
        ->type_name("FILE");
    command->add_option("--min-score", flags->min_score, "Leave out hits below this cosine similarity")
        ->type_name("S")
        ->check(CLI::Range(-1.0, 1.0));
    CLI::Option* vectors =
        command->add_option("--vectors", flags->matrix.queries, "As `clipsim vectors search` does")
            ->type_name("Q.npy");
    add_vector_search_flags(*command, flags->matrix);
    command->add_flag("--include-self", flags->include_self, "Keep the query's own file among the hits");
    command->add_flag("--interactive", flags->interactive,
                      "A prompt that takes path after path, and sentences");
    for (const char* name : {"--output", "--scores", "--stats", "--one-by-one"})
        command->get_option(name)->needs(vectors);
    vectors->needs(command->get_option("--output"));
    for (const char* name : {"images", "--query-image", "--text", "--add", "--subtract", "--batch"}) {
        command->get_option(name)->excludes(vectors);
        command->get_option(name)->excludes(command->get_option("--interactive"));
    }
    for (const char* name : {"--format", "--save", "--min-score", "--include-self", "--interactive"})
        command->get_option(name)->excludes(vectors);
    return {command, [&global, flags] { return search(global, *flags); }};
}

}  // namespace clipsim::cli
