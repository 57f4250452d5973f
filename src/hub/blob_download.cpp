#include "blob_download.h"

#include "clipsim/core/error.h"
#include "clipsim/core/files/file_lock.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "partial_file.h"
#include "retry.h"
#include "url.h"

namespace clipsim {

namespace {

// A try that brought this much is progress: a line that breaks now and then must not use up the patience.
constexpr std::uint64_t much = UINT64_C(1) << 20;

struct Download {
    HttpClient& client;
    const HubSettings& settings;
    const HubRepository& repository;
    const Blob& blob;
    const std::string& url;
    PartialFile& partial;
    const std::function<void(std::uint64_t)>& on_bytes;
    std::uint64_t received = 0;

    // Until all bytes are here.
    void run() {
        Retries retries(settings.retry, settings.stop);
        while (partial.size() < blob.size) {
            const std::uint64_t before = received;
            try {
                fetch_rest();
            } catch (const RetryableError& error) {
                if (received - before >= much) retries.reset();
                retries.wait(error);
            }
        }
    }

    void fetch_rest() {
        const std::uint64_t from = partial.size();
        bool first = true;
        const HttpResponse response = client.send({url, false, from}, HttpClient::Redirects::all,
                                                  [&](const HttpResponse& head, std::string_view piece) {
                                                      if (std::exchange(first, false)) accept(head, from);
                                                      take(piece);
                                                  });
        if (response.status == 416 && from > 0) {  // the server knows no such part
            partial.restart();
            throw RetryableError(concat(presentable(response.url), " does not continue a download"));
        }
        check_status(response, settings.endpoint, repository, blob.file);
        if (partial.size() < blob.size) {
            throw RetryableError(concat(presentable(response.url), " sent only ", partial.size(), " of ",
                                        blob.size, " bytes"));
        }
    }

    // A part was asked for: this is it (206), or the server sends all (200) and what is here is dropped.
    void accept(const HttpResponse& head, std::uint64_t from) {
        if (from == 0 || head.status != 206) return partial.restart();
        if (!head.header("content-range").starts_with(concat("bytes ", from, "-"))) {
            partial.restart();
            throw RetryableError(concat(presentable(head.url), " sent another part than asked for"));
        }
        log_debug(concat(blob.file, ": continuing after ", from, " bytes"));
    }

    void take(std::string_view piece) {
        if (piece.size() > blob.size - partial.size()) {
            partial.remove();
            throw Error(concat(presentable(url), " sends more than the ", blob.size,
                               " bytes that the hub states; nothing of it is kept"));
        }
        partial.append(piece);
        received += piece.size();
        on_bytes(partial.size());
    }
};

}  // namespace

bool blob_is_here(const BlobPlace& place, const Blob& blob) {
    std::error_code error;
    return std::filesystem::is_regular_file(place.file, error) &&
           std::filesystem::file_size(place.file, error) == blob.size && !error;
}

std::uint64_t download_blob(HttpClient& client, const HubSettings& settings, const HubRepository& repository,
                            const Blob& blob, const std::string& url, const BlobPlace& place,
                            const std::function<void(std::uint64_t)>& on_bytes) {
    const FileLock lock(place.lock,
                        concat("another process is downloading ", blob.file, " of ", repository.id()),
                        "what was downloaded is kept", settings.stop);
    if (blob_is_here(place, blob)) {
        on_bytes(blob.size);
        return 0;
    }
    std::filesystem::path incomplete = place.file;
    incomplete += ".incomplete";
    const auto kind = blob.checksum ? std::optional(blob.checksum->kind) : std::nullopt;
    PartialFile partial(incomplete, blob.size, kind, settings.stop);
    bool resumed = partial.size() > 0;
    Download download{client, settings, repository, blob, url, partial, on_bytes};
    while (true) {
        download.run();
        if (!blob.checksum || partial.matches(*blob.checksum)) break;
        if (!resumed) {
            partial.remove();
            throw Error(
                concat(presentable(url), " sent another file than the hub states (its checksum differs); ",
                       "nothing of it is kept: try again, and mind what lies between you and the hub"));
        }
        log_warning(concat("the partial download of ", blob.file, " was damaged; downloading it whole"));
        partial.restart();
        resumed = false;
    }
    if (!blob.checksum)
        log_warning(concat("the hub states no checksum of ", blob.file, "; only its size was checked"));
    partial.commit(place.file);
    return download.received;
}

}  // namespace clipsim
