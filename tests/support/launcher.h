// What a launcher such as torchrun gives the processes it starts.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

namespace clipsim::testing {

// A port of this machine that is taken as long as this lives.
class TakenPort {
  public:
    TakenPort() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(listener_, generic, length), 0);
        EXPECT_EQ(::listen(listener_, 1), 0);
        EXPECT_EQ(::getsockname(listener_, generic, &length), 0);
        number_ = ntohs(address.sin_port);
    }
    ~TakenPort() { ::close(listener_); }
    TakenPort(const TakenPort&) = delete;
    TakenPort& operator=(const TakenPort&) = delete;

    int number() const { return number_; }

  private:
    int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    int number_ = 0;
};

inline int free_port() {
    return TakenPort().number();
}

// The environment of one rank; all ranks of a group are given the same port of this machine.
inline std::vector<std::pair<std::string, std::string>> rank_environment(int rank, int size, int port) {
    return {{"RANK", std::to_string(rank)},        {"LOCAL_RANK", std::to_string(rank)},
            {"WORLD_SIZE", std::to_string(size)},  {"MASTER_ADDR", "127.0.0.1"},
            {"MASTER_PORT", std::to_string(port)}, {"GLOO_SOCKET_IFNAME", "lo"}};
}

}  // namespace clipsim::testing
