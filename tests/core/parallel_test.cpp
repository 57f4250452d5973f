#include "clipsim/core/parallel.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace clipsim::testing {
namespace {

// Which threads worked, when each holds its first piece until as many as can come are there (or, of more
// than could ever come, for a moment).
std::set<std::thread::id> threads_of(const ThreadPool& pool, std::size_t pieces, std::size_t expected) {
    std::mutex mutex;
    std::condition_variable changed;
    std::set<std::thread::id> seen;
    pool.parallel_for(pieces, 1, [&](std::size_t, std::size_t, std::size_t) {
        std::unique_lock lock(mutex);
        seen.insert(std::this_thread::get_id());
        changed.notify_all();
        changed.wait_for(lock, std::chrono::seconds(60), [&] { return seen.size() >= expected; });
    });
    return seen;
}

TEST(ThreadPool, DoesEverythingOnce) {
    for (const int threads : {1, 2, 5}) {
        const ThreadPool pool(threads);
        EXPECT_EQ(pool.size(), static_cast<std::size_t>(threads));
        std::vector<int> done(1000);
        pool.parallel_for(done.size(), 7, [&](std::size_t begin, std::size_t end, std::size_t worker) {
            EXPECT_LT(worker, pool.size());
            for (std::size_t i = begin; i < end; ++i) ++done[i];
        });
        EXPECT_EQ(done, std::vector<int>(1000, 1));
        pool.parallel_for(0, 8, [](std::size_t, std::size_t, std::size_t) { FAIL() << "nothing to do"; });
    }
}

TEST(ThreadPool, AsManyThreadsWorkAsItWasGivenAndTheCallerIsOneOfThem) {
    for (const int threads : {1, 2, 5}) {
        const auto expected = static_cast<std::size_t>(threads);
        const ThreadPool pool(threads);
        const std::set<std::thread::id> seen = threads_of(pool, 64, expected);
        EXPECT_EQ(seen.size(), expected);
        EXPECT_TRUE(seen.contains(std::this_thread::get_id()));
        EXPECT_EQ(threads_of(pool, 64, expected), seen) << "work after the first starts no threads";
        EXPECT_EQ(threads_of(ThreadPool(pool), 64, expected), seen) << "a copy has the same threads";
    }
    EXPECT_EQ(threads_of(ThreadPool(5), 2, 2).size(), 2U) << "no more threads than pieces";
}

TEST(ThreadPool, CallersThatMeetAndWorkWithinWorkAreServed) {
    const ThreadPool pool(3);
    std::atomic<int> done{0};
    const auto inner = [&](std::size_t begin, std::size_t end, std::size_t) {
        done += static_cast<int>(end - begin);
    };
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; ++caller) {
        callers.emplace_back([&] {
            for (int round = 0; round < 50; ++round) {
                pool.parallel_for(4, 1, [&](std::size_t begin, std::size_t end, std::size_t) {
                    for (std::size_t i = begin; i < end; ++i) pool.parallel_for(10, 3, inner);
                });
            }
        });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(done, 4 * 50 * 4 * 10);
}

TEST(ThreadPool, ThrowsOnWhatAPieceThrewAndServesOn) {
    const ThreadPool pool(2);
    for (int round = 0; round < 20; ++round) {
        EXPECT_THROW(pool.parallel_for(100, 1,
                                       [](std::size_t begin, std::size_t, std::size_t) {
                                           if (begin == 50) throw std::runtime_error("piece 50");
                                       }),
                     std::runtime_error);
    }
    EXPECT_EQ(threads_of(pool, 64, 2).size(), 2U);
}

TEST(ThreadCount, ZeroIsOnePerCore) {
    EXPECT_EQ(thread_count(3), 3U);
    EXPECT_GE(thread_count(0), 1U);
    EXPECT_EQ(ThreadPool(0).size(), thread_count(0));
}

}  // namespace
}  // namespace clipsim::testing
