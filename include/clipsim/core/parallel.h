// Work cut into pieces for a few threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace clipsim {

inline std::size_t thread_count(int wanted) {
    return wanted > 0 ? static_cast<std::size_t>(wanted) : std::max(1u, std::thread::hardware_concurrency());
}

// Calls work(begin, end, worker) until all of [0, count) is done; worker counts from 0. Pieces go to
// whichever thread is free, so results must not depend on who does what. The first exception is thrown on.
template <typename Work>
void parallel_for(std::size_t count, std::size_t threads, std::size_t piece, Work&& work) {
    threads = std::min(threads, (count + piece - 1) / piece);
    if (threads <= 1) {
        if (count > 0) work(std::size_t{0}, count, std::size_t{0});
        return;
    }
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex failure_mutex;
    const auto run = [&](std::size_t worker) {
        try {
            for (std::size_t begin = next.fetch_add(piece); begin < count; begin = next.fetch_add(piece))
                work(begin, std::min(begin + piece, count), worker);
        } catch (...) {
            const std::scoped_lock lock(failure_mutex);
            if (!failure) failure = std::current_exception();
            next = count;
        }
    };
    {
        std::vector<std::jthread> helpers;
        for (std::size_t worker = 1; worker < threads; ++worker) helpers.emplace_back(run, worker);
        run(0);
    }
    if (failure) std::rethrow_exception(failure);
}

}  // namespace clipsim
