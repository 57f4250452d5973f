#include "stage_runner.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <iomanip>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/stopwatch.h"
#include "clipsim/core/text.h"
#include "metrics/metrics_log.h"
#include "training_memory.h"
#include "training_step.h"

namespace clipsim {

namespace {

std::string summary(const EpochRecord& epoch, int total_epochs) {
    TextStream out;
    out << "epoch " << epoch.epoch << '/' << total_epochs << " (stage " << epoch.stage << "): " << std::fixed
        << std::setprecision(4) << "loss " << epoch.loss << std::setprecision(2) << ", active "
        << epoch.active_share << ", d(a,p) " << epoch.positive_distance << ", d(a,n) "
        << epoch.negative_distance << std::setprecision(3) << "; held out: triplet accuracy "
        << epoch.validation.triplet_accuracy << ", Recall@1 " << epoch.validation.recall_at_1 << ", MAP@R "
        << epoch.validation.mean_average_precision_at_r << std::setprecision(1) << "; " << epoch.seconds
        << " s" << (epoch.best ? ", best so far" : "");
    return out.str();
}

torch::Tensor labels_tensor(std::span<const int> labels) {
    return torch::tensor(std::vector<std::int64_t>(labels.begin(), labels.end()), torch::kInt64);
}

double value_of(const RetrievalMetrics& metrics, Monitor monitor) {
    switch (monitor) {
        case Monitor::mean_average_precision_at_r:
            return metrics.mean_average_precision_at_r;
        case Monitor::r_precision:
            return metrics.r_precision;
        case Monitor::recall_at_1:
            return metrics.recall_at_1;
        case Monitor::recall_at_5:
            return metrics.recall_at_5;
        case Monitor::triplet_accuracy:
            return metrics.triplet_accuracy;
    }
    return 0;
}

std::int64_t steps_of(std::size_t batches, int accumulated) {
    const auto size = static_cast<std::size_t>(accumulated);
    return static_cast<std::int64_t>((batches + size - 1) / size);
}

}  // namespace

bool is_better(const RetrievalMetrics& a, const RetrievalMetrics& b, Monitor monitor) {
    const double left = value_of(a, monitor), right = value_of(b, monitor);
    if (left != right) return left > right;
    if (a.mean_average_precision_at_r != b.mean_average_precision_at_r) {
        return a.mean_average_precision_at_r > b.mean_average_precision_at_r;
    }
    return a.triplet_accuracy > b.triplet_accuracy;
}

StageRunner::StageRunner(const TrainOptions& options, const RunFiles& files, const ClipModel& model,
                         ProjectionHead head, std::span<const int> train_labels,
                         std::span<const int> validation_labels, Regularizer& regularizer, TrainState& state)
    : options_(options),
      files_(files),
      model_(model),
      head_(std::move(head)),
      train_labels_(train_labels),
      validation_labels_(validation_labels),
      regularizer_(regularizer),
      state_(state),
      sampler_(train_labels, options.train.classes_per_batch, options.train.images_per_class,
               options.data.seed),
      steps_per_epoch_(steps_of(sampler_.epoch(0).size(), options.train.accumulate_batches)),
      generator_(at::detail::createCPUGenerator(options.data.seed)) {
    if (state_.generator.defined()) generator_.set_state(state_.generator);
}

StageRunner::Running StageRunner::begin(Stage& stage, const StagePlan& plan, bool resumed) {
    const torch::NoGradGuard no_grad;
    const TrainConfig& config = options_.train;
    std::vector<ParameterGroup> groups = stage.parameter_groups();
    NamedTensors model_parameters;
    for (const ParameterGroup& group : groups)
        model_parameters.insert(group.parameters.begin(), group.parameters.end());

    regularizer_.remember(groups);  // before a resumed run's weights take their place

    const int classes = 1 + *std::ranges::max_element(train_labels_);
    std::unique_ptr<MetricLoss> loss = make_loss(config, classes, options_.model.projection_dim, generator_);
    loss->start_from(stage.embed_training(), labels_tensor(train_labels_));
    if (!loss->parameters().empty())
        groups.push_back({loss->parameters(), config.proxy_anchor.learning_rate});

    if (!resumed) state_.parameters.clear();
    for (const ParameterGroup& group : groups) {
        for (const auto& [name, parameter] : group.parameters) {
            torch::Tensor live = parameter;
            if (resumed) live.copy_(state_.parameters.at(name));
            state_.parameters[name] = live;
        }
    }
    Running running{
        stage,
        plan,
        std::move(loss),
        std::make_unique<Optimizer>(groups, config, plan.epochs * steps_per_epoch_),
        std::make_unique<WeightAverage>(model_parameters, config.ema_decay),
        LossScaler(stage.needs_loss_scaling()),
        CrossBatchMemory(config.cross_batch_memory),
    };
    if (resumed) {
        load_optimizer(files_.last_state, running.optimizer->adam());
        running.average->restore(state_.averages, state_.averaged_steps);
        running.scaler.restore(state_.loss_scale);
        if (state_.memory_labels.defined()) {
            const torch::Device device = head_->linear->weight.device();
            running.memory.restore(state_.memory_embeddings.to(device), state_.memory_labels.to(device));
        }
    }
    return running;
}

void StageRunner::run(Stage& stage, const StagePlan& plan, bool resumed) {
    Running running = begin(stage, plan, resumed);
    // So that there is a state to resume from, whenever a process is lost.
    if (processes().size() > 1 && !resumed) save_state(running);
    while (state_.cursor.epoch_in_stage < plan.epochs && !is_stalled(plan.number)) {
        run_epoch(running);
        const torch::NoGradGuard no_grad;
        finish_epoch(running);
        stop_if_asked();
    }
    if (plan.is_last && !state_.cursor.complete) {  // resumed with as many epochs as there are, or stalled
        state_.cursor.complete = true;
        save_state(running);
    }
}

void StageRunner::run_epoch(Running& running) {
    const torch::AutoGradMode with_gradients(true);
    TrainCursor& cursor = state_.cursor;
    const Stopwatch stopwatch;
    const double seconds_before = cursor.seconds;
    const std::vector<std::vector<std::size_t>> batches = sampler_.epoch(epoch_number());
    const std::vector<std::vector<std::size_t>> own =
        own_parts(batches, static_cast<std::size_t>(cursor.step));
    const BatchStream next_batch = running.stage.batches(own, epoch_number());
    const auto accumulated = static_cast<std::size_t>(options_.train.accumulate_batches);
    Progress progress(concat("epoch ", epoch_number()), "steps", batches.size(), options_.progress);
    progress.advance(static_cast<std::uint64_t>(cursor.step));
    for (auto left = batches.size() - static_cast<std::size_t>(cursor.step); left > 0;) {
        const std::size_t count = std::min(accumulated, left);
        run_training_work([&] {
            std::vector<TrainBatch> step;
            for (std::size_t i = 0; i < count; ++i) {
                std::optional<TrainBatch> batch = next_batch();
                step.push_back(batch ? std::move(*batch) : TrainBatch{});
            }
            take_step_or_save(running, step);
        });
        left -= count;
        cursor.step += static_cast<std::int64_t>(count);
        progress.advance(count);
        cursor.seconds = seconds_before + stopwatch.seconds();
        if (options_.after_step) options_.after_step(epoch_number(), cursor.step);
        if (processes().any(options_.stop.stop_requested())) {
            save_state(running);
            throw_interrupted();
        }
    }
}

// This process's part of each batch from `first` on.
std::vector<std::vector<std::size_t>> StageRunner::own_parts(
    const std::vector<std::vector<std::size_t>>& batches, std::size_t first) const {
    std::vector<std::vector<std::size_t>> parts;
    for (std::size_t i = first; i < batches.size(); ++i) {
        const auto [begin, end] = processes().share_of(batches[i].size());
        parts.emplace_back(batches[i].begin() + static_cast<std::ptrdiff_t>(begin),
                           batches[i].begin() + static_cast<std::ptrdiff_t>(end));
    }
    return parts;
}

// When another process is lost within the step, the state before it is what a resumed run starts from.
void StageRunner::take_step_or_save(Running& running, std::span<const TrainBatch> batches) {
    if (processes().size() == 1) return take_step(running, batches);
    const torch::Tensor drawn = generator_.get_state();
    const CrossBatchMemory memory = running.memory;
    try {
        take_step(running, batches);
    } catch (const LostProcessError& error) {
        generator_.set_state(drawn);
        running.memory = memory;
        save_state(running);
        throw LostProcessError(concat(error.what(), "; resume with `clipsim train --resume`"));
    }
}

void StageRunner::take_step(Running& running, std::span<const TrainBatch> batches) {
    TrainCursor& cursor = state_.cursor;
    running.optimizer->zero_grad();
    const LossValue value =
        backpropagate({running.stage, *running.loss, running.memory, regularizer_, processes()},
                      {batches, train_labels_}, running.scaler.scale());
    if (value.is_empty) return;  // nothing in these batches to learn from
    const double loss = value.loss.item<double>();
    if (!std::isfinite(loss)) refuse("the loss", running.plan);
    const std::int64_t step =
        cursor.epoch_in_stage * steps_per_epoch_ + cursor.step / options_.train.accumulate_batches;
    if (running.scaler.unscale(running.optimizer->parameters())) {
        if (!running.optimizer->step(step)) refuse("the gradient", running.plan);
        running.average->update();
    } else if (running.scaler.is_exhausted()) {
        refuse("the gradient", running.plan);
    }
    ++cursor.mined_steps;
    cursor.loss += loss;
    cursor.active_share += value.active_share;
    cursor.positive_distance += value.positive_distance;
    cursor.negative_distance += value.negative_distance;
}

void StageRunner::finish_epoch(Running& running) {
    const Stopwatch stopwatch;
    const StagePlan& plan = running.plan;
    const TrainConfig& config = options_.train;
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
    record.learning_rate = plan.learning_rate * learning_rate_share(config.schedule, config.warmup, last_step,
                                                                    plan.epochs * steps_per_epoch_);
    validate_and_save_models(running, record);
    record.seconds = cursor.seconds + stopwatch.seconds();
    state_.epochs.push_back(record);
    cursor = TrainCursor{.stage = plan.number, .epoch_in_stage = cursor.epoch_in_stage + 1};
    cursor.complete = plan.is_last && (cursor.epoch_in_stage == plan.epochs || is_stalled(plan.number));

    // The state last: when all of this is cut short, the epoch is run again and ends the same.
    if (processes().is_first()) write_metrics(files_.metrics, state_.epochs);
    save_state(running);
    log_info(summary(record, config.stage1_epochs() + config.stage2_epochs()));
}

// Of the averaged weights, where there is an average, and of what train.regularization makes of them.
void StageRunner::validate_and_save_models(Running& running, EpochRecord& record) {
    const WeightAverage::Scope averaged(*running.average);
    std::optional<InterpolatedWeights> kept(std::in_place, regularizer_);
    run_training_work([&] {
        // A stop request waits for it, lest the epoch be lost.
        const torch::Tensor embedded = running.stage.embed_validation().contiguous();
        if (!embedded.isfinite().all().item<bool>())
            refuse("what the model makes of the held-out photos", running.plan);
        record.validation =
            retrieval_metrics({embedded.data_ptr<float>(), static_cast<std::size_t>(embedded.numel())},
                              static_cast<std::size_t>(embedded.size(1)), validation_labels_, options_.pool);
    });
    const Monitor monitor = options_.train.monitor;
    const EpochRecord *best = best_of(std::nullopt), *best_of_stage = best_of(record.stage);
    record.best = best == nullptr || is_better(record.validation, best->validation, monitor);
    const CheckpointInfo info{model_.id, model_.hash, options_.model.projection_dim, running.plan.first_block,
                              record.epoch};
    if (processes().is_first()) {
        if (record.best) save_checkpoint(files_.unfinished_best_model, info, model_.tower, head_);
        save_checkpoint(files_.last_model, info, model_.tower, head_);
    }
    kept.reset();
    if (record.stage == 1 &&
        (best_of_stage == nullptr || is_better(record.validation, best_of_stage->validation, monitor))) {
        state_.best_head = head_->linear->weight.detach().clone();
    }
}

void StageRunner::save_state(Running& running) {
    if (!processes().is_first()) return;
    state_.generator = generator_.get_state();
    state_.averages = running.average->averages();
    state_.averaged_steps = running.average->steps();
    state_.loss_scale = running.scaler.state();
    state_.memory_embeddings = running.memory.embeddings();
    state_.memory_labels = running.memory.labels();
    save_train_state(files_.last_state, state_, running.optimizer->adam());
}

const EpochRecord* StageRunner::best_of(std::optional<int> stage) const {
    const EpochRecord* best = nullptr;
    for (const EpochRecord& epoch : state_.epochs) {
        if (stage && epoch.stage != *stage) continue;
        if (best == nullptr || is_better(epoch.validation, best->validation, options_.train.monitor))
            best = &epoch;
    }
    return best;
}

void StageRunner::stop_if_asked() {
    if (processes().any(options_.stop.stop_requested()) && !state_.cursor.complete) throw_interrupted();
}

void StageRunner::refuse(const char* what, const StagePlan& plan) const {
    throw Error(concat(
        what, " became infinite or NaN in epoch ", epoch_number(), ", so training stopped; the models of ",
        "the epochs before are kept. Lower train.stage", plan.number, ".learning_rate (now ",
        plan.learning_rate, ")", options_.train.amp == Amp::off ? "" : " or set train.amp to off",
        ", then `clipsim train --restart`"));
}

void StageRunner::throw_interrupted() const {
    const std::string within =
        state_.cursor.step > 0 ? concat(" and ", state_.cursor.step, " steps of the next") : std::string();
    throw Interrupted(concat("training stopped; ", state_.epochs.size(), " epochs", within,
                             " are saved: resume with `clipsim train --resume`"));
}

bool StageRunner::is_stalled(int stage) const {
    if (options_.train.early_stopping == 0) return false;
    const EpochRecord* best = best_of(stage);
    return best != nullptr && epoch_number() - 1 - best->epoch >= options_.train.early_stopping;
}

}  // namespace clipsim
