// An HTTP server of the tests' own on 127.0.0.1, so that it can misbehave in every way a test wants.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace clipsim::testing {

struct ServerRequest {
    std::string method, target;                  // GET, /path?query
    std::map<std::string, std::string> headers;  // names in lower case

    std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string() : found->second;
    }
};

struct ServerResponse {
    int status = 200;
    std::map<std::string, std::string> headers;  // Content-Length is added unless it is here
    std::string body;
    std::size_t cut_after = std::string::npos;  // so many bytes of the body, then the connection is closed
    bool hold = false;                          // do not close it after the cut, but hang
};

class TestServer {
  public:
    // `handler` is called on a thread for each connection; a connection is one request.
    explicit TestServer(std::function<ServerResponse(const ServerRequest&)> handler);
    ~TestServer();
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    int port() const { return port_; }

  private:
    void listen();
    void serve(int connection);

    std::function<ServerResponse(const ServerRequest&)> handler_;
    int socket_ = -1;
    int port_ = 0;
    std::atomic<bool> stopped_ = false;
    std::mutex mutex_;
    std::list<std::thread> connections_;
    std::thread listener_;
};

}  // namespace clipsim::testing
