#include "url.h"

#include <curl/curl.h>

#include <memory>

#include "clipsim/core/error.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// libcurl's URL, so that what is compared is what is connected to.
class Url {
  public:
    explicit Url(const std::string& text) : handle_(curl_url()) { set(text); }
    void set(const std::string& text) {
        valid_ = handle_ && text.find('\0') == std::string::npos &&
                 curl_url_set(handle_.get(), CURLUPART_URL, text.c_str(), CURLU_URLENCODE) == CURLUE_OK;
    }
    // "" for a part that is not there.
    std::string part(CURLUPart which, unsigned flags = 0) const {
        char* text = nullptr;
        if (!valid_ || curl_url_get(handle_.get(), which, &text, flags) != CURLUE_OK) return {};
        const std::unique_ptr<char, decltype(&curl_free)> owner(text, curl_free);
        return text;
    }
    std::string scheme() const { return part(CURLUPART_SCHEME); }
    bool is_http() const { return valid_ && (scheme() == "http" || scheme() == "https"); }
    std::string host() const { return lower_case(part(CURLUPART_HOST)); }
    std::string port() const { return part(CURLUPART_PORT, CURLU_DEFAULT_PORT); }

  private:
    std::unique_ptr<CURLU, FreeUrl> handle_;
    bool valid_ = false;
};

}  // namespace

std::string percent_encoded(const std::string& text) {
    const std::unique_ptr<char, decltype(&curl_free)> encoded(curl_easy_escape(nullptr, text.c_str(), 0),
                                                              curl_free);
    if (!encoded) throw std::bad_alloc();
    return encoded.get();
}

std::string percent_encoded_path(const std::string& path) {
    std::string encoded = percent_encoded(path);
    for (std::size_t at = 0; (at = encoded.find("%2F", at)) != std::string::npos;)
        encoded.replace(at, 3, 1, '/');
    return encoded;
}

std::string redirected(const std::string& url, const std::string& location) {
    Url next(url);
    const bool was_secure = next.scheme() == "https";
    next.set(location);
    if (!next.is_http()) {
        throw Error(concat(presentable(url), " redirects to ", printable(location.substr(0, 100)),
                           ", which is not a web address"));
    }
    if (was_secure && next.scheme() != "https") {
        throw Error(concat(presentable(url), " redirects from https to ",
                           presentable(next.part(CURLUPART_URL)), ", which is not encrypted; not followed"));
    }
    return next.part(CURLUPART_URL);
}

bool same_origin(const std::string& a, const std::string& b) {
    const Url left(a), right(b);
    return left.is_http() && right.is_http() && left.scheme() == right.scheme() &&
           left.host() == right.host() && left.port() == right.port();
}

std::string presentable(const std::string& url) {
    const Url parsed(url);
    if (!parsed.is_http()) return printable(url.substr(0, url.find('?')));
    const std::string port = parsed.part(CURLUPART_PORT);
    return printable(concat(parsed.scheme(), "://", parsed.host(), port.empty() ? "" : ":", port,
                            parsed.part(CURLUPART_PATH)));
}

std::string checked_endpoint(const std::string& url, const std::string& what) {
    const Url parsed(url);
    if (!parsed.is_http() || parsed.host().empty() || !parsed.part(CURLUPART_USER).empty() ||
        !parsed.part(CURLUPART_QUERY).empty() || !parsed.part(CURLUPART_FRAGMENT).empty()) {
        throw UsageError(concat(what, ": ", presentable(url),
                                " is not the address of a hub, such as https://huggingface.co"));
    }
    return url.substr(0, url.find_last_not_of('/') + 1);
}

}  // namespace clipsim
