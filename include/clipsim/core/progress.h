// Progress of long work: a bar with rate and time left on a terminal, a log line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace clipsim {

enum class ProgressStyle { automatic, log_lines, none };  // automatic: a bar where stderr is a terminal

class Progress {
  public:
    // `unit` is what is counted, e.g. "images"; total 0: how many there are is not known.
    Progress(std::string title, std::string unit, std::uint64_t total,
             ProgressStyle style = ProgressStyle::automatic);
    ~Progress();  // ends the bar's line

    // Thread-safe and cheap: draws at most ten times per second. `note` stands at the end of the bar, e.g.
    // "loss 0.12".
    void advance(std::uint64_t count = 1, std::string note = {});
    // All of it is done, also what was skipped and never counted.
    void finish();
    // The same where the bar or a line of the log was shown already: work that is done in a blink needs none.
    void finish_if_shown();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace clipsim
