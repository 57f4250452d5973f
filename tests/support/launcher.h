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

inline int free_port() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener, generic, length), 0);
    EXPECT_EQ(::getsockname(listener, generic, &length), 0);
    ::close(listener);
    return ntohs(address.sin_port);
}

// The environment of one rank; all ranks of a group are given the same port of this machine.
inline std::vector<std::pair<std::string, std::string>> rank_environment(int rank, int size, int port) {
    return {{"RANK", std::to_string(rank)},        {"LOCAL_RANK", std::to_string(rank)},
            {"WORLD_SIZE", std::to_string(size)},  {"MASTER_ADDR", "127.0.0.1"},
            {"MASTER_PORT", std::to_string(port)}, {"GLOO_SOCKET_IFNAME", "lo"}};
}

}  // namespace clipsim::testing
