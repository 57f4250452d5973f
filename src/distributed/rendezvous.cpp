#include "rendezvous.h"

#include <c10/util/Logging.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/core/wait_notice.h"
#include "clipsim/distributed/process_group.h"

namespace clipsim {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds look_again{50};
constexpr milliseconds to_shake_hands{10'000};  // with what listens at the port
constexpr const char* nothing_done = "the ranks had not begun";

std::string place(const MeetingPoint& point) {
    return concat(printable(point.address), ":", point.port);
}

// Waiting for something that is looked at every now and then.
class Wait {
  public:
    Wait(milliseconds limit, const std::stop_token& stop) : limit_(limit), stop_(stop) {}

    // False: it has been too long. `what`: what is waited for.
    template <typename What>
    bool go_on(What&& what) {
        throw_if_stopped(stop_, nothing_done);
        if (wait_.is_to_be_told()) {
            // Not as information, which all but the first rank keep to themselves.
            log_warning(concat("waiting for ", what(), ", up to ",
                               std::chrono::duration_cast<std::chrono::seconds>(limit_).count(),
                               " s (distributed.timeout_s)"));
        }
        if (wait_.waited() >= limit_) return false;
        std::this_thread::sleep_for(look_again);
        return true;
    }

  private:
    milliseconds limit_;
    const std::stop_token& stop_;
    PolledWait wait_;
};

bool takes_connection(const addrinfo& address) {
    const int socket = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return false;
    bool connected = ::connect(socket, address.ai_addr, address.ai_addrlen) == 0;
    if (!connected && errno == EINPROGRESS) {
        constexpr int patience_ms = 1000;
        pollfd writable{socket, POLLOUT, 0};
        int error = 0;
        socklen_t length = sizeof error;
        connected = ::poll(&writable, 1, patience_ms) > 0 &&
                    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
    }
    ::close(socket);
    return connected;
}

// Whether something takes connections there.
bool is_listening(const MeetingPoint& point) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(point.address.c_str(), std::to_string(point.port).c_str(), &wanted, &found) != 0)
        return false;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
        if (takes_connection(*address)) return true;
    }
    return false;
}

// LibTorch writes what goes wrong in connecting to stderr, with the stack of C++ and again at each try. What
// matters of it is in the exception.
class QuietTorch {
  public:
    QuietTorch() : before_(FLAGS_caffe2_log_level) {
        FLAGS_caffe2_log_level = std::max(before_, 3);  // fatal errors alone
    }
    ~QuietTorch() { FLAGS_caffe2_log_level = before_; }
    QuietTorch(const QuietTorch&) = delete;
    QuietTorch& operator=(const QuietTorch&) = delete;

  private:
    int before_;
};

[[noreturn]] void refuse_port(const MeetingPoint& point, const std::string& reason) {
    if (point.serves && reason.find("EADDRINUSE") != std::string::npos) {
        throw Error(concat("rank 0 can't listen at MASTER_PORT ", point.port,
                           ": another program has it, perhaps an earlier run; name a free port"));
    }
    if (point.serves)
        throw Error(concat("rank 0 can't listen at ", place(point), " (MASTER_ADDR, MASTER_PORT)"));
    throw Error(concat("what answers at ", place(point),
                       " (MASTER_ADDR, MASTER_PORT) is no rank 0 of clipsim; name the port where rank 0 "
                       "listens, the same for all ranks"));
}

c10::intrusive_ptr<c10d::TCPStore> connect(const MeetingPoint& point, milliseconds timeout) {
    const QuietTorch quiet;
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(point.port);
    options.isServer = point.serves;
    options.waitWorkers = false;
    options.timeout = std::min(timeout, to_shake_hands);
    try {
        auto store = c10::make_intrusive<c10d::TCPStore>(point.address, options);
        store->setTimeout(timeout);
        return store;
    } catch (const std::exception& error) {
        log_debug(concat("the exchange says: ", printable(error.what())));
        refuse_port(point, error.what());
    }
}

}  // namespace

std::string ranks_missing(c10d::Store& store, const std::string& prefix, int size) {
    constexpr std::size_t most = 8;  // that are named
    std::vector<int> missing;
    for (int rank = 0; rank < size; ++rank) {
        if (!store.check({concat(prefix, rank)})) missing.push_back(rank);
    }
    std::string list;
    for (std::size_t i = 0; i < std::min(most, missing.size()); ++i) {
        const bool last = i + 1 == missing.size();
        list += concat(i == 0 ? "" : last ? " and " : ", ", missing[i]);
    }
    if (missing.size() > most) list += concat(" and ", missing.size() - most, " more");
    return missing.empty() ? "" : concat(missing.size() == 1 ? "rank " : "ranks ", list);
}

c10::intrusive_ptr<c10d::Store> meet_at(const MeetingPoint& point, milliseconds timeout,
                                        const std::stop_token& stop) {
    Wait wait(timeout, stop);
    while (!point.serves && !is_listening(point)) {
        if (wait.go_on([&] { return concat("rank 0 at ", place(point)); })) continue;
        throw LostProcessError(concat("rank ", point.rank, ": nobody listens at ", place(point),
                                      " (MASTER_ADDR, MASTER_PORT): rank 0 was not started, or not on this "
                                      "address"));
    }
    const auto store =
        c10::make_intrusive<c10d::PrefixStore>("clipsim/" + point.attempt, connect(point, timeout));
    const std::string prefix = "here/";
    store->set(concat(prefix, point.rank), std::string("1"));
    for (std::string missing; !(missing = ranks_missing(*store, prefix, point.size)).empty();) {
        if (wait.go_on([&] { return concat(missing, " of ", point.size, " to start"); })) continue;
        throw LostProcessError(concat("rank ", point.rank, ": ", missing, " of ", point.size,
                                      " (WORLD_SIZE) did not come within distributed.timeout_s"));
    }
    return store;
}

}  // namespace clipsim
