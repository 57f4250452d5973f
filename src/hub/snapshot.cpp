#include "snapshot.h"

#include <unistd.h>

#include <algorithm>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;

// What tells backup programs that the folder can be recreated (https://bford.info/cachedir/); huggingface_hub
// puts it there as well.
void tag_as_cache(const fs::path& cache) {
    std::error_code error;
    if (fs::exists(cache / "CACHEDIR.TAG", error)) return;
    write_file_atomically(cache / "CACHEDIR.TAG",
                          "Signature: 8a477f597d28d172789f06886806bc55\n"
                          "# Models downloaded from a hub, by clipsim or huggingface_hub.\n");
}

}  // namespace

Snapshot::Snapshot(const fs::path& cache, const HubRepository& repository, const std::string& commit)
    : repository_folder_(hub_repository_folder(cache, repository)),
      locks_(cache / ".locks" / repository_folder_.filename()),
      folder_(repository_folder_ / "snapshots" / commit),
      revision_(repository.revision),
      commit_(commit) {
    ensure_writable_folder(repository_folder_ / "blobs");
    ensure_writable_folder(folder_);
    tag_as_cache(cache);
}

BlobPlace Snapshot::place(const Blob& blob) const {
    return {repository_folder_ / "blobs" / blob.etag, locks_ / (blob.etag + ".lock")};
}

void Snapshot::link(const Blob& blob) const {
    const fs::path link = folder_ / blob.file;
    ensure_writable_folder(link.parent_path());
    fs::path target = fs::path("..") / ".." / "blobs" / blob.etag;
    for (const char c : blob.file) {
        if (c == '/') target = ".." / target;
    }
    std::error_code error;
    if (fs::read_symlink(link, error) == target && !error) return;
    // Aside and renamed, so that a reader of the old link never meets none.
    fs::path aside = link;
    aside += concat(".tmp-", ::getpid());
    fs::remove(aside, error);
    fs::create_symlink(target, aside, error);
    if (error) fs::copy_file(place(blob).file, aside, fs::copy_options::overwrite_existing, error);
    if (!error) fs::rename(aside, link, error);
    if (error) throw Error(concat("cannot write ", printable(link), ": ", error.message()));
}

void Snapshot::name_revision() const {
    if (revision_ == commit_) return;
    write_file_atomically(repository_folder_ / "refs" / revision_, commit_);
}

}  // namespace clipsim
