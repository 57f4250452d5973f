#include "clipsim/data/loader.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/log.h"
#include "clipsim/core/parallel.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// A batch while its pictures are being loaded: every picture has its own slot, so workers need no lock to
// write.
struct PendingBatch {
    std::vector<LoadItem> items;
    PixelBuffer pixels;
    std::vector<std::string> reasons;  // why a picture was skipped; empty: it is there
    std::vector<std::string> hashes;
    std::size_t remaining = 0;
};

std::vector<std::vector<LoadItem>> cut_into_batches(std::vector<LoadItem> items, int batch_size) {
    const auto size = static_cast<std::size_t>(std::max(1, batch_size));
    std::vector<std::vector<LoadItem>> batches;
    for (std::size_t start = 0; start < items.size(); start += size) {
        const std::size_t end = std::min(items.size(), start + size);
        batches.emplace_back(std::make_move_iterator(items.begin() + static_cast<std::ptrdiff_t>(start)),
                             std::make_move_iterator(items.begin() + static_cast<std::ptrdiff_t>(end)));
    }
    return batches;
}

}  // namespace

// Buffers that are free, of the size that all full batches have.
class PixelBuffer::Pool {
  public:
    explicit Pool(std::size_t size) : size_(size) {}

    std::unique_ptr<float[]> take(std::size_t size) {
        {
            const std::lock_guard lock(mutex_);
            if (size <= size_ && !free_.empty()) {
                std::unique_ptr<float[]> memory = std::move(free_.back());
                free_.pop_back();
                return memory;
            }
        }
        return std::make_unique_for_overwrite<float[]>(std::max(size, size_));
    }

    void give_back(std::unique_ptr<float[]> memory) {
        const std::lock_guard lock(mutex_);
        if (free_.size() < most_free) free_.push_back(std::move(memory));
    }

  private:
    static constexpr std::size_t most_free = 4;
    std::size_t size_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<float[]>> free_;
};

PixelBuffer::PixelBuffer(std::shared_ptr<Pool> pool, std::size_t size)
    : pool_(std::move(pool)), memory_(pool_->take(size)), size_(size) {}
PixelBuffer::~PixelBuffer() {
    if (pool_ && memory_) pool_->give_back(std::move(memory_));
}
PixelBuffer::PixelBuffer(PixelBuffer&& other) noexcept
    : pool_(std::move(other.pool_)),
      memory_(std::move(other.memory_)),
      size_(std::exchange(other.size_, 0)) {}
PixelBuffer& PixelBuffer::operator=(PixelBuffer&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
}

struct ImageLoader::State {
    PreprocessSpec spec;
    OpenFunction open;
    LoaderOptions options;
    std::vector<SkippedImage> skipped;
    std::shared_ptr<PixelBuffer::Pool> buffers;

    std::mutex mutex;
    std::condition_variable work_ready, batch_ready;
    std::vector<std::vector<LoadItem>> waiting;  // batches not begun, from next_waiting on
    std::size_t next_waiting = 0;
    std::deque<std::unique_ptr<PendingBatch>> ahead;  // begun, in order
    std::size_t next_batch = 0,
                next_item = 0;  // the picture to begin next: position in `ahead`, in its items
    std::exception_ptr failure;
    bool stopping = false;
    std::vector<std::jthread> workers;  // last, so that they end before the rest goes

    void start() {
        std::size_t items = 0, largest = 0;
        for (const std::vector<LoadItem>& batch : waiting) {
            items += batch.size();
            largest = std::max(largest, batch.size());
        }
        buffers = std::make_shared<PixelBuffer::Pool>(largest * spec.values());
        const std::size_t count = std::max<std::size_t>(1, std::min(thread_count(options.workers), items));
        try {
            while (workers.size() < count) workers.emplace_back([this] { work(); });
        } catch (const std::system_error&) {
            if (workers.empty()) throw Error("cannot start a thread to load images; lower data.workers");
            // with fewer threads than asked for it is only slower
        }
    }

    // With the lock held: begins batches until enough are under way.
    void begin_batches() {
        while (next_waiting < waiting.size() &&
               ahead.size() < static_cast<std::size_t>(std::max(1, options.batches_ahead))) {
            auto batch = std::make_unique<PendingBatch>();
            batch->items = std::move(waiting[next_waiting++]);
            batch->remaining = batch->items.size();
            batch->reasons.resize(batch->items.size());
            batch->hashes.resize(batch->items.size());
            batch->pixels = PixelBuffer(buffers, batch->items.size() * spec.values());
            ahead.push_back(std::move(batch));
        }
    }

