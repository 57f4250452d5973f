#include "clipsim/pipeline/demonstrate.h"

#include <algorithm>

#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/files/file_name.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/data/catalogue.h"
#include "clipsim/data/split.h"
#include "clipsim/pipeline/search_images.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "clipsim/search/report.h"

namespace clipsim {

namespace {

// One photo per class, preferably a held-out one.
std::vector<std::size_t> pick_queries(const Catalogue& catalogue, const Split& split) {
    constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::vector<std::size_t> queries(catalogue.classes.size(), none);
    for (const std::vector<std::size_t>* part : {&split.unseen, &split.validation, &split.train}) {
        for (const std::size_t image : *part) {
            std::size_t& query = queries[static_cast<std::size_t>(catalogue.images[image].label)];
            if (query == none) query = image;
        }
    }
    std::erase(queries, none);
    return queries;
}

}  // namespace

std::vector<Demonstration> demonstrate(const Config& config, const RunOptions& run) {
    const Catalogue catalogue = scan_catalogue(config.data.root, scan_options(config));
    const Split split = split_images(catalogue, config.data);
    const OutputLayout layout(config);
    ensure_writable_folder(layout.results());
    SimilarImages similar(config, run);
    SimilarImages::Options options;
    options.top_k = config.search.top_k;

    std::vector<Demonstration> demonstrations;
    for (const std::size_t image : pick_queries(catalogue, split)) {
        throw_if_stopped(run.stop, "model and index are complete");
        const ImageFile& query = catalogue.images[image];
        const SimilarImages::Answers answers = similar.search(std::span(&query.path, 1), options);
        if (!answers.results.front().error.empty()) continue;  // unreadable, and named by the loader
        const std::string& label = catalogue.classes[static_cast<std::size_t>(query.label)];
        const std::vector<Hit>& hits = answers.results.front().hits;
        Demonstration demonstration{label, query.path, named_in(layout.results(), label, ".png"),
                                    static_cast<int>(hits.size()), 0};
        demonstration.hits_of_class =
            static_cast<int>(std::ranges::count_if(hits, [&](const Hit& hit) { return hit.label == label; }));
        save_report(demonstration.picture, answers.results, answers.images, config.data.max_pixels);
        demonstrations.push_back(std::move(demonstration));
    }
    return demonstrations;
}

}  // namespace clipsim
