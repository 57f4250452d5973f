#include "hub/test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "clipsim/core/text.h"

namespace clipsim::testing {

namespace {

ServerRequest parse(const std::string& text) {
    ServerRequest request;
    std::istringstream lines(text);
    std::string line;
    std::getline(lines, line);
    std::istringstream(line) >> request.method >> request.target;
    while (std::getline(lines, line) && line.find(':') != std::string::npos) {
        const auto colon = line.find(':');
        std::string name = line.substr(0, colon);
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
        const std::string value = line.substr(line.find_first_not_of(' ', colon + 1));
        request.headers[name] = value.substr(0, value.find('\r'));
    }
    return request;
}

bool send_all(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

TestServer::TestServer(std::function<ServerResponse(const ServerRequest&)> handler)
    : handler_(std::move(handler)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (socket_ < 0 || ::bind(socket_, generic, size) != 0 || ::listen(socket_, 16) != 0 ||
        ::getsockname(socket_, generic, &size) != 0) {
        throw std::runtime_error("no server on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
    listener_ = std::thread([this] { listen(); });
}

TestServer::~TestServer() {
    stopped_ = true;
    listener_.join();
    ::close(socket_);
    for (std::thread& connection : connections_) connection.join();
}

void TestServer::listen() {
    while (!stopped_) {
        pollfd waiting{socket_, POLLIN, 0};
        if (::poll(&waiting, 1, 20) <= 0) continue;
        const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection >= 0) connections_.emplace_back([this, connection] { serve(connection); });
    }
}

void TestServer::serve(int connection) {
    std::string text;
    char buffer[4096];
    while (text.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::recv(connection, buffer, sizeof buffer, 0);
        if (got <= 0) break;
        text.append(buffer, static_cast<std::size_t>(got));
    }
    const ServerRequest request = parse(text);
    ServerResponse response;
    {
        const std::lock_guard lock(mutex_);
        response = handler_(request);
    }
    std::string head = concat("HTTP/1.1 ", response.status, " Status\r\nConnection: close\r\n");
    response.headers.emplace("Content-Length", std::to_string(response.body.size()));
    for (const auto& [name, value] : response.headers) head += concat(name, ": ", value, "\r\n");
    if (send_all(connection, head + "\r\n") && request.method != "HEAD") {
        send_all(connection, std::string_view(response.body).substr(0, response.cut_after));
        while (response.hold && !stopped_) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::close(connection);
}

}  // namespace clipsim::testing
