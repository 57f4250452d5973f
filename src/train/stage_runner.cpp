#include "stage_runner.h"

#include <ATen/CPUGeneratorImpl.h>

#include <chrono>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/train/miners.h"
#include "clipsim/train/triplet_loss.h"
#include "metrics_log.h"
#include "training_memory.h"

namespace clipsim {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string summary(const EpochRecord& epoch, int total_epochs) {
    std::ostringstream out;
    out << "epoch " << epoch.epoch << '/' << total_epochs << " (stage " << epoch.stage << "): " << std::fixed
        << std::setprecision(4) << "loss " << epoch.loss << std::setprecision(2) << ", active "
        << epoch.active_share << ", d(a,p) " << epoch.positive_distance << ", d(a,n) "
        << epoch.negative_distance << std::setprecision(3) << "; held out: triplet accuracy "
        << epoch.validation.triplet_accuracy << ", Recall@1 " << epoch.validation.recall_at_1 << ", MAP@R "
        << epoch.validation.mean_average_precision_at_r << std::setprecision(1) << "; " << epoch.seconds
        << " s" << (epoch.best ? ", best so far" : "");
    return out.str();
}

const EpochRecord* best_of(std::span<const EpochRecord> epochs, std::optional<int> stage) {
    const EpochRecord* best = nullptr;
    for (const EpochRecord& epoch : epochs) {
        if (stage && epoch.stage != *stage) continue;
        if (best == nullptr || is_better(epoch.validation, best->validation)) best = &epoch;
    }
    return best;
}

}  // namespace

bool is_better(const RetrievalMetrics& a, const RetrievalMetrics& b) {
    if (a.mean_average_precision_at_r != b.mean_average_precision_at_r) {
        return a.mean_average_precision_at_r > b.mean_average_precision_at_r;
    }
    return a.triplet_accuracy > b.triplet_accuracy;
}

RunFiles::RunFiles(const std::filesystem::path& output_dir)
    : checkpoints(output_dir / "checkpoints"),
      best_model(checkpoints / "best_model.safetensors"),
      last_model(checkpoints / "last_model.safetensors"),
      last_state(checkpoints / "last_state.pt"),
      metrics(output_dir / "metrics.jsonl") {}

StageRunner::StageRunner(const TrainOptions& options, const RunFiles& files, const ClipModel& model,
                         ProjectionHead head, std::span<const int> train_labels,
                         std::span<const int> validation_labels, Keeper& keeper, TrainState& state)
    : options_(options),
      files_(files),
      model_(model),
      head_(std::move(head)),
      train_labels_(train_labels),
      validation_labels_(validation_labels),
      keeper_(keeper),
      state_(state),
      sampler_(train_labels, options.train.classes_per_batch, options.train.images_per_class,
               options.data.seed),
      steps_per_epoch_(static_cast<std::int64_t>(sampler_.epoch(0).size())),
      generator_(at::detail::createCPUGenerator(options.data.seed)) {
    if (state_.generator.defined()) generator_.set_state(state_.generator);
}

void StageRunner::run(Stage& stage, const StagePlan& plan, bool resumed) {
    const std::vector<ParameterGroup> groups = stage.parameter_groups();
    const torch::NoGradGuard no_grad;
    keeper_.remember(groups);  // before a resumed run's weights take their place
    if (!resumed) state_.parameters.clear();
    for (const ParameterGroup& group : groups) {
        for (const auto& [name, parameter] : group.parameters) {
            torch::Tensor live = parameter;
            if (resumed) live.copy_(state_.parameters.at(name));
            state_.parameters[name] = live;
        }
    }
    Optimizer optimizer(groups, plan.epochs * steps_per_epoch_);
    if (resumed) load_optimizer(files_.last_state, optimizer.adam());
    while (state_.cursor.epoch_in_stage < plan.epochs && !is_stalled(plan.number)) {
        run_epoch(stage, plan, optimizer);
        finish_epoch(stage, plan, optimizer);
        stop_if_asked();
    }
}

void StageRunner::run_epoch(Stage& stage, const StagePlan& plan, Optimizer& optimizer) {
    const torch::AutoGradMode with_gradients(true);
    TrainCursor& cursor = state_.cursor;
    const Clock::time_point start = Clock::now();
    const double seconds_before = cursor.seconds;
    const std::vector<std::vector<std::size_t>> batches = sampler_.epoch(epoch_number());
    const BatchStream next_batch =
        stage.batches(std::span(batches).subspan(static_cast<std::size_t>(cursor.step)), epoch_number());
    Progress progress(concat("epoch ", epoch_number()), "steps", batches.size(), options_.progress);
    progress.advance(static_cast<std::uint64_t>(cursor.step));
    while (true) {
        std::optional<TrainBatch> batch;
        run_training_work([&] {
            batch = next_batch();
            if (batch && batch->samples.size() > 1) take_step(stage, plan, optimizer, *batch);
        });
        if (!batch) break;
        ++cursor.step;
        progress.advance();
        cursor.seconds = seconds_before + seconds_since(start);
        if (options_.stop.stop_requested()) {
            save_state(optimizer);
            stop_if_asked();
        }
    }
}

