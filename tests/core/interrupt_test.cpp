#include "clipsim/core/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <semaphore>

#include "clipsim/core/error.h"

namespace clipsim {
namespace {

// Returns when the watcher has seen a signal.
void wait_for_stop(const std::stop_token& token) {
    std::binary_semaphore stopped(0);
    const std::stop_callback callback(token, [&] { stopped.release(); });
    stopped.acquire();
}

bool is_default(int signal) {
    struct sigaction current {};
    ::sigaction(signal, nullptr, &current);
    return current.sa_handler == SIG_DFL;
}

TEST(Interrupt, TheFirstSignalAsksForAStop) {
    for (const int signal : {SIGINT, SIGTERM}) {
        const InterruptWatcher watcher;
        EXPECT_FALSE(watcher.token().stop_requested());
        EXPECT_NO_THROW(throw_if_stopped(watcher.token(), "nothing"));
        ::kill(::getpid(), signal);
        wait_for_stop(watcher.token());
        EXPECT_TRUE(watcher.token().stop_requested());
    }
}

TEST(Interrupt, TheSecondSignalEndsTheProcessWith130) {
    const auto child = [] {
        const InterruptWatcher watcher;
        ::kill(::getpid(), SIGINT);
        wait_for_stop(watcher.token());
        ::kill(::getpid(), SIGINT);
        while (true) ::pause();  // work that never looks at the token
    };
    EXPECT_EXIT(child(), ::testing::ExitedWithCode(130), "");
}

// As those that a linked library starts before main.
TEST(Interrupt, AThreadThatWasThereBeforeMayGetTheSignal) {
    std::binary_semaphore leave(0);
    std::thread early([&] { leave.acquire(); });
    {
        const InterruptWatcher watcher;
        pthread_kill(early.native_handle(), SIGINT);
        wait_for_stop(watcher.token());
        EXPECT_TRUE(watcher.token().stop_requested());
    }
    leave.release();
    early.join();
}

TEST(Interrupt, AnIgnoredSignalStaysIgnored) {
    ::signal(SIGINT, SIG_IGN);
    {
        const InterruptWatcher watcher;
        ::kill(::getpid(), SIGINT);
        EXPECT_FALSE(watcher.token().stop_requested());
    }
    ::signal(SIGINT, SIG_DFL);
}

TEST(Interrupt, AfterTheWatcherSignalsWorkAsBefore) {
    { const InterruptWatcher watcher; }
    EXPECT_TRUE(is_default(SIGINT));
    EXPECT_TRUE(is_default(SIGTERM));
    const auto child = [] {
        { const InterruptWatcher watcher; }
        ::raise(SIGTERM);
        std::_Exit(0);
    };
    EXPECT_EXIT(child(), ::testing::KilledBySignal(SIGTERM), "");
}

TEST(Interrupt, TheErrorSaysWhatIsKept) {
    std::stop_source source;
    EXPECT_NO_THROW(throw_if_stopped(source.get_token(), "3 epochs are saved"));
    EXPECT_NO_THROW(throw_if_stopped({}, "3 epochs are saved"));
    source.request_stop();
    try {
        throw_if_stopped(source.get_token(), "3 epochs are saved");
        ADD_FAILURE() << "no error";
    } catch (const Interrupted& error) {
        EXPECT_NE(std::string(error.what()).find("3 epochs are saved"), std::string::npos);
    }
}

}  // namespace
}  // namespace clipsim
