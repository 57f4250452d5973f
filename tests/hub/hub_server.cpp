#include "hub/hub_server.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <random>

#include "checksum.h"
#include "clipsim/core/text.h"

namespace clipsim::testing {

namespace {

std::string checksum_of(Checksum::Kind kind, const std::string& content) {
    RunningChecksum checksum(kind, content.size());
    checksum.update(content);
    return checksum.hex();
}

// N of "bytes=N-".
std::size_t first_byte(const std::string& range) {
    std::size_t value = 0;
    if (range.starts_with("bytes=")) std::from_chars(range.data() + 6, range.data() + range.size(), value);
    return value;
}

}  // namespace

std::string sha256_of(const std::string& content) {
    return checksum_of(Checksum::Kind::sha256, content);
}

std::string git_sha1_of(const std::string& content) {
    return checksum_of(Checksum::Kind::git_sha1, content);
}

std::string noise(std::size_t size) {
    std::mt19937 generator(static_cast<unsigned>(size));
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(generator());
    return bytes;
}

HubServer::HubServer()
    : store_([this](const ServerRequest& request) { return on_store(request); }),
      hub_([this](const ServerRequest& request) { return on_hub(request); }) {}

void HubServer::fail(const std::string& name, const std::vector<Fault>& faults) {
    const std::lock_guard lock(mutex_);
    faults_[name].assign(faults.begin(), faults.end());
}

std::string HubServer::endpoint() const {
    return concat("http://127.0.0.1:", hub_.port());
}

std::vector<HubServer::Seen> HubServer::seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

int HubServer::downloads(const std::string& file) const {
    int count = 0;
    for (const Seen& request : seen()) {
        const bool from_store = request.server == "store";
        if (request.method == "GET" && request.target.find("/" + file) != std::string::npos &&
            from_store == files.at(file).large) {
            ++count;
        }
    }
    return count;
}

void HubServer::note(const std::string& server, const ServerRequest& request) {
    const std::lock_guard lock(mutex_);
    seen_.push_back(
        {server, request.method, request.target, request.header("authorization"), request.header("range")});
}

std::optional<HubServer::Fault> HubServer::next_fault(const std::string& name, const ServerRequest& request) {
    const std::lock_guard lock(mutex_);
    auto& queue = faults_[request.method == "HEAD" ? "HEAD " + name : name];
    if (queue.empty()) return std::nullopt;
    const Fault fault = queue.front();
    queue.pop_front();
    return fault;
}

ServerResponse HubServer::listing() {
    nlohmann::json root{{"sha", commit}, {"siblings", nlohmann::json::array()}};
    for (const auto& [name, file] : files) {
        nlohmann::json sibling{{"rfilename", file.listed_name.value_or(name)}};
        if (blobs_in_listing) {
            sibling["size"] = file.listed_size.value_or(file.content.size());
            sibling["blobId"] = git_sha1_of(file.content);
            if (file.large) {
                sibling["lfs"] = {
                    {"sha256", sha256_of(file.content)}, {"size", sibling["size"]}, {"pointerSize", 134}};
            }
        }
        root["siblings"].push_back(sibling);
    }
    return {200, {{"Content-Type", "application/json"}}, root.dump()};
}

ServerResponse HubServer::on_hub(const ServerRequest& request) {
    note("hub", request);
    if (required_token && request.header("authorization") != "Bearer " + *required_token)
        return {401, {{"X-Error-Code", "RepoNotFound"}}, "who are you?"};
    const std::string api = "/api/models/" + repository + "/revision/";
    if (request.target.starts_with(api)) {
        if (const auto fault = next_fault("listing", request)) return {fault->status, fault->headers, "no"};
        const std::string revision = request.target.substr(api.size());
        if (revision == "main?blobs=true" || revision == commit + "?blobs=true" ||
            revision == "refs%2Fpr%2F3?blobs=true")
            return listing();
        return {404, {{"X-Error-Code", "RevisionNotFound"}}, "{}"};
    }
    const std::string resolve = concat("/", repository, "/resolve/", commit, "/");
    if (!request.target.starts_with(resolve)) return {404, {{"X-Error-Code", "RepoNotFound"}}, "{}"};
    const std::string name = request.target.substr(resolve.size());
    if (!files.contains(name)) return {404, {{"X-Error-Code", "EntryNotFound"}}, "no such file"};
    const File& file = files.at(name);
    ServerResponse response;
    if (file.large) {
        response = {
            302,
            {{"Location", concat("http://localhost:", store_.port(), "/store/", name, "?signature=secret")}},
            "redirecting"};
        response.headers["X-Linked-Etag"] = '"' + sha256_of(file.content) + '"';
        response.headers["X-Linked-Size"] = std::to_string(file.content.size());
    } else {
        response = content(name, request);
        response.headers["ETag"] = '"' + git_sha1_of(file.content) + '"';
    }
    response.headers["X-Repo-Commit"] = commit;
    return response;
}

ServerResponse HubServer::on_store(const ServerRequest& request) {
    note("store", request);
    const std::string name = request.target.substr(7, request.target.find('?') - 7);
    return content(name, request);
}

ServerResponse HubServer::content(const std::string& name, const ServerRequest& request) {
    const File& file = files.at(name);
    const std::string whole = file.sent.value_or(file.content);
    ServerResponse response{200, {}, whole};
    const auto fault = next_fault(name, request);
    const std::size_t from = first_byte(request.header("range"));
    if (from > 0 && !(fault && fault->ignore_range)) {
        if (from >= whole.size()) return {416, {}, ""};
        response = {206,
                    {{"Content-Range", concat("bytes ", from, "-", whole.size() - 1, "/", whole.size())}},
                    whole.substr(from)};
    }
    if (!fault) return response;
    if (fault->status != 0) response = {fault->status, {}, "a page about the error"};
    for (const auto& [header, value] : fault->headers) response.headers[header] = value;
    response.cut_after = fault->cut_after;
    response.hold = fault->hold;
    return response;
}

}  // namespace clipsim::testing
