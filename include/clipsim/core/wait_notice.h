// What is waited for, said when it takes longer than two seconds.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace clipsim {

// The clock of a wait that is looked at every now and then.
class PolledWait {
  public:
    using Clock = std::chrono::steady_clock;

    Clock::duration waited() const { return Clock::now() - start_; }
    // True once, when it has taken longer than two seconds: the moment to say what is waited for.
    bool is_to_be_told();

  private:
    Clock::time_point start_ = Clock::now();
    bool told_ = false;
};

// A line of the log, once, while the object lives. It has a thread of its own: whoever waits can't speak.
class WaitNotice {
  public:
    explicit WaitNotice(std::string what);  // "building the index of 200000 vectors"
    ~WaitNotice();
    WaitNotice(const WaitNotice&) = delete;
    WaitNotice& operator=(const WaitNotice&) = delete;

  private:
    std::mutex mutex_;
    std::condition_variable ended_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace clipsim
