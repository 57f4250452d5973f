#include "clipsim/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "block_stage.h"
#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/files/file_lock.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/distributed/tensors.h"
#include "clipsim/model/model_description.h"
#include "features/feature_cache.h"
#include "fingerprint.h"
#include "head_stage.h"
#include "metrics/metrics_log.h"
#include "optimization/regularization.h"
#include "stage_runner.h"
#include "train_state.h"
#include "training_memory.h"

namespace clipsim {

namespace {

// One call of train().
class TrainingRun {
  public:
    TrainingRun(const TrainOptions& options, const Catalogue& catalogue, const Split& split,
                const OpenFunction& open)
        : options_(options), catalogue_(catalogue), split_(split), open_(open), files_(options.output_dir) {}

    TrainReport run() {
        const TrainConfig& train = options_.train;
        if (train.stage1_epochs() + train.stage2_epochs() == 0) {
            throw UsageError("train.epochs is 0: there is nothing to train; set it to 1 or more");
        }
        std::vector<int> labels;
        for (const std::size_t image : split_.train) labels.push_back(catalogue_.images[image].label);
        require_two_classes(labels);
        device_ = parse_device(options_.device);
        const ModelFiles model_files = find_model(options_.model.clip);
        model_ = load_clip_model(model_files);
        if (is_first()) note_assumed_preprocessing(model_files, model_.preprocess);
        boundary_ = model_.tower->layers() - std::min(model_.tower->layers(), train.stage2.unfreeze_blocks);
        state_.fingerprint = run_fingerprint(options_, model_.hash, catalogue_, split_);
        std::optional<FileLock> lock;
        if (is_first()) {
            ensure_writable_folder(files_.checkpoints);
            lock.emplace(files_.lock, concat("another clipsim trains in ", printable(options_.output_dir)),
                         "nothing was changed", options_.stop, FileLock::Kind::ofd,
                         std::chrono::milliseconds(0));
        }
        if (options_.resume) restore();
        if (!options_.resume && !options_.restart) respect_earlier_run();
        if (state_.cursor.complete) {
            log_info(concat("nothing to train: the run in ", printable(options_.output_dir),
                            " is complete, all ", state_.epochs.size(), " epochs of it"));
            if (is_first()) publish_best_model(files_);
            TrainReport result = report();
            result.was_finished = true;
            return result;
        }
        agree();
        if (is_first() && options_.on_start) options_.on_start();
        use_device(*options_.processes, device_);
        try {
            prepare();
            run_stages();
        } catch (...) {
            if (is_first()) publish_first_model(files_);
            throw;
        }
        if (is_first()) publish_best_model(files_);
        warn_if_worse();
        return report();
    }

  private:
    bool is_first() const { return options_.processes->is_first(); }

    void restore() {
        TrainState stored = load_train_state(files_.last_state);
        require_same_run(stored.fingerprint, state_.fingerprint);
        const StageEpochs before = epochs_of(stored.fingerprint), now = epochs_of(state_.fingerprint);
        if (now != before) {
            const int done = static_cast<int>(stored.epochs.size());
            if (now.total() < done) {
                throw UsageError(concat("cannot resume: the run has ", done,
                                        " epochs, and train.epochs asks for ", now.total(), "; set it to ",
                                        done, " or more"));
            }
            if (stored.cursor.stage == 2) {  // stage 1 is over
                options_.train.stage1.epochs = before.stage1;
                options_.train.stage2.epochs = std::max(0, now.total() - before.stage1);
            }
            stored.cursor.complete = stored.cursor.complete && now.total() <= before.total();
            stored.fingerprint = run_fingerprint(options_, model_.hash, catalogue_, split_);
        }
        state_ = std::move(stored);
    }

    void agree() const {
        auto facts = options_.agreement;
        facts.emplace_back("the model (the files of model.clip)", model_.hash);
        facts.emplace_back("the photos to train on (names under data.root)",
                           hash_of_images(catalogue_, split_.train));
        facts.emplace_back("the photos held out (names under data.root)",
                           hash_of_images(catalogue_, split_.validation));
        facts.emplace_back("the run", state_.fingerprint);
        facts.emplace_back("the epochs of the run that is resumed (last_state.pt)",
                           concat(state_.epochs.size(), " and ", state_.cursor.step, " steps"));
        options_.processes->require_same(facts);
    }

