// Ctrl-C and SIGTERM as a std::stop_token.
#pragma once

#include <stop_token>
#include <thread>

namespace clipsim {

// While one lives, the first SIGINT or SIGTERM requests a stop and the second ends the process at once with
// exit code 130. There is one at a time: signals belong to the process. A signal that is ignored from the
// start (nohup) stays ignored.
class InterruptWatcher {
  public:
    InterruptWatcher();
    ~InterruptWatcher();

    std::stop_token token() const { return source_.get_token(); }

  private:
    std::stop_source source_;
    std::thread thread_;
};

// Throws Interrupted when a stop was requested. `kept` tells the user what is safe, e.g. "3 epochs are
// saved".
void throw_if_stopped(const std::stop_token& token, const char* kept);

}  // namespace clipsim
