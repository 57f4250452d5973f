#include <fstream>
#include <iostream>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/similar_images.h"
#include "clipsim/search/report.h"
#include "commands.h"
#include "search_prompt.h"

namespace clipsim::cli {

namespace {

struct SearchFlags {
    std::vector<std::filesystem::path> images;
    std::vector<std::filesystem::path> query_images;  // the original's --query_image
    std::optional<int> top_k;
    std::string format = "table";
    std::filesystem::path save;
    std::filesystem::path batch;
    std::optional<float> min_score;
    bool include_self = false;
    bool interactive = false;
};

std::vector<std::filesystem::path> read_batch(const std::filesystem::path& file) {
    std::ifstream in;
    if (file != "-") {
        in.open(file);
        if (!in) throw UsageError(concat("--batch ", printable(file), ": the file can't be read"));
    }
    std::vector<std::filesystem::path> images;
    for (std::string line; std::getline(file == "-" ? std::cin : in, line);) {
        if (std::string name = unquoted(line); !name.empty()) images.emplace_back(std::move(name));
    }
    return images;
}

int run_prompt(SimilarImages& similar, const SimilarImages::Options& options, ReportFormat format,
               const std::filesystem::path& save, const GlobalOptions& global) {
    SearchPrompt prompt(global.stop);
    std::vector<SkippedImage> skipped;
    while (const std::optional<std::string> line = prompt.next()) {
        const std::filesystem::path image(*line);
        const SimilarImages::Answers answers = similar.search(std::span(&image, 1), options);
        skipped.insert(skipped.end(), answers.skipped.begin(), answers.skipped.end());
        write_report(std::cout, answers.results, format);
        std::cout.flush();
        if (!save.empty() && !answers.results.empty()) save_report(save, answers.results, answers.images);
    }
    return global.exit_code(skipped);
}

int search(const GlobalOptions& global, SearchFlags flags) {
    const ReportFormat format = parse_report_format(flags.format);
    std::vector<std::filesystem::path> images = std::move(flags.images);
    images.insert(images.end(), flags.query_images.begin(), flags.query_images.end());
    if (!flags.batch.empty()) {
        const std::vector<std::filesystem::path> batch = read_batch(flags.batch);
        images.insert(images.end(), batch.begin(), batch.end());
    }
    if (images.empty() && !flags.interactive) {
        throw UsageError(
            "no query: name an image, or use --batch FILE or --interactive; see `clipsim search --help`");
    }

    const Config config = global.config();
    SimilarImages similar(config, global.run_options());
    SimilarImages::Options options;
    options.top_k = flags.top_k.value_or(config.search.top_k);
    options.min_score = flags.min_score;
    options.include_self = flags.include_self;
    if (flags.interactive) return run_prompt(similar, options, format, flags.save, global);

    const SimilarImages::Answers answers = similar.search(images, options);
    if (answers.results.empty()) {
        throw UsageError(images.size() == 1 ? answers.skipped.at(0).reason
                                            : "none of the queries is a readable image");
    }
    write_report(std::cout, answers.results, format);
    if (!flags.save.empty()) {
        save_report(flags.save, answers.results, answers.images);
        log_info(concat("picture: ", printable(flags.save)));
    }
    return global.exit_code(answers.skipped);
}

}  // namespace

Command search_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command = app.add_subcommand("search", "Find the photos that look most like an image");
    const auto flags = std::make_shared<SearchFlags>();
    command->add_option("images", flags->images, "The query images")->type_name("IMAGE");
    command
        ->add_option("--query-image,--query_image", flags->query_images,
                     "A query image (the same as naming it)")
        ->type_name("IMAGE");
    command
        ->add_option("-k,--top-k,--top_k", flags->top_k,
                     "How many hits; by default search.top_k of the config")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000));
    command->add_option("--format", flags->format, "table, tsv, json or paths")->type_name("FORMAT");
    command->add_option("--save", flags->save, "A picture of query and hits (.png, .jpg) or a page (.html)")
        ->type_name("FILE");
    command->add_option("--batch", flags->batch, "A file with one query image a line; - reads stdin")
        ->type_name("FILE");
    command->add_option("--min-score", flags->min_score, "Leave out hits below this cosine similarity")
        ->type_name("S")
        ->check(CLI::Range(-1.0, 1.0));
    command->add_flag("--include-self", flags->include_self, "Keep the query's own file among the hits");
    command->add_flag("--interactive", flags->interactive, "A prompt that takes path after path");
    return {command, [&global, flags] { return search(global, *flags); }};
}

}  // namespace clipsim::cli