    // Nothing: there is none, or none that could be resumed.
    std::optional<TrainState> earlier_run() const {
        std::error_code ignored;
        if (!std::filesystem::exists(files_.last_state, ignored)) return std::nullopt;
        try {
            TrainState earlier = load_train_state(files_.last_state);
            if (earlier.epochs.empty() && earlier.cursor.step == 0) return std::nullopt;
            return earlier;
        } catch (const UsageError&) {
            return std::nullopt;
        }
    }

    void respect_earlier_run() {
        std::optional<TrainState> earlier = earlier_run();
        std::error_code ignored;
        if (!earlier || (earlier->cursor.complete && !std::filesystem::exists(files_.best_model, ignored) &&
                         !std::filesystem::exists(files_.unfinished_best_model, ignored)))
            return;  // nothing that could be lost
        const bool finished = earlier->cursor.complete;
        std::optional<std::string> other = difference(earlier->fingerprint, state_.fingerprint);
        if (!other && epochs_of(earlier->fingerprint) != epochs_of(state_.fingerprint))
            other = "train.epochs is another";
        if (finished && !other && options_.keep_finished) {
            state_ = std::move(*earlier);
            return;
        }
        throw UsageError(concat(
            printable(options_.output_dir), " holds ", finished ? "a finished" : "an unfinished",
            " training of ", earlier->epochs.size(), " epochs",
            options_.keep_finished && other ? concat(" (", *other, ")") : "", ": --resume goes on with it",
            finished ? " where train.epochs is larger" : "", ", --restart trains anew",
            finished ? " and keeps its model as previous_best_model.safetensors" : "",
            "; or set another output_dir"));
    }

    // The figures are comparable where the photos held out are the same ones.
    void warn_if_worse() const {
        if (!replaced_) return;
        const TrainReport now = report();
        if (!is_better(*replaced_, now.best, options_.train.monitor)) return;
        log_warning(concat("the model before this training was better on the held-out photos (MAP@R ",
                           replaced_->mean_average_precision_at_r, ", now ",
                           now.best.mean_average_precision_at_r, "); it is kept: rename ",
                           printable(files_.previous_best_model), " to ",
                           files_.best_model.filename().string(), " to have it back"));
    }

    // Reads the photos once and makes the head ready.
    void prepare() {
        run_training_work([&] { model_.tower->to(device_); });
        read_photos();
        head_ = ProjectionHead(model_.tower->dimension(), options_.model.projection_dim);
        head_->initialise_from(unit_features(train_.features));
        head_->to(device_);
        regularizer_.emplace(options_.train.regularization, unit_features(train_.features));
        if (options_.resume) {
            if (is_first()) write_metrics(files_.metrics, state_.epochs);
            return;
        }
        if (is_first()) put_earlier_run_aside();
        state_.before = clip_space_metrics();
        state_.best_head = head_->linear->weight.detach().clone();
    }

    // Its state and curve do not belong to this run; its model stays until this one is done.
    void put_earlier_run_aside() {
        const std::optional<TrainState> earlier = earlier_run();
        std::error_code ignored;
        if (earlier && earlier->cursor.complete) {
            std::filesystem::rename(files_.metrics, files_.previous_metrics, ignored);
            if (earlier->readable == state_.readable) replaced_ = best_of(earlier->epochs).validation;
        }
        for (const auto& file : {files_.last_state, files_.metrics, files_.unfinished_best_model})
            std::filesystem::remove(file, ignored);
    }

    void read_photos() {
        FeatureCacheOptions cache;
        cache.boundary = boundary_;
        cache.workers = options_.data.workers;
        cache.device = device_;
        cache.progress = options_.progress;
        cache.stop = options_.stop;
        cache.processes = options_.processes.get();
        cache.title = "reading photos to train on";
        // Stage 2 sees the photos as they are too, unless it augments them again each epoch.
        cache.keep_tokens = options_.train.stage2_epochs() > 0 &&
                            (!options_.data.augment || options_.train.augment_views > 0);
        train_ =
            cache_features(model_.tower, model_.preprocess, catalogue_, split_.train, open_, cache, skipped_);
        cache.title = "reading held-out photos";
        cache.keep_tokens = options_.train.stage2_epochs() > 0;
        validation_ = cache_features(model_.tower, model_.preprocess, catalogue_, split_.validation, open_,
                                     cache, skipped_);
        require_two_classes(train_.labels);
        warn_of_few_held_out();
        const std::string readable =
            hash_of_images(catalogue_, train_.images) + hash_of_images(catalogue_, validation_.images);
        if (options_.resume && readable != state_.readable) {
            throw UsageError(
                "cannot resume: data.root: other photos can be read now than in the interrupted run; "
                "restore them or train anew with --restart");
        }
        state_.readable = readable;
    }

