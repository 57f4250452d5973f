#include "derived_files.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/core/wait_notice.h"
#include "clipsim/index/folder/file_checksum.h"
#include "clipsim/vectors/vector_index.h"

namespace clipsim {

namespace {

// Cells and ranges are trained on the vectors at hand: twice as many deserve a new training.
bool has_outgrown(const IndexParameters& config, std::int64_t built_from, std::int64_t vectors) {
    const bool learns = config.type == IndexType::ivf || config.storage == Storage::int8;
    return learns && vectors > 2 * built_from;
}

struct Vectors {
    std::vector<std::int64_t> ids;
    std::vector<float> rows;
};

// What is damaged is dropped from the store, for the next run to embed it again.
void drop_damaged(SqliteStore& store, std::span<const std::int64_t> damaged) {
    if (damaged.empty()) return;
    log_warning(concat(damaged.size(),
                       " vectors in images.db were damaged and are dropped; run `clipsim index` once more to "
                       "embed their images again"));
    store.remove(damaged);
}

// Those above `after` that are whole.
Vectors load_whole(SqliteStore& store, Space space, std::int64_t after) {
    Vectors vectors;
    std::vector<std::int64_t> damaged;
    store.load_vectors(vectors.ids, vectors.rows, space, after, &damaged);
    drop_damaged(store, damaged);
    return vectors;
}

}  // namespace

// Written aside, not yet in their place. Both are on the disk before the first is renamed.
struct DerivedFiles::Files {
    std::optional<AtomicFile> image, text;
    FileChecksum image_checksum, text_checksum;

