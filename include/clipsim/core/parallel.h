// Work cut into pieces for a few threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>

namespace clipsim {

// 0 is one per core.
std::size_t thread_count(int wanted);

// A handle to a few threads that wait for work. Whoever owns the work makes one and passes it down; copies
// share the threads, which start when they are first needed and end with the last copy. Thread-safe: callers
// that meet share the threads, and one that finds them all busy does its work itself.
class ThreadPool {
  public:
    // Of `threads`, the calling one among them; 0: one per core.
    explicit ThreadPool(int threads = 0);

    std::size_t size() const { return size_; }

    // Calls work(begin, end, worker) until all of [0, count) is done, on the calling thread and on up to
    // size() - 1 others; worker is 0 .. size() - 1, and no two that work at once are the same. Pieces go to
    // whichever thread is free, so results must not depend on who does what. The first exception is thrown
    // on.
    template <typename Work>
    void parallel_for(std::size_t count, std::size_t piece, Work&& work) const {
        const std::size_t workers = std::min(size_, (count + piece - 1) / piece);
        if (workers <= 1) {
            if (count > 0) work(std::size_t{0}, count, std::size_t{0});
            return;
        }
        std::atomic<std::size_t> next{0};
        std::exception_ptr failure;
        std::mutex failure_mutex;
        run(workers, [&](std::size_t worker) {
            try {
                for (std::size_t begin = next.fetch_add(piece); begin < count; begin = next.fetch_add(piece))
                    work(begin, std::min(begin + piece, count), worker);
            } catch (...) {
                const std::scoped_lock lock(failure_mutex);
                if (!failure) failure = std::current_exception();
                next = count;
            }
        });
        if (failure) std::rethrow_exception(failure);
    }

  private:
    struct Threads;
    // Calls body(0) here and body(1) .. body(workers - 1) on threads that are free before it returns.
    void run(std::size_t workers, const std::function<void(std::size_t)>& body) const;

    std::size_t size_;
    std::shared_ptr<Threads> threads_;  // none where one does everything
};

}  // namespace clipsim
