// What is waited for, said when it takes longer than two seconds.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace clipsim {

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