    // With the lock held: the next picture to load, if any.
    bool take(PendingBatch*& batch, std::size_t& item) {
        begin_batches();
        while (next_batch < ahead.size() && next_item >= ahead[next_batch]->items.size()) {
            ++next_batch;
            next_item = 0;
        }
        if (next_batch >= ahead.size()) return false;
        batch = ahead[next_batch].get();
        item = next_item++;
        return true;
    }

    void work() {
        std::unique_lock lock(mutex);
        while (true) {
            PendingBatch* batch = nullptr;
            std::size_t item = 0;
            work_ready.wait(lock, [&] { return stopping || take(batch, item); });
            if (stopping) return;
            lock.unlock();
            const bool loaded = load(*batch, item);
            lock.lock();
            if (!loaded) stopping = true;
            if (--batch->remaining == 0 || stopping) batch_ready.notify_all();
            if (stopping) work_ready.notify_all();
        }
    }

    // False when something other than a bad picture happened; `failure` then holds it.
    bool load(PendingBatch& batch, std::size_t item) {
        const LoadItem& what = batch.items[item];
        const std::span<float> out(batch.pixels.data() + item * spec.values(), spec.values());
        const std::string name = printable(what.path);
        try {
            fill(what, out, batch.hashes[item]);
        } catch (const Error& error) {
            const std::string reason = error.what();
            batch.reasons[item] =
                reason.find(name) != std::string::npos ? reason : concat(name, ": ", reason);
        } catch (const std::bad_alloc&) {
            batch.reasons[item] = name + ": not enough memory to decode it";
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!failure) failure = std::current_exception();
            return false;
        }
        return true;
    }

    void fill(const LoadItem& what, std::span<float> out, std::string& hash) const {
        const ImageSource source = open(what.path);
        if (options.hash_files) hash = hash_bytes(source.bytes());
        const int width = source.width(), height = source.height();
        if (width < 1 || height < 1) throw Error("a picture without pixels");
        std::optional<AugmentedView> view;
        if (what.view_seed) view = random_view(*what.view_seed, width, height);
        PicturePart part =
            source.decode(view ? part_in_view(width, height, *view) : part_in_crop(width, height, spec));
        normalise(view ? resize_view(part, spec, *view) : resize_and_crop(part, spec), spec, out);
        recycle(std::move(part.pixels));
    }

    // Drops the slots of skipped pictures.
    LoadedBatch collect(PendingBatch& pending) {
        LoadedBatch batch;
        const std::size_t values = spec.values();
        std::size_t kept = 0;
        for (std::size_t i = 0; i < pending.items.size(); ++i) {
            if (!pending.reasons[i].empty()) {
                log_warning("skipped " + pending.reasons[i]);
                skipped.push_back(
                    {pending.items[i].path, pending.items[i].tag, std::move(pending.reasons[i])});
                continue;
            }
            if (kept != i) {
                std::copy_n(pending.pixels.data() + i * values, values,
                            pending.pixels.data() + kept * values);
            }
            batch.tags.push_back(pending.items[i].tag);
            if (options.hash_files) batch.hashes.push_back(std::move(pending.hashes[i]));
            ++kept;
        }
        pending.pixels.shrink(kept * values);
        batch.pixels = std::move(pending.pixels);
        return batch;
    }
};

ImageLoader::ImageLoader(std::vector<LoadItem> items, const PreprocessSpec& spec, OpenFunction open,
                         LoaderOptions options)
    : ImageLoader(cut_into_batches(std::move(items), options.batch_size), spec, std::move(open), options) {}

ImageLoader::ImageLoader(std::vector<std::vector<LoadItem>> batches, const PreprocessSpec& spec,
                         OpenFunction open, LoaderOptions options)
    : state_(std::make_unique<State>()) {
    state_->spec = spec;
    state_->open = std::move(open);
    state_->options = options;
    state_->waiting = std::move(batches);
    state_->start();
}

ImageLoader::~ImageLoader() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->work_ready.notify_all();
}

std::optional<LoadedBatch> ImageLoader::next() {
    std::unique_ptr<PendingBatch> done;
    {
        std::unique_lock lock(state_->mutex);
        state_->begin_batches();
        if (state_->ahead.empty()) return std::nullopt;
        state_->work_ready.notify_all();
        state_->batch_ready.wait(lock,
                                 [&] { return state_->failure || state_->ahead.front()->remaining == 0; });
        if (state_->failure) std::rethrow_exception(state_->failure);
        done = std::move(state_->ahead.front());
        state_->ahead.pop_front();
        if (state_->next_batch > 0) {
            --state_->next_batch;
        } else {
            state_->next_item = 0;  // it was begun to the end
        }
        state_->begin_batches();
        state_->work_ready.notify_all();
    }
    return state_->collect(*done);
}

const std::vector<SkippedImage>& ImageLoader::skipped() const {
    return state_->skipped;
}

}  // namespace clipsim
