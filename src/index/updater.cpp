#include "clipsim/index/updater.h"

#include <unordered_map>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "disk_changes.h"

namespace clipsim {

namespace {

bool can_be_read(const std::filesystem::path& file) {
    try {
        hash_file(file);
        return true;
    } catch (const Error&) {
        return false;
    }
}

}  // namespace

struct IndexUpdater::Impl {
    std::unique_ptr<IndexWriter> writer;
    DiskChanges changes = {};
    const IndexRoots* roots = nullptr;
    std::optional<Shard> shard = std::nullopt;
    bool planned = false;
    bool known_applied = false;
    UpdateReport report = {};

    IndexStore& store() { return *writer->store(); }

    // What needs no model: before the first commit, which may replace a row whose vector a copy wants.
    void apply_known() {
        if (std::exchange(known_applied, true)) return;
        if (roots != nullptr && roots->folders() != store().roots()) store().keep_roots(roots->folders());
        if (planned) store().keep_shard(shard);
        store().update(changes.moved);
        store_copies();
    }

    // Known vectors under new paths. All are read before the first is written: files may have swapped names.
    // Copies of what has no vector yet stay for the next call.
    void store_copies() {
        if (changes.copies.empty()) return;
        std::unordered_map<std::string, std::int64_t> by_content;
        for (const StoredImage& image : store().images()) {
            if (image.complete) by_content.emplace(image.content_hash, image.id);
        }
        std::vector<ImageEntry> entries, waiting;
        std::vector<float> image, text;
        const auto append = [&](std::vector<float>& rows, std::int64_t id, Space space) {
            const std::vector<float> row = store().vector(id, space);
            rows.insert(rows.end(), row.begin(), row.end());
        };
        for (ImageEntry& copy : changes.copies) {
            const auto source = by_content.find(copy.content_hash);
            if (source == by_content.end()) {
                waiting.push_back(std::move(copy));
                continue;
            }
            append(image, source->second, Space::image);
            if (store().text_dimension() > 0) append(text, source->second, Space::text);
            entries.push_back(std::move(copy));
        }
        store().put(entries, image, text);
        changes.copies = std::move(waiting);
    }

    // Rows whose file is gone, or has other content that gave no vector (a file that can't be read may have
    // any content).
    void remove_stale() {
        std::vector<std::int64_t> stale = changes.vanished;
        for (const StoredImage& image : changes.outdated) {
            if (!store().find(image.id)) continue;  // a committed one has a new id by now
            if (can_be_read(image.path)) stale.push_back(image.id);
        }
        store().remove(stale);
    }
};

void IndexUpdater::start_over() {
    std::vector<std::int64_t> ids;
    for (const StoredImage& image : impl_->store().images()) ids.push_back(image.id);
    impl_->store().remove(ids);
}

IndexUpdater::IndexUpdater(std::unique_ptr<IndexWriter> writer)
    : impl_(std::make_unique<Impl>(Impl{.writer = std::move(writer)})) {}

IndexUpdater::~IndexUpdater() = default;

const UpdatePlan& IndexUpdater::plan(std::span<const IndexCandidate> candidates,
                                     std::span<const std::filesystem::path> roots,
                                     const PlanOptions& options) {
    const IndexStore* store = impl_->writer->store();  // none: a dry run over nothing
    const std::vector<StoredImage> stored = store != nullptr ? store->images() : std::vector<StoredImage>{};
    impl_->roots = options.roots;
    impl_->shard = options.shard;
    impl_->planned = true;
    impl_->changes = compare_with_disk(stored, candidates, roots, options);
    return impl_->changes.plan;
}

void IndexUpdater::commit(std::span<const ImageEntry> entries, std::span<const float> vectors,
                          std::span<const float> text) {
    impl_->apply_known();
    impl_->store().put(entries, vectors, text);
    impl_->report.embedded += entries.size();
}

UpdateReport IndexUpdater::finish() {
    impl_->apply_known();
    impl_->store_copies();
    impl_->remove_stale();
    UpdateReport& report = impl_->report;
    impl_->writer->publish(report);
    report.unchanged = impl_->changes.plan.unchanged;
    report.renamed = impl_->changes.plan.renamed;
    report.copies = impl_->changes.plan.copies;
    report.removed = impl_->changes.plan.removed.size();
    report.excluded = impl_->changes.plan.excluded.size();
    report.total = impl_->store().count();
    return report;
}

}  // namespace clipsim