    // Labels of photos to train on: before they are read, and of those that could be.
    void require_two_classes(const std::vector<int>& labels) const {
        std::map<int, int> sizes;
        for (const int label : labels) ++sizes[label];
        const auto usable = std::ranges::count_if(sizes, [](const auto& size) { return size.second >= 2; });
        if (usable >= 2) return;
        throw UsageError(concat(
            "training needs at least two classes (sub-folders) with three photos each, two to "
            "train on and one to hold out; ",
            printable(catalogue_.root), " has ", usable, " of them",
            skipped_.empty() ? std::string() : concat(" (", skipped_.size(), " photos could not be read)")));
    }

    void warn_of_few_held_out() const {
        std::map<int, int> held_out;
        for (const int label : validation_.labels) ++held_out[label];
        if (held_out.size() < 2 ||
            std::ranges::none_of(held_out, [](const auto& size) { return size.second >= 2; })) {
            log_warning(
                "too few held-out photos to tell epochs apart: raise data.val_fraction or add photos; the "
                "first "
                "epoch counts as the best");
        }
    }

    RetrievalMetrics clip_space_metrics() const {
        const torch::Tensor features = unit_features(validation_.features).cpu().contiguous();
        return retrieval_metrics({features.data_ptr<float>(), static_cast<std::size_t>(features.numel())},
                                 static_cast<std::size_t>(features.size(1)), validation_.labels,
                                 options_.pool, options_.stop);
    }

    void run_stages() {
        StageRunner runner(options_, files_, model_, head_, train_.labels, validation_.labels, *regularizer_,
                           state_);
        const TrainConfig& train = options_.train;
        const int layers = model_.tower->layers();
        bool resumed = options_.resume;
        if (state_.cursor.stage == 1) {
            HeadStage stage(head_, train_, validation_, train.stage1.learning_rate);
            const bool is_last = train.stage2_epochs() == 0;
            runner.run(stage, {1, train.stage1_epochs(), layers, train.stage1.learning_rate, is_last},
                       resumed);
            if (is_last) return;
            head_->linear->weight.set_data(state_.best_head.to(device_).clone());
            state_.cursor = TrainCursor{.stage = 2};
            resumed = false;
        }
        BlockStage stage({options_, catalogue_, open_, train_, validation_, skipped_}, model_, head_,
                         boundary_, device_);
        runner.run(stage, {2, train.stage2_epochs(), boundary_, train.stage2.learning_rate, true}, resumed);
    }

    // The last that was better than those before.
    static EpochRecord best_of(const std::vector<EpochRecord>& epochs) {
        EpochRecord best;
        for (const EpochRecord& epoch : epochs) {
            if (epoch.best) best = epoch;
        }
        return best;
    }

    TrainReport report() const {
        TrainReport result;
        result.before = state_.before;
        result.epochs = state_.epochs;
        const EpochRecord best = best_of(state_.epochs);
        result.best = best.validation;
        result.best_epoch = best.epoch;
        std::set<std::size_t> seen;  // an image that fails in one epoch fails in the next
        for (const SkippedImage& image : skipped_) {
            if (seen.insert(image.tag).second) result.skipped.push_back(image);
        }
        return result;
    }

    TrainOptions options_;  // of a resumed run, with the epochs that it is to have
    const Catalogue& catalogue_;
    const Split& split_;
    const OpenFunction& open_;
    RunFiles files_;
    torch::Device device_ = torch::kCPU;
    ClipModel model_;
    int boundary_ = 0;
    TrainState state_;
    CachedImages train_, validation_;
    std::vector<SkippedImage> skipped_;
    ProjectionHead head_{nullptr};
    std::optional<Regularizer> regularizer_;
    std::optional<RetrievalMetrics> replaced_;  // the best of a finished run that this one takes the place of
};

}  // namespace

TrainReport train(const TrainOptions& options, const Catalogue& catalogue, const Split& split,
                  const OpenFunction& open) {
    TrainOptions complete = options;
    if (!complete.processes) complete.processes = std::make_shared<ProcessGroup>();
    if (!complete.processes->is_first()) complete.progress = ProgressStyle::none;
    complete.device = device_of_process(options.device);
    return TrainingRun(complete, catalogue, split, open).run();
}

}  // namespace clipsim
