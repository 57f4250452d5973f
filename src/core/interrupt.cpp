#include "clipsim/core/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "clipsim/core/error.h"

namespace clipsim {

namespace {

constexpr int exit_interrupted = 130;

sigset_t watched_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);  // the destructor's own, to end the thread
    return set;
}

void watch(const std::stop_source& source) {
    const sigset_t set = watched_signals();
    while (true) {
        int signal = 0;
        if (sigwait(&set, &signal) != 0) continue;
        if (signal == SIGUSR1) return;
        if (source.stop_requested()) ::_exit(exit_interrupted);
        source.request_stop();
    }
}

}  // namespace

InterruptWatcher::InterruptWatcher() {
    const sigset_t set = watched_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    thread_ = std::thread(watch, source_);
}

InterruptWatcher::~InterruptWatcher() {
    pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
    const sigset_t set = watched_signals();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void throw_if_stopped(const std::stop_token& token, const char* kept) {
    if (token.stop_requested()) throw Interrupted(kept);
}

}  // namespace clipsim
