#include "clipsim/hub/pull.h"

#include <algorithm>

#include "blob_download.h"
#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/log.h"
#include "clipsim/core/progress.h"
#include "clipsim/core/text.h"
#include "file_choice.h"
#include "hub_api.h"
#include "snapshot.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_index = UINT64_C(8) << 20;

// The bar of a download, in megabytes, for bytes that come in pieces and sometimes twice.
class TransferProgress {
  public:
    TransferProgress(const std::string& title, std::uint64_t bytes, ProgressStyle style)
        : progress_(title, "MB", megabytes(bytes), style) {}

    // `bytes` of all files together are here; fewer than before (a file started over) do not move the bar
    // back.
    void set(std::uint64_t bytes, const std::string& file) {
        if (megabytes(bytes) <= drawn_) return;
        progress_.advance(megabytes(bytes) - drawn_, file);
        drawn_ = megabytes(bytes);
    }
    void finish() { progress_.finish(); }

  private:
    static std::uint64_t megabytes(std::uint64_t bytes) { return (bytes + 500'000) / 1'000'000; }

    Progress progress_;
    std::uint64_t drawn_ = 0;
};

class Pull {
  public:
    Pull(const HubRepository& repository, const HubSettings& settings)
        : repository_(repository),
          settings_(settings),
          client_(settings),
          hub_(client_, settings, repository),
          listing_(hub_.list()),
          snapshot_(settings.cache, repository, listing_.commit) {}

    PulledModel run() {
        std::vector<std::string> names;
        for (const ListedFile& file : listing_.files) names.push_back(file.path);
        FileChoice choice = choose_files(names, repository_.id());
        if (!choice.shard_index.empty()) {
            get({choice.shard_index}, ProgressStyle::none);  // says what else to get
            const std::string index = read_file(snapshot_.folder() / choice.shard_index, largest_index);
            for (std::string& shard : shards_of(index, repository_.id()))
                choice.files.push_back(std::move(shard));
        }
        get(choice.files, settings_.progress);
        snapshot_.name_revision();
        result_.folder = snapshot_.folder();
        result_.commit = listing_.commit;
        result_.files = std::move(choice.files);
        return std::move(result_);
    }

  private:
    // The blob of a file, without a request where it is here under the name that the listing implies.
    Blob blob_of(const std::string& name) {
        const ListedFile* file = listing_.find(name);
        if (file == nullptr)
            throw Error(concat(repository_.id(), " lacks ", printable(name), ", one of its weights"));
        if (file->size && file->checksum) {
            Blob blob{name, file->checksum->hex, *file->size, file->checksum};
            if (blob_is_here(snapshot_.place(blob), blob)) return blob;
        }
        return hub_.describe(listing_, *file);
    }

    void get(const std::vector<std::string>& files, ProgressStyle style) {
        std::vector<Blob> missing;
        std::uint64_t bytes = 0;
        for (const std::string& name : files) {
            Blob blob = blob_of(name);
            const BlobPlace place = snapshot_.place(blob);
            if (blob_is_here(place, blob)) {
                snapshot_.link(blob);
                continue;
            }
            bytes += blob.size - std::min(blob.size, already_here(place));
            missing.push_back(std::move(blob));
        }
        if (missing.empty()) return;
        check_room(bytes);
        TransferProgress progress(repository_.id(), bytes, style);
        std::uint64_t done = 0;
        for (const Blob& blob : missing) {
            const BlobPlace place = snapshot_.place(blob);
            const std::uint64_t here = std::min(blob.size, already_here(place));
            const std::uint64_t before = done;
            result_.downloaded_bytes +=
                download_blob(client_, settings_, repository_, blob, hub_.url_of(listing_, blob.file), place,
                              [&](std::uint64_t size) {
                                  done = before + size - std::min(size, here);
                                  progress.set(done, blob.file);
                              });
            snapshot_.link(blob);
        }
        progress.finish();
    }

    // What a former try left.
    static std::uint64_t already_here(const BlobPlace& place) {
        fs::path incomplete = place.file;
        incomplete += ".incomplete";
        std::error_code error;
        const std::uint64_t size = fs::file_size(incomplete, error);
        return error ? 0 : size;
    }

    // Better said before an hour of download than after it.
    void check_room(std::uint64_t bytes) const {
        std::error_code error;
        const std::uint64_t free = fs::space(settings_.cache, error).available;
        if (error || free >= bytes) return;
        throw Error(concat(repository_.id(), " needs ", bytes / 1'000'000 + 1, " MB, and ",
                           printable(settings_.cache), " has room for ", free / 1'000'000,
                           " MB; make room, or set HF_HUB_CACHE to a folder that ", "has it"));
    }

    const HubRepository& repository_;
    const HubSettings& settings_;
    HttpClient client_;
    HubApi hub_;
    Listing listing_;
    Snapshot snapshot_;
    PulledModel result_;
};

// What is in the cache, whole; nothing where it is not.
std::optional<PulledModel> cached_model(const HubRepository& repository, const fs::path& cache) {
    const auto folder = cached_snapshot(cache, repository);
    if (!folder) return std::nullopt;
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(*folder, error)) {
        if (entry.is_regular_file(error)) names.push_back(entry.path().filename().string());
    }
    PulledModel model{*folder, folder->filename().string(), {}, 0};
    try {
        FileChoice choice = choose_files(names, repository.id());
        if (!choice.shard_index.empty()) {
            for (std::string& shard :
                 shards_of(read_file(*folder / choice.shard_index, largest_index), repository.id())) {
                if (std::ranges::find(names, shard) == names.end()) return std::nullopt;
                choice.files.push_back(std::move(shard));
            }
        }
        model.files = std::move(choice.files);
    } catch (const Error&) {
        return std::nullopt;  // some of it is missing
    }
    return model;
}

}  // namespace

PulledModel pull_model(const HubRepository& repository, const HubSettings& settings) {
    if (!settings.offline) return Pull(repository, settings).run();
    if (auto model = cached_model(repository, settings.cache)) {
        log_info(concat("HF_HUB_OFFLINE is set: ", repository.id(),
                        " is in the cache; the hub was not asked for news"));
        return std::move(*model);
    }
    throw UsageError(concat("HF_HUB_OFFLINE is set, and the cache (", printable(settings.cache),
                            ") does not hold ", repository.id(), " at revision ", repository.revision,
                            "; unset it to download the model"));
}

}  // namespace clipsim
