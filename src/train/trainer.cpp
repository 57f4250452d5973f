#include "clipsim/train/trainer.h"

#include <algorithm>
#include <map>
#include <set>

#include "block_stage.h"
#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/distributed/tensors.h"
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
        device_ = parse_device(options_.device);
        model_ = load_clip_model(find_model(options_.model.clip));
        boundary_ = model_.tower->layers() - std::min(model_.tower->layers(), train.stage2.unfreeze_blocks);
        state_.fingerprint = run_fingerprint(options_, model_.hash, catalogue_, split_);
        if (options_.resume) restore();
        if (state_.cursor.complete) {
            log_info(concat("nothing to resume: this run is complete, all ", state_.epochs.size(),
                            " epochs of it"));
            return report();
        }
        if (is_first()) ensure_writable_folder(files_.checkpoints);
        use_device(*options_.processes, device_);
        prepare();
        run_stages();
        return report();
    }

  private:
    bool is_first() const { return options_.processes->is_first(); }

    void restore() {
        TrainState stored = load_train_state(files_.last_state);
        require_same_run(stored.fingerprint, state_.fingerprint);
        state_ = std::move(stored);
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
        // An earlier run's state and curve do not belong to this one; its models stay until there are better
        // ones.
        std::error_code ignored;
        if (is_first()) {
            std::filesystem::remove(files_.last_state, ignored);
            std::filesystem::remove(files_.metrics, ignored);
        }
        state_.before = clip_space_metrics();
        state_.best_head = head_->linear->weight.detach().clone();
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
        require_two_classes();
        const std::string readable =
            hash_of_images(catalogue_, train_.images) + hash_of_images(catalogue_, validation_.images);
        if (options_.resume && readable != state_.readable) {
            throw UsageError(
                "cannot resume: data.root: other photos can be read now than in the interrupted run; "
                "restore them or train without --resume");
        }
        state_.readable = readable;
    }

    void require_two_classes() const {
        std::map<int, int> sizes;
        for (const int label : train_.labels) ++sizes[label];
        const auto usable = std::ranges::count_if(sizes, [](const auto& size) { return size.second >= 2; });
        if (usable < 2) {
            throw UsageError(concat(printable(catalogue_.root),
                                    ": training needs two classes with two readable photos "
                                    "each in the training part; there ",
                                    usable == 1 ? "is " : "are ", usable, " (", skipped_.size(),
                                    " photos could not be read)"));
        }
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

    TrainReport report() const {
        TrainReport result;
        result.before = state_.before;
        result.epochs = state_.epochs;
        for (const EpochRecord& epoch : state_.epochs) {
            if (!epoch.best) continue;
            result.best = epoch.validation;
            result.best_epoch = epoch.epoch;
        }
        std::set<std::size_t> seen;  // an image that fails in one epoch fails in the next
        for (const SkippedImage& image : skipped_) {
            if (seen.insert(image.tag).second) result.skipped.push_back(image);
        }
        return result;
    }

    const TrainOptions& options_;
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
