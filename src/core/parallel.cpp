#include "clipsim/core/parallel.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "clipsim/core/cpu_quota.h"

namespace clipsim {

namespace {

// Threads beyond a quota would use it up together and then all stand still until the next period.
std::size_t usable_cpus() {
    const double cores = std::max(1U, std::thread::hardware_concurrency());
    return static_cast<std::size_t>(std::clamp(std::ceil(cpu_quota().value_or(cores)), 1.0, cores));
}

}  // namespace

std::size_t thread_count(int wanted) {
    static const std::size_t usable = usable_cpus();
    return wanted > 0 ? static_cast<std::size_t>(wanted) : usable;
}

struct ThreadPool::Threads {
    struct Job {
        const std::function<void(std::size_t)>& body;
        std::size_t workers;          // that it has room for
        std::size_t next_worker = 1;  // the caller is 0
        std::size_t running = 0;      // without the caller
    };

    std::mutex mutex;
    std::condition_variable has_work, has_finished;
    std::deque<Job*> jobs;  // with room for another worker
    bool ending = false;
    bool started = false;
    std::vector<std::thread> threads;

    ~Threads() {
        {
            const std::scoped_lock lock(mutex);
            ending = true;
        }
        has_work.notify_all();
        for (std::thread& thread : threads) thread.join();
    }

    void start(std::size_t count) {
        if (std::exchange(started, true)) return;
        try {
            for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this] { serve(); });
        } catch (const std::system_error&) {
            // with fewer threads than asked for it is only slower
        }
    }

    void serve() {
        std::unique_lock lock(mutex);
        while (true) {
            has_work.wait(lock, [&] { return ending || !jobs.empty(); });
            if (ending) return;
            Job& job = *jobs.front();
            const std::size_t worker = job.next_worker++;
            if (job.next_worker == job.workers) jobs.pop_front();
            ++job.running;
            lock.unlock();
            job.body(worker);
            lock.lock();
            if (--job.running == 0) has_finished.notify_all();
        }
    }
};

ThreadPool::ThreadPool(int threads)
    : size_(thread_count(threads)), threads_(size_ > 1 ? std::make_shared<Threads>() : nullptr) {}

void ThreadPool::run(std::size_t workers, const std::function<void(std::size_t)>& body) const {
    Threads& pool = *threads_;
    Threads::Job job{body, workers};
    {
        const std::scoped_lock lock(pool.mutex);
        pool.start(size_ - 1);
        pool.jobs.push_back(&job);
    }
    for (std::size_t i = 1; i < workers; ++i) pool.has_work.notify_one();
    body(0);
    std::unique_lock lock(pool.mutex);
    std::erase(pool.jobs, &job);  // there is nothing left for who has not come yet
    pool.has_finished.wait(lock, [&] { return job.running == 0; });
}

}  // namespace clipsim