void StageRunner::take_step(Stage& stage, const StagePlan& plan, Optimizer& optimizer,
                            const TrainBatch& batch) {
    TrainCursor& cursor = state_.cursor;
    std::vector<std::int64_t> labels;
    for (const std::size_t sample : batch.samples) labels.push_back(train_labels_[sample]);

    optimizer.zero_grad();
    const torch::Tensor embeddings = stage.embed(batch.input);
    const torch::Tensor distances = pairwise_distances(embeddings);
    const Triplets triplets = mine_triplets(options_.train.mining, distances,
                                            torch::tensor(labels, torch::kInt64).to(distances.device()),
                                            options_.train.margin, generator_);
    if (triplets.size() == 0) return;  // nothing in this batch violates the margin
    const TripletLoss loss = triplet_margin_loss(distances, triplets, options_.train.margin);
    const double value = loss.loss.item<double>();
    if (!std::isfinite(value)) {
        throw Error(concat("the loss became ", value, " in epoch ", epoch_number(), ": lower train.stage",
                           plan.number, ".learning_rate (now ", plan.learning_rate, ")"));
    }
    const torch::Tensor penalty = keeper_.penalty(embeddings, batch.samples);
    (penalty.defined() ? loss.loss + penalty : loss.loss).backward();
    optimizer.step(cursor.epoch_in_stage * steps_per_epoch_ + cursor.step);
    ++cursor.mined_steps;
    cursor.loss += value;
    cursor.active_share += loss.active_share;
    cursor.positive_distance += loss.positive_distance;
    cursor.negative_distance += loss.negative_distance;
}

void StageRunner::finish_epoch(Stage& stage, const StagePlan& plan, Optimizer& optimizer) {
    const Clock::time_point start = Clock::now();
    TrainCursor& cursor = state_.cursor;
    EpochRecord record;
    record.epoch = epoch_number();
    record.stage = plan.number;
    const auto steps = static_cast<double>(std::max<std::int64_t>(1, cursor.mined_steps));
    record.loss = cursor.loss / steps;
    record.active_share = cursor.active_share / steps;
    record.positive_distance = cursor.positive_distance / steps;
    record.negative_distance = cursor.negative_distance / steps;
    const std::int64_t last_step = (cursor.epoch_in_stage + 1) * steps_per_epoch_ - 1;
    record.learning_rate = plan.learning_rate * schedule(last_step, plan.epochs * steps_per_epoch_);
    std::optional<KeptWeights> kept(std::in_place, keeper_);
    run_training_work([&] {
        const torch::Tensor embedded = stage.embed_validation().contiguous();
        record.validation =
            retrieval_metrics({embedded.data_ptr<float>(), static_cast<std::size_t>(embedded.numel())},
                              static_cast<std::size_t>(embedded.size(1)), validation_labels_);
    });
    const EpochRecord* best = best_of(state_.epochs, std::nullopt);
    record.best = best == nullptr || is_better(record.validation, best->validation);
    record.seconds = cursor.seconds + seconds_since(start);
    state_.epochs.push_back(record);

    const CheckpointInfo info{model_.id, model_.hash, options_.model.projection_dim, plan.first_block,
                              record.epoch};
    if (record.best) save_checkpoint(files_.best_model, info, model_.tower, head_);
    save_checkpoint(files_.last_model, info, model_.tower, head_);
    kept.reset();
    if (plan.number == 1 && best_of(state_.epochs, 1) == &state_.epochs.back()) {
        state_.best_head = head_->linear->weight.detach().clone();
    }
    cursor = TrainCursor{.stage = plan.number, .epoch_in_stage = cursor.epoch_in_stage + 1};
    cursor.complete = plan.is_last && (cursor.epoch_in_stage == plan.epochs || is_stalled(plan.number));

    // The state last: when all of this is cut short, the epoch is run again and ends the same.
    write_metrics(files_.metrics, state_.epochs);
    save_state(optimizer);
    log_info(summary(record, options_.train.stage1_epochs() + options_.train.stage2_epochs()));
}

void StageRunner::save_state(Optimizer& optimizer) {
    state_.generator = generator_.get_state();
    save_train_state(files_.last_state, state_, optimizer.adam());
}

void StageRunner::stop_if_asked() const {
    if (!options_.stop.stop_requested() || state_.cursor.complete) return;
    const std::string within =
        state_.cursor.step > 0 ? concat(" and ", state_.cursor.step, " steps of the next") : std::string();
    throw Interrupted(concat("training stopped; ", state_.epochs.size(), " epochs", within,
                             " are saved: go on with `clipsim train --resume`"));
}

bool StageRunner::is_stalled(int stage) const {
    if (options_.train.early_stopping == 0) return false;
    const EpochRecord* best = best_of(state_.epochs, stage);
    return best != nullptr && epoch_number() - 1 - best->epoch >= options_.train.early_stopping;
}

}  // namespace clipsim
