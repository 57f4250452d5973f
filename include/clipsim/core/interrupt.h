// Ctrl-C and SIGTERM as a std::stop_token, without a signal handler and without global state.
#pragma once

#include <stop_token>
#include <thread>

namespace clipsim {

// Blocks SIGINT and SIGTERM in this thread (and so in those it starts later) and waits for them in a thread
// of its own. The first one requests a stop; the second ends the process at once with exit code 130.
// Construct it first thing in main.
class InterruptWatcher {
  public:
    InterruptWatcher();
    ~InterruptWatcher();
    InterruptWatcher(const InterruptWatcher&) = delete;
    InterruptWatcher& operator=(const InterruptWatcher&) = delete;

    std::stop_token token() const { return source_.get_token(); }

  private:
    std::stop_source source_;
    std::thread thread_;
};

// Throws Interrupted when a stop was requested. `kept` tells the user what is safe, e.g. "3 epochs are
// saved".
void throw_if_stopped(const std::stop_token& token, const char* kept);

}  // namespace clipsim
