#include "hub_api.h"

#include "clipsim/core/error.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
#include "retry.h"
#include "url.h"

namespace clipsim {

namespace {

constexpr std::size_t largest_listing = std::size_t{8} << 20U;

// W/"abc" and "abc" are abc.
std::string plain_etag(std::string text) {
    if (text.starts_with("W/")) text.erase(0, 2);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    return text;
}

// "https://huggingface.co" of a URL below it, for messages.
std::string host_of(const std::string& url) {
    const std::string text = presentable(url);
    const auto scheme = text.find("://");
    return text.substr(0, text.find('/', scheme == std::string::npos ? 0 : scheme + 3));
}

[[noreturn]] void refuse(const HttpResponse& response, const HubRepository& repository,
                         const std::string& file) {
    const std::string hub = host_of(response.url);
    const std::string id = repository.id();
    // X-Error-Code is what huggingface_hub goes by, too (utils/_http.py, hf_raise_for_status).
    const std::string code = response.header("x-error-code");
    if (code == "GatedRepo") {
        throw UsageError(concat(id, " is gated: accept its terms at ", hub, "/", id,
                                " and set HF_TOKEN to a token of yours (or run `hf auth login`)"));
    }
    if (response.status == 401) {
        throw UsageError(concat(hub, " shows no repository ", id,
                                ": it does not exist, or it is private or gated and ",
                                "HF_TOKEN is not set or not valid"));
    }
    if (response.status == 403) {
        throw UsageError(concat(hub, " refuses ", id,
                                ": the model is gated (accept its terms there), or HF_TOKEN ",
                                "lacks the right to read it"));
    }
    if (code == "RevisionNotFound")
        throw UsageError(concat(id, " has no revision ", repository.revision, " at ", hub));
    if (!file.empty())
        throw UsageError(concat(id, " has no file ", printable(file), " at revision ", repository.revision));
    throw UsageError(concat(hub, " has no repository ", id, ", or none of revision ", repository.revision));
}

}  // namespace

void check_status(const HttpResponse& response, const std::string& endpoint, const HubRepository& repository,
                  const std::string& file) {
    if (response.ok()) return;
    const int status = response.status;
    const bool refusal = status == 401 || status == 403 || status == 404;
    const bool hub = same_origin(endpoint, response.url);
    if (refusal && hub) refuse(response, repository, file);
    const std::string message = concat(presentable(response.url), " answers with status ", status,
                                       status == 429 ? " (too many requests)" : "");
    if (refusal || status == 408 || status == 429 || status >= 500) {
        throw RetryableError(message, parse_retry_after(response.header("retry-after")));
    }
    throw Error(message);
}

HubApi::HubApi(HttpClient& client, const HubSettings& settings, HubRepository repository)
    : client_(client), settings_(settings), repository_(std::move(repository)) {}

Listing HubApi::list() {
    const std::string url = concat(settings_.endpoint, "/api/models/", percent_encoded(repository_.owner),
                                   "/", percent_encoded(repository_.name), "/revision/",
                                   percent_encoded(repository_.revision), "?blobs=true");
    const std::string body = with_retries(settings_, [&] {
        std::string text;
        const HttpResponse response =
            client_.send({url}, HttpClient::Redirects::all, [&](const HttpResponse&, std::string_view piece) {
                text += piece;
                if (text.size() > largest_listing)
                    throw Error(concat(presentable(url), " answers with more than any list of files needs"));
            });
        check_status(response, settings_.endpoint, repository_, "");
        return text;
    });
    return parse_listing(body, settings_.endpoint);
}

Blob HubApi::describe(const Listing& listing, const ListedFile& file) {
    const HttpResponse response = with_retries(settings_, [&] {
        HttpResponse head =
            client_.send({url_of(listing, file.path), true}, HttpClient::Redirects::same_origin);
        if (head.is_redirect() &&
            head.header("x-linked-etag").empty()) {  // a mirror that leaves it to the hub
            head = client_.send({url_of(listing, file.path), true}, HttpClient::Redirects::all);
        }
        if (!head.is_redirect()) check_status(head, settings_.endpoint, repository_, file.path);
        return head;
    });
    // Of a redirect to the servers that hold large files only the X-Linked-* speak of the file.
    const std::string linked_etag = response.header("x-linked-etag");
    const std::string linked_size = response.header("x-linked-size");
    Blob blob{file.path, plain_etag(linked_etag.empty() ? response.header("etag") : linked_etag), 0,
              file.checksum};
    const std::string id = repository_.id();
    if (!is_plain_file_name(blob.etag) || blob.etag.size() > 200) {
        throw Error(concat(settings_.endpoint, " states no ETag for ", file.path, " of ", id));
    }
    const std::string commit = response.header("x-repo-commit");
    const auto stated = parse_checksum(blob.etag);
    const auto size =
        parse_number<std::uint64_t>(!linked_size.empty()     ? linked_size
                                    : response.is_redirect() ? std::string()
                                                             : response.header("content-length"));
    if ((!commit.empty() && commit != listing.commit) || (size && file.size && *size != *file.size) ||
        (stated && file.checksum && stated->kind == file.checksum->kind && *stated != *file.checksum)) {
        throw Error(
            concat(settings_.endpoint, " contradicts itself about ", file.path, " of ", id,
                   ": its list of files states another commit, size or checksum than the file itself"));
    }
    if (!size && !file.size)
        throw Error(concat(settings_.endpoint, " states no size for ", file.path, " of ", id));
    blob.size = checked_size(file.size ? *file.size : *size, file.path);
    if (!blob.checksum) blob.checksum = stated;
    return blob;
}

std::string HubApi::url_of(const Listing& listing, const std::string& file) const {
    return concat(settings_.endpoint, "/", percent_encoded(repository_.owner), "/",
                  percent_encoded(repository_.name), "/resolve/", listing.commit, "/",
                  percent_encoded_path(file));
}

}  // namespace clipsim
