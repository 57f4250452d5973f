#include "clipsim/core/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>

#include "clipsim/core/error.h"

namespace clipsim {

namespace {

constexpr int exit_interrupted = 130;
constexpr std::array watched_signals{SIGINT, SIGTERM};
constexpr char got_signal = 's', quit = 'q';

// A signal handler gets no argument of ours, so the pipe's writing end has to be known to the whole file.
// Blocking the signals and waiting for them in a thread would need none, but the libraries that are linked in
// start threads before main, and those would still die of the signal.
std::atomic<int> pipe_for_handler{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int /*number*/) {
    const int saved = errno;
    const ssize_t written = ::write(pipe_for_handler.load(), &got_signal, 1);
    static_cast<void>(written);  // a full pipe holds signals enough
    errno = saved;
}

void watch(const std::stop_source& source, int reading_end) {
    char byte = 0;
    while (true) {
        const ssize_t count = ::read(reading_end, &byte, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0 || byte == quit) break;
        if (source.stop_requested()) ::_exit(exit_interrupted);
        source.request_stop();
    }
    ::close(reading_end);
}

void set_handlers(void (*handler)(int), void (*only_where)(int)) {
    for (const int number : watched_signals) {
        struct sigaction now {};
        ::sigaction(number, nullptr, &now);
        if (now.sa_handler != only_where) continue;
        struct sigaction wanted {};
        wanted.sa_handler = handler;
        wanted.sa_flags = SA_RESTART;  // nobody's read or write has to know of this
        ::sigaction(number, &wanted, nullptr);
    }
}

}  // namespace

InterruptWatcher::InterruptWatcher() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    pipe_for_handler = ends[1];
    thread_ = std::thread(watch, source_, ends[0]);
    set_handlers(on_signal, SIG_DFL);
}

InterruptWatcher::~InterruptWatcher() {
    set_handlers(SIG_DFL, on_signal);
    const int writing_end = pipe_for_handler.exchange(-1);
    const ssize_t written = ::write(writing_end, &quit, 1);
    static_cast<void>(written);
    ::close(writing_end);  // which alone would end the thread, too
    thread_.join();
}

void throw_if_stopped(const std::stop_token& token, const char* kept) {
    if (token.stop_requested()) throw Interrupted(kept);
}

}  // namespace clipsim
