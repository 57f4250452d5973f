#include "clipsim/pipeline/train_model.h"

#include <algorithm>
#include <functional>

#include "clipsim/codecs/encode.h"
#include "clipsim/codecs/open_image.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/distributed/process_group.h"
#include "clipsim/model/embedder.h"
#include "clipsim/pictures/charts.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "clipsim/pipeline/steps/rank_facts.h"

namespace clipsim {

namespace {

ChartSeries series(const std::vector<EpochRecord>& epochs, const std::string& name,
                   const std::function<double(const EpochRecord&)>& value) {
    ChartSeries result{name, {}, {}};
    for (const EpochRecord& epoch : epochs) {
        result.x.push_back(epoch.epoch);
        result.y.push_back(value(epoch));
    }
    return result;
}

void draw_curves(const std::filesystem::path& file, const std::vector<EpochRecord>& epochs) {
    if (epochs.empty()) return;
    std::vector<double> stage_starts;
    const auto second =
        std::find_if(epochs.begin(), epochs.end(), [](const EpochRecord& e) { return e.stage == 2; });
    if (second != epochs.end() && second != epochs.begin()) stage_starts.push_back(second->epoch - 0.5);

    Chart training{"Training", "epoch", {}, stage_starts};
    training.series.push_back(series(epochs, "loss", [](const EpochRecord& e) { return e.loss; }));
    training.series.push_back(
        series(epochs, "active triplets", [](const EpochRecord& e) { return e.active_share; }));
    Chart distances{"Mean distances of the mined triplets", "epoch", {}, stage_starts};
    distances.series.push_back(
        series(epochs, "anchor to positive", [](const EpochRecord& e) { return e.positive_distance; }));
    distances.series.push_back(
        series(epochs, "anchor to negative", [](const EpochRecord& e) { return e.negative_distance; }));
    Chart validation{"Held-out photos", "epoch", {}, stage_starts};
    validation.series.push_back(series(epochs, "triplet accuracy",
                                       [](const EpochRecord& e) { return e.validation.triplet_accuracy; }));
    validation.series.push_back(
        series(epochs, "Recall@1", [](const EpochRecord& e) { return e.validation.recall_at_1; }));
    validation.series.push_back(series(
        epochs, "MAP@R", [](const EpochRecord& e) { return e.validation.mean_average_precision_at_r; }));
    write_picture(file, draw_charts({training, distances, validation}));
}

}  // namespace

TrainReport train_model(const Config& config, const RunOptions& run, const TrainRequest& request) {
    const OutputLayout layout(config);
    const auto processes = ProcessGroup::from_environment(config.distributed.timeout_s, run.stop);
    if (!processes->is_first()) set_log_level(LogLevel::warning);
    const Catalogue catalogue = scan_catalogue(config.data.root, scan_options(config));
    const Split split = split_images(catalogue, config.data);
    log_info(concat(catalogue.images.size(), " photos in ", catalogue.classes.size(),
                    " classes: ", split.train.size(), " to train on, ", split.validation.size(), " held out",
                    split.unseen.empty() ? std::string()
                                         : concat(", ", split.unseen.size(), " of classes held out whole")));
    set_compute_threads(threads_of_process(run.threads));
    TrainOptions options;
    options.model = config.model;
    options.train = config.train;
    options.data = config.data;
    options.output_dir = config.output_dir;
    options.device = run.device;
    options.resume = request.resume;
    options.restart = request.restart;
    options.keep_finished = request.keep_finished;
    options.progress = run.progress;
    options.stop = run.stop;
    options.on_start = [&] { prepare_output(config); };
    options.pool = ThreadPool(threads_of_process(run.threads));
    options.processes = processes;
    options.agreement = rank_facts(request.resume    ? "train --resume"
                                   : request.restart ? "train --restart"
                                                     : "train",
                                   config);
    try {
        TrainReport report = train(options, catalogue, split, image_opener(config.data.max_pixels));
        if (processes->is_first()) draw_curves(layout.curves(), report.epochs);
        for (const UnseenPlace& place : catalogue.unseen)
            report.skipped.push_back({place.path, 0, place.problem});
        return report;
    } catch (const Interrupted&) {
        // The epochs that were finished deserve their picture.
        std::error_code ignored;
        if (processes->is_first() && std::filesystem::exists(layout.metrics(), ignored)) {
            draw_curves(layout.curves(), read_metrics(layout.metrics()));
        }
        throw;
    }
}

}  // namespace clipsim
