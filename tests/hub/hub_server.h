// A model hub: the listing, files, and a second server under another name that holds the large ones.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "hub/test_server.h"

namespace clipsim::testing {

class HubServer {
  public:
    HubServer();

    struct File {
        std::string content;
        bool large = false;                        // in LFS: the hub redirects to the second server
        std::optional<std::string> sent{};         // what is sent in place of the content
        std::optional<std::string> listed_name{};  // what the listing calls it
        std::optional<std::uint64_t> listed_size{};
    };
    // What is wrong with one answer: another status, a cut, all where a part was asked for.
    struct Fault {
        int status = 0;
        std::map<std::string, std::string> headers{};
        std::size_t cut_after = std::string::npos;
        bool hold = false;
        bool ignore_range = false;
    };
    struct Seen {
        std::string server, method, target, authorization, range;
    };

    // Before the first request.
    std::map<std::string, File> files;
    std::string repository = "owner/small";
    std::string commit = std::string(40, 'c');
    bool blobs_in_listing = true;  // sizes and checksums
    std::optional<std::string> required_token;

    // The next GETs of a file (or of "listing"; HEADs of "HEAD file") go wrong like this, one after the
    // other.
    void fail(const std::string& name, const std::vector<Fault>& faults);

    std::string endpoint() const;
    std::vector<Seen> seen() const;
    // How many GET requests of that file brought content.
    int downloads(const std::string& file) const;

  private:
    ServerResponse on_hub(const ServerRequest& request);
    ServerResponse on_store(const ServerRequest& request);
    ServerResponse listing();
    ServerResponse content(const std::string& name, const ServerRequest& request);
    std::optional<Fault> next_fault(const std::string& name, const ServerRequest& request);
    void note(const std::string& server, const ServerRequest& request);

    mutable std::mutex mutex_;
    std::vector<Seen> seen_;
    std::map<std::string, std::deque<Fault>> faults_;
    TestServer store_;
    TestServer hub_;
};

// Checksums as the hub states them.
std::string sha256_of(const std::string& content);
std::string git_sha1_of(const std::string& content);

// `size` bytes that differ.
std::string noise(std::size_t size);

}  // namespace clipsim::testing
