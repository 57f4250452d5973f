#include "clipsim/core/wait_notice.h"

#include <chrono>
#include <utility>

#include "clipsim/core/log.h"

namespace clipsim {

WaitNotice::WaitNotice(std::string what)
    : thread_([this, text = std::move(what)] {
          constexpr std::chrono::seconds patience{2};
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
