#include "blob_download.h"

#include "clipsim/core/error.h"
#include "clipsim/core/files/file_lock.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "hub_status.h"
#include "partial_file.h"
#include "retry.h"
#include "url.h"

namespace clipsim {

namespace {

// A try that brought this much is progress: a line that breaks now and then must not use up the patience.
constexpr std::uint64_t much = UINT64_C(1) << 20;

class Download {
  public:
    Download(HttpClient& client, const HubSettings& settings, const HubRepository& repository,
             const Blob& blob, const std::string& url, PartialFile& partial,
             const std::function<void(std::uint64_t)>& on_bytes)
        : client_(client),
          settings_(settings),
          repository_(repository),
          blob_(blob),
          url_(url),
          partial_(partial),
          on_bytes_(on_bytes) {}

    // Until all bytes are here.
    void run() {
        Retries retries(settings_.retry, settings_.stop);
        while (partial_.size() < blob_.size) {
            const std::uint64_t before = received_;
            try {
                fetch_rest();
            } catch (const RetryableError& error) {
                if (received_ - before >= much) retries.reset();
                retries.wait(error);
            }
        }
    }
    std::uint64_t received() const { return received_; }

  private:
    void fetch_rest() {
        const std::uint64_t from = partial_.size();
        bool first = true;
        const HttpResponse response = client_.send({url_, false, from}, HttpClient::Redirects::all,
                                                   [&](const HttpResponse& head, std::string_view piece) {
                                                       if (std::exchange(first, false)) accept(head, from);
                                                       take(piece);
                                                   });
        if (response.status == 416 && from > 0) {  // the server knows no such part
            partial_.restart();
            throw RetryableError(concat(presentable(response.url), " does not continue a download"));
        }
        check_status(response, settings_.endpoint, repository_, blob_.file);
        if (partial_.size() < blob_.size) {
            throw RetryableError(concat(presentable(response.url), " sent only ", partial_.size(), " of ",
                                        blob_.size, " bytes"));
        }
    }

    // A part was asked for: this is it (206), or the server sends all (200) and what is here is dropped.
    void accept(const HttpResponse& head, std::uint64_t from) {
        if (from == 0 || head.status != 206) return partial_.restart();
        if (!head.header("content-range").starts_with(concat("bytes ", from, "-"))) {
            partial_.restart();
            throw RetryableError(concat(presentable(head.url), " sent another part than asked for"));
        }
        log_debug(concat(blob_.file, ": continuing after ", from, " bytes"));
    }

    void take(std::string_view piece) {
        if (piece.size() > blob_.size - partial_.size()) {
            partial_.remove();
            throw Error(concat(presentable(url_), " sends more than the ", blob_.size,
                               " bytes that the hub states; nothing of it is kept"));
        }
        partial_.append(piece);
        received_ += piece.size();
        on_bytes_(partial_.size());
    }

    HttpClient& client_;
    const HubSettings& settings_;
    const HubRepository& repository_;
    const Blob& blob_;
    const std::string& url_;
    PartialFile& partial_;
    const std::function<void(std::uint64_t)>& on_bytes_;
    std::uint64_t received_ = 0;
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
    Download download(client, settings, repository, blob, url, partial, on_bytes);
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
    return download.received();
}

}  // namespace clipsim
