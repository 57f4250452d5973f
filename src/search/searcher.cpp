#include "clipsim/search/searcher.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "clipsim/core/stopwatch.h"
#include "clipsim/index/index_reader.h"
#include "clipsim/index/open/open_index.h"

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
    IndexPlace place;
    IndexIdentity identity;
    IndexParameters wanted;
    ThreadPool pool;
    std::mutex mutex;
    std::shared_ptr<const IndexReader> reader;

    Impl(const IndexPlace& where, const IndexIdentity& whose, const IndexParameters& how, int many)
        : place(where), identity(whose), wanted(how), pool(many), reader(open()) {}

    std::shared_ptr<const IndexReader> open() const {
        return open_index_reader(place, identity, wanted, pool);
    }

    std::shared_ptr<const IndexReader> newest() {
        const std::scoped_lock lock(mutex);
        if (!reader->is_current()) reader = open();
        return reader;
    }
};

Searcher::Searcher(const IndexPlace& place, const IndexIdentity& identity, const IndexParameters& wanted,
                   int threads)
    : impl_(std::make_unique<Impl>(place, identity, wanted, threads)) {}

Searcher::~Searcher() = default;
Searcher::Searcher(Searcher&&) noexcept = default;
Searcher& Searcher::operator=(Searcher&&) noexcept = default;

QueryResult Searcher::search(const std::string& name, std::span<const float> query,
                             const QueryOptions& options, Space space) const {
    // Enough for any writer but one that never rests.
    for (int tries_left = 10;; --tries_left) {
        const std::shared_ptr<const IndexReader> reader = impl_->newest();
        try {
            reader->load(space);  // before the clock starts
            return search(*reader, name, query, options, space);
        } catch (const StaleIndexError&) {
            if (tries_left == 0) throw;
        }
    }
}

QueryResult Searcher::search(const IndexReader& reader, const std::string& name, std::span<const float> query,
                             const QueryOptions& options, Space space) {
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
    for (FoundImage& image : reader.nearest(query, options.top_k + spare, space, options.where)) {
        Hit hit{0, image.id, std::move(image.path), std::move(image.label), image.score};
        if (result.hits.size() == top_k || (options.min_score && hit.score < *options.min_score)) break;
        if (is_own(hit)) continue;
        hit.rank = static_cast<int>(result.hits.size()) + 1;
        result.hits.push_back(std::move(hit));
    }
    result.took_ms = stopwatch.milliseconds();
    return result;
}

IndexDescription Searcher::description() const {
    return impl_->newest()->description();
}

}  // namespace clipsim
