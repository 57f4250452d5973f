#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/files/own_output.h"
#include "clipsim/core/log.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
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
    bool print0 = false;
    bool force = false;
};

// What a user typed; none for a blank line. Quotes around nothing are a query without terms, which has an
// answer as every other line has one.
std::optional<Query> query_of(const std::string& line) {
    const QueryTerm term = parse_term(line);
    if (!trimmed(term.value).empty()) return Query{term.value, {term}};
    if (trimmed(line).empty()) return std::nullopt;
    return Query{line, {}};
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

// What can't be answered in any case is found before the model is loaded.
void check_files(const std::vector<QueryTerm>& terms, const char* hint) {
    for (const QueryTerm& term : terms) {
        std::error_code error;
        if (term.kind != QueryTerm::Kind::image || std::filesystem::exists(term.value, error)) continue;
        throw UsageError(concat("cannot read ", printable(term.value), ": ",
                                error ? error.message() : "no such file", "; ", hint));
    }
}

// The queries of the command line, then those of the batch as they come, each chunk answered before the next
// is read.
class QueryChunks {
  public:
    explicit QueryChunks(const SearchFlags& flags)
        : first_(command_line_queries(flags)),
          added_(parse_weighted_terms(flags.added)),
          subtracted_(parse_weighted_terms(flags.subtracted)) {
        const char* quotes = "a sentence that ends like a picture's name goes into double quotes";
        check_files(added_, quotes);
        check_files(subtracted_, quotes);
        if (first_.size() == 1 && flags.batch.empty())
            check_files(first_.front().terms, "--text SENTENCE searches for words");
        if (!flags.batch.empty()) lines_.emplace(flags.batch);
    }

    // None at the end.
    std::vector<Query> next(const std::stop_token& stop) {
        std::vector<Query> queries = std::exchange(first_, {});
        while (queries.empty() && lines_) {
            const std::vector<std::string> lines = lines_->next(stop);
            if (lines.empty()) break;
            for (const std::string& line : lines) {
                if (std::optional<Query> query = query_of(line)) queries.push_back(std::move(*query));
            }
        }
        for (Query& query : queries) {
            const bool is_empty_line = query.terms.empty() && !query.name.empty();
            if (!is_empty_line) query = combined(std::move(query), added_, subtracted_);
        }
        return queries;
    }

  private:
    std::vector<Query> first_;
    std::vector<QueryTerm> added_, subtracted_;
    std::optional<QueryLines> lines_;
};

// What --save makes a picture of: the queries that were answered.
class SavedReport {
  public:
    SavedReport(std::filesystem::path file, bool force) : file_(std::move(file)) {
        if (file_.empty()) return;
        check_report_name(file_);
        check_output(file_, force);
    }

    void add(SimilarImages::Answers& answers) {
        if (file_.empty()) return;
        for (std::size_t i = 0; i < answers.results.size(); ++i) {
            if (!answers.results[i].error.empty()) continue;
            results_.push_back(std::move(answers.results[i]));
            images_.push_back(std::move(answers.images[i]));
        }
    }

    // False: there is nothing to save.
    bool write(std::uint64_t max_pixels) {
        if (results_.empty()) return false;
        save_report(file_, results_, images_, max_pixels);
        results_.clear();
        images_.clear();
        return true;
    }

    const std::filesystem::path& file() const { return file_; }

  private:
    std::filesystem::path file_;
    std::vector<QueryResult> results_;
    std::vector<std::filesystem::path> images_;
};

bool was_answered(const QueryResult& result) {
    return result.error.empty();
}

int run_prompt(SimilarImages& similar, const SimilarImages::Options& options, ReportFormat format,
               const ReportOptions& report, SavedReport& saved, std::uint64_t max_pixels,
               const GlobalOptions& global) {
    SearchPrompt prompt(global.stop);
    std::vector<SkippedImage> skipped;
    std::size_t failed = 0;
    while (const std::optional<std::string> line = prompt.next()) {
        const std::optional<Query> query = query_of(*line);
        if (!query) continue;
        SimilarImages::Answers answers = similar.search(std::span(&*query, 1), options);
        skipped.insert(skipped.end(), answers.skipped.begin(), answers.skipped.end());
        failed += answers.failed;
        // A program that asks waits for its line of JSON.
        if (was_answered(answers.results.front()) || format == ReportFormat::json)
            write_report(std::cout, answers.results, format, report);
        std::cout.flush();
        saved.add(answers);
        saved.write(max_pixels);
    }
    return std::max(failed > 0 ? 1 : 0, global.exit_code(skipped));
}

int search(const GlobalOptions& global, const SearchFlags& flags) {
    if (!flags.matrix.queries.empty()) {
        log_info("search --vectors Q.npy is now called `clipsim vectors search Q.npy`");
        VectorSearchFlags matrix = flags.matrix;
        matrix.force = flags.force;
        return search_matrix(global, matrix);
    }
    const ReportFormat format = parse_report_format(flags.format);
    if (flags.print0 && format != ReportFormat::paths)
        throw UsageError("--print0 ends paths; it goes with --format paths");
    SavedReport saved(flags.save, flags.force);
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
    ReportOptions report;
    report.several = queries.size() > 1 || !flags.batch.empty();
    report.terminal = ::isatty(STDOUT_FILENO) == 1;
    if (flags.print0) report.line_end = '\0';
    options.go_on = report.several || flags.interactive;
    if (flags.interactive) {
        similar.warn_of_filter(options.where, false);
        return run_prompt(similar, options, format, report, saved, config.data.max_pixels, global);
    }

    std::vector<SkippedImage> skipped;
    std::size_t answered = 0, hits = 0, failed = 0;
    std::string problem;
    for (; !queries.empty(); queries = chunks.next(global.stop)) {
        SimilarImages::Answers answers = similar.search(queries, options);
        for (const QueryResult& result : answers.results) {
            answered += was_answered(result) ? 1 : 0;
            hits += result.hits.size();
            problem = result.error;
        }
        if (report.several || answered > 0) write_report(std::cout, answers.results, format, report);
        report.continued = true;
        std::cout.flush();
        skipped.insert(skipped.end(), answers.skipped.begin(), answers.skipped.end());
        failed += answers.failed;
        saved.add(answers);
    }
    if (answered == 0 && failed > 0) throw Error(concat("none of the queries was answered: ", problem));
    if (answered == 0) {
        const bool told = !global.quiet && global.log_level != "error" && global.log_level != "off";
        throw UsageError(report.several ? "none of the queries is a readable image"
                         : told         ? "the query can't be read, so nothing was searched for"
                                        : problem);
    }
    similar.warn_of_filter(options.where, hits == 0);
    if (saved.write(config.data.max_pixels)) log_info(concat("picture: ", printable(saved.file())));
    return std::max(failed > 0 ? 1 : 0, global.exit_code(skipped));
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
    command->add_flag("-0,--print0", flags->print0,
                      "End each path of --format paths with a NUL, for names with newlines");
    command->add_option("--save", flags->save, "A picture of query and hits (.png, .jpg) or a page (.html)")
        ->type_name("FILE");
    command->add_flag("--force", flags->force,
                      "Let --save (or --output) replace a file that clipsim did not write");
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
    for (const char* name :
         {"--format", "--print0", "--save", "--min-score", "--include-self", "--interactive"})
        command->get_option(name)->excludes(vectors);
    return {command, [&global, flags] { return search(global, *flags); }};
}

}  // namespace clipsim::cli
