#include "clipsim/core/wait_notice.h"

#include <utility>

#include "clipsim/core/log.h"

namespace clipsim {

namespace {

constexpr std::chrono::seconds patience{2};

}  // namespace

bool PolledWait::is_to_be_told() {
    if (told_ || waited() < patience) return false;
    return told_ = true;
}

WaitNotice::WaitNotice(std::string what)
    : thread_([this, text = std::move(what)] {
          std::unique_lock lock(mutex_);
          if (!ended_.wait_for(lock, patience, [this] { return over_; })) log_info(text);
      }) {}

WaitNotice::~WaitNotice() {
    {
        const std::scoped_lock lock(mutex_);
        over_ = true;
    }
    ended_.notify_all();
    thread_.join();
}

}  // namespace clipsim
