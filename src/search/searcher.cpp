#include "clipsim/search/searcher.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/stopwatch.h"
#include "clipsim/core/text.h"
#include "clipsim/index/folder/index_snapshot.h"
#include "clipsim/index/postgres/open_postgres.h"

namespace clipsim {

namespace {

// A file that scores lower than this is not the query's own, so its name need not be resolved.
constexpr float own_score = 0.98f;

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
    std::error_code ignored;
    return std::filesystem::equivalent(a, b, ignored);
}

}  // namespace

struct Searcher::Impl {
    IndexSnapshot snapshot;
    mutable std::mutex mutex = {};
    // What was asked for last, in each space: a filter usually holds for many queries.
    mutable std::map<IndexSpace, std::pair<ImageFilter, std::shared_ptr<const LiveIndex::Selection>>>
        selections = {};

    Hit hit_of(const Neighbour& neighbour) const {
        const std::optional<StoredImage> image = snapshot.find(neighbour.id);
        if (!image)
            throw Error(concat("the index names an unknown image ", neighbour.id, "; run `clipsim index`"));
        return {0, neighbour.id, image->path, image->label, neighbour.score};
    }

    // None: all images.
    std::shared_ptr<const LiveIndex::Selection> selection(const ImageFilter& filter, IndexSpace space) const {
        if (filter.empty()) return nullptr;
        const LiveIndex& vectors = snapshot.vectors(space);
        const std::scoped_lock lock(mutex);
        auto& [known, selected] = selections[space];
        if (!selected || known != filter) {
            selected = std::make_shared<LiveIndex::Selection>(vectors.select(snapshot.matching(filter)));
            known = filter;
        }
        return selected;
    }
};

Searcher::Searcher(const std::filesystem::path& index_dir, const IndexIdentity& identity,
                   const IndexConfig& wanted) {
    if (wanted.backend == IndexBackend::faiss)
        impl_ = std::make_unique<Impl>(IndexSnapshot::open(index_dir, identity, wanted));
    else
        server_ = open_postgres_neighbours(identity, wanted);
}

Searcher::~Searcher() = default;
Searcher::Searcher(Searcher&&) noexcept = default;
Searcher& Searcher::operator=(Searcher&&) noexcept = default;

QueryResult Searcher::search(const std::string& name, std::span<const float> query,
                             const QueryOptions& options, IndexSpace space) const {
    // Loaded before the clock starts, where they are the joint space's.
    const LiveIndex* vectors = server_ ? nullptr : &std::as_const(impl_->snapshot).vectors(space);
    const Stopwatch stopwatch;
    QueryResult result;
    result.query = name;
    const auto top_k = static_cast<std::size_t>(options.top_k);
    const int spare = static_cast<int>(options.exclude.size());
    std::vector<std::filesystem::path> own = options.exclude;
    for (std::filesystem::path& file : own) file = std::filesystem::absolute(file).lexically_normal();
    const auto is_own = [&](const Hit& hit) {
        return std::ranges::any_of(own, [&](const std::filesystem::path& file) {
            return hit.path == file || (hit.score >= own_score && same_file(hit.path, file));
        });
    };
    // False where no more are wanted.
    const auto take = [&](Hit hit) {
        if (result.hits.size() == top_k || (options.min_score && hit.score < *options.min_score))
            return false;
        if (is_own(hit)) return true;
        hit.rank = static_cast<int>(result.hits.size()) + 1;
        result.hits.push_back(std::move(hit));
        return true;
    };
    if (server_) {
        for (const FoundImage& image : server_->nearest(query, options.top_k + spare, space, options.where)) {
            if (!take({0, image.id, image.path, image.label, image.score})) break;
        }
    } else {
        const auto selection = impl_->selection(options.where, space);
        for (const Neighbour& neighbour : vectors->search(query, options.top_k + spare, selection.get())) {
            if (!take(impl_->hit_of(neighbour))) break;
        }
    }
    result.took_ms = stopwatch.milliseconds();
    return result;
}

const IndexDescription& Searcher::description() const {
    return server_ ? server_->description() : impl_->snapshot.manifest();
}

}  // namespace clipsim