    // write(path) puts the file there and returns its hash.
    template <typename Write>
    void put(const std::filesystem::path& folder, Space space, Write&& write) {
        std::optional<AtomicFile>& file = space == Space::image ? image : text;
        file.emplace(folder / file_of(space));
        const std::filesystem::path aside = file->temporary_path();
        (space == Space::image ? image_checksum : text_checksum) =
            checksum_written(aside, write(aside));  // renaming changes neither
    }
};

DerivedFiles::DerivedFiles(std::filesystem::path folder, IndexIdentity identity, IndexParameters wanted,
                           const UpdateSettings& settings, int threads)
    : folder_(std::move(folder)),
      identity_(std::move(identity)),
      wanted_(wanted),
      settings_(settings),
      pool_(threads) {}

void DerivedFiles::refuse_newer() const {
    try {
        read_manifest(folder_ / "manifest.json");
    } catch (const NewerIndexError&) {
        throw;
    } catch (const Error&) {  // missing or damaged: it is rewritten
    }
}

// ef_search and nprobe that no config names are those that the index was tuned to, or the defaults.
IndexParameters DerivedFiles::resolved_parameters(const SqliteStore& store) const {
    IndexParameters resolved = wanted_;
    resolved.hnsw.ef_search = HnswConfig::default_ef_search;
    resolved.ivf.nprobe = IvfConfig::default_nprobe;
    try {
        resolved = with_search_parameters(resolved, read_manifest(folder_ / "manifest.json").parameters);
    } catch (const Error&) {  // there is none, or it is damaged
    }
    resolved.type = resolve_index_type(wanted_.type, store.count());
    return with_search_parameters(resolved, wanted_);
}

// The manifest, where it vouches for files that are there, whole and fit to be continued.
std::optional<DerivedFiles::Usable> DerivedFiles::usable_manifest(const SqliteStore& store,
                                                                  const IndexParameters& resolved) const {
    // True where size and time of change have to be noted again.
    Manifest manifest;
    const auto renew = [&](Space space) {
        const char* name = file_of(space);
        FileChecksum& known = manifest.checksum_of(space);
        const FileChecksum found =
            settings_.verify ? checksum_file(folder_ / name) : renewed_checksum(folder_ / name, known);
        if (found.hash != known.hash) throw Error(concat(name, " is damaged"));
        return std::exchange(known, found) != found;
    };
    try {
        manifest = read_manifest(folder_ / "manifest.json");
        const bool fits = is_derived_from(manifest, store) && manifest.identity.same_vectors(identity_) &&
                          built_parameters(manifest.parameters) == built_parameters(resolved);
        if (!fits) return std::nullopt;
        bool renewed = renew(Space::image);
        if (has_text_space() && renew(Space::text)) renewed = true;
        return Usable{std::move(manifest), !renewed};
    } catch (const Error&) {
        return std::nullopt;
    }
}

void DerivedFiles::refresh(SqliteStore& store, UpdateReport& report) {
    const auto start = std::chrono::steady_clock::now();
    remove_leftovers();
    const IndexParameters resolved = resolved_parameters(store);
    const std::optional<Usable> before = usable_manifest(store, resolved);
    Manifest manifest = before ? before->manifest : Manifest{};
    manifest.schema_version = Manifest::current_schema_version;
    manifest.identity = identity_;
    manifest.parameters = resolved;
    manifest.roots = store.roots();
    if (before && manifest.last_id < 0)
        manifest.last_id = store.last_id();  // an older one, of this very state

    report.delta = before ? store.count_after(manifest.last_id) : 0;
    const auto share_of_vectors = [&](double share) {
        return static_cast<std::int64_t>(share * static_cast<double>(manifest.vectors));
    };
    if (!before || store.removed_count() > share_of_vectors(settings_.deleted_share) ||
        has_outgrown(resolved, manifest.built_from, manifest.vectors + report.delta)) {
        report.derivation = UpdateReport::Derivation::rebuilt;
        rebuild(store, manifest);
    } else if (report.delta > std::min(settings_.most_delta, share_of_vectors(settings_.delta_share))) {
        report.derivation = UpdateReport::Derivation::added_to;
        add_delta(store, manifest);
    } else if (manifest.images != store.count() || before->manifest.roots != manifest.roots ||
               before->manifest.parameters != resolved ||
               before->manifest.schema_version != manifest.schema_version || !before->is_current) {
        manifest.images = store.count();
        write_manifest(folder_ / "manifest.json", manifest);
    }
    report.delta = store.count_after(manifest.last_id);
    report.deleted = store.removed_count();
    report.type = resolved.type;
    report.parameters = resolved;
    report.build_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void DerivedFiles::rebuild(SqliteStore& store, Manifest& manifest) {
    const WaitNotice notice(concat("building the index (", to_string(manifest.parameters.type), ") of ",
                                   store.count(), " vectors"));
    Files files;
    while (true) {
        const std::uint64_t generation = store.generation();
        for (const Space space : {Space::image, Space::text}) {
            if (space == Space::text && !has_text_space()) continue;
            std::size_t count = 0;
            std::vector<std::int64_t> damaged;
            const auto vectors = [&](const TakeVectors& take) {  // the same at each pass
                count = 0;
                damaged.clear();
                store.for_each_block(
                    space,
                    [&](std::span<const std::int64_t> ids, std::span<const float> rows) {
                        throw_if_stopped(settings_.stop, "what was embedded is kept");
                        count += ids.size();
                        take(ids, rows);
                    },
                    &damaged);
            };
            files.put(folder_, space, [&](const std::filesystem::path& file) {
                return VectorIndex::write(file, manifest.parameters, identity_.dimension_of(space), vectors,
                                          pool_, settings_.stop);
            });
            drop_damaged(store, damaged);
            if (space == Space::image)
                manifest.vectors = manifest.built_from = static_cast<std::int64_t>(count);
        }
        if (store.generation() == generation) break;  // else damaged vectors were met, and dropped
    }
    manifest.last_id = store.last_id();
    swap_in(files, manifest, store);
    store.forget_removed();
    std::error_code ignored;
    if (!has_text_space()) std::filesystem::remove(folder_ / file_of(Space::text), ignored);
}

void DerivedFiles::add_delta(SqliteStore& store, Manifest& manifest) {
    const WaitNotice notice(concat("adding ", store.count_after(manifest.last_id), " vectors to the index (",
                                   to_string(manifest.parameters.type), ")"));
    Files files;
    for (const Space space : {Space::image, Space::text}) {
        if (space == Space::text && !has_text_space()) continue;
        const Vectors delta = load_whole(store, space, manifest.last_id);
        files.put(folder_, space, [&](const std::filesystem::path& file) {
            return VectorIndex::write_extended(file, folder_ / file_of(space), manifest.parameters,
                                               identity_.dimension_of(space), delta.ids, delta.rows, pool_,
                                               settings_.stop);
        });
        if (space == Space::image) manifest.vectors += static_cast<std::int64_t>(delta.ids.size());
    }
    manifest.last_id = std::max(manifest.last_id, store.last_id());
    swap_in(files, manifest, store);
}

// A reader that comes in between meets files of two versions, and looks again.
void DerivedFiles::swap_in(Files& files, Manifest& manifest, const SqliteStore& store) const {
    manifest.images = store.count();
    manifest.generation = store.generation();
    manifest.image_checksum = files.image_checksum;
    manifest.text_checksum = files.text_checksum;
    files.image->commit();
    if (files.text) files.text->commit();
    write_manifest(folder_ / "manifest.json", manifest);
}

// What a killed run was writing aside. It may be as large as the index itself.
void DerivedFiles::remove_leftovers() const {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
        const std::string name = entry.path().filename().string();
        for (const char* file : {"index.faiss.tmp-", "text.faiss.tmp-", "manifest.json.tmp-"}) {
            if (name.starts_with(file)) std::filesystem::remove(entry.path(), ignored);
        }
    }
}

}  // namespace clipsim
