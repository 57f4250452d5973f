#include "http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <exception>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
#include "retry.h"
#include "url.h"

namespace clipsim {

namespace {

constexpr int most_redirects = 10;

// One transfer as its callbacks see it. Exceptions can't pass through libcurl: they wait here.
struct Transfer {
    CURL* curl;
    HttpResponse response;
    const BodySink& sink;
    const std::stop_token& stop;
    bool body_dropped = false;
    std::exception_ptr failure;
};

// What has come of the response's head, once that is whole.
void read_head(CURL* curl, HttpResponse& response) {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    constexpr int last_request = -1;
    for (curl_header* header = nullptr;
         (header = curl_easy_nextheader(curl, CURLH_HEADER, last_request, header)) != nullptr;) {
        std::string name(header->name);
        std::ranges::transform(name, name.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
        response.headers[name] = trimmed(header->value);
    }
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept {
    Transfer& transfer = *static_cast<Transfer*>(user);
    if (transfer.response.status == 0) read_head(transfer.curl, transfer.response);
    if (!transfer.response.ok() || !transfer.sink) {  // the page that comes with an error; maybe endless
        transfer.body_dropped = true;
        return CURL_WRITEFUNC_ERROR;
    }
    try {
        transfer.sink(transfer.response, {data, size * count});
        return size * count;
    } catch (...) {
        transfer.failure = std::current_exception();
        return CURL_WRITEFUNC_ERROR;
    }
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
    return static_cast<Transfer*>(user)->stop.stop_requested() ? 1 : 0;
}

// Throws what became of a transfer that did not end well.
void check_result(CURLcode code, const char* details, const Transfer& transfer, const std::string& url) {
    if (transfer.failure) std::rethrow_exception(transfer.failure);
    throw_if_stopped(transfer.stop, "what was downloaded is kept");
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && transfer.body_dropped)) return;
    const std::string reason = printable(*details != '\0' ? details : curl_easy_strerror(code));
    const std::string where = presentable(url);
    switch (code) {
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
        case CURLE_SSL_CONNECT_ERROR:
            throw RetryableError(concat("the connection to ", where, " broke (", reason, ")"));
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
            throw Error(concat("no connection to ", where, " (", reason,
                               "); is there a network? HF_ENDPOINT names another hub, HTTPS_PROXY a proxy"));
        default:
            throw Error(concat("cannot get ", where, ": ", reason));
    }
}

}  // namespace

void HttpClient::FreeHandle::operator()(void* curl) const {
    curl_easy_cleanup(curl);
}

HttpClient::HttpClient(const HubSettings& settings) : settings_(settings) {
    // libcurl's own set-up, once per process and before the first handle.
    static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (done == CURLE_OK) handle_.reset(curl_easy_init());
    if (!handle_) throw Error("libcurl could not be initialised");
}

HttpResponse HttpClient::send(HttpRequest request, Redirects redirects, const BodySink& sink) {
    for (int hop = 0; hop <= most_redirects; ++hop) {
        HttpResponse response = send_once(request, sink);
        if (!response.is_redirect()) return response;
        std::string next = redirected(request.url, response.header("location"));
        if (redirects == Redirects::same_origin && !same_origin(request.url, next)) return response;
        request.url = std::move(next);
    }
    throw Error(concat(presentable(request.url), " redirects again and again"));
}

HttpResponse HttpClient::send_once(const HttpRequest& request, const BodySink& sink) {
    throw_if_stopped(settings_.stop, "what was downloaded is kept");
    struct FreeList {
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };
    std::unique_ptr<curl_slist, FreeList> headers(curl_slist_append(nullptr, "Accept-Encoding: identity"));
    if (!settings_.token.empty() && same_origin(settings_.endpoint, request.url)) {
        const std::string line = "Authorization: Bearer " + settings_.token;
        curl_slist_append(headers.get(), line.c_str());
    }
    char details[CURL_ERROR_SIZE] = "";

    CURL* curl = handle_.get();
    Transfer transfer{curl, {0, request.url, {}}, sink, settings_.stop, false, nullptr};
    curl_easy_reset(curl);  // keeps the open connections
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);  // send() does, with an eye on the token
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "clipsim/" CLIPSIM_VERSION);
    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(settings_.connect_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(settings_.stall_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
    if (request.head) curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    const std::string range = concat(request.from_byte, "-");
    if (request.from_byte > 0) curl_easy_setopt(curl, CURLOPT_RANGE, range.c_str());

    check_result(curl_easy_perform(curl), details, transfer, request.url);
    read_head(curl, transfer.response);
    return std::move(transfer.response);
}

}  // namespace clipsim
