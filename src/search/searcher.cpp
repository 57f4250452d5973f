#include "clipsim/search/searcher.h"

#include <algorithm>
#include <limits>
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

constexpr int most_wanted = std::numeric_limits<int>::max() / 2;

int more_than(int wanted) {
    return wanted > most_wanted / 2 ? most_wanted : 2 * wanted;
}

// What a query leaves out of its hits: itself.
class OwnFiles {
  public:
    explicit OwnFiles(const QueryOptions& options) : options_(options), paths_(options.exclude) {
        for (std::filesystem::path& file : paths_) file = std::filesystem::absolute(file).lexically_normal();
    }

    int expected() const { return static_cast<int>(paths_.size()); }

    // Appends hits of the others, best first. False: there may be more that belong to the hits.
    bool take_others(std::vector<FoundImage> found, std::vector<Hit>& hits) const {
        for (FoundImage& image : found) {
            if (static_cast<int>(hits.size()) == options_.top_k) return true;
            if (options_.min_score && image.score < *options_.min_score) return true;
            if (holds(image)) continue;
            hits.push_back({static_cast<int>(hits.size()) + 1, image.id, std::move(image.path),
                            std::move(image.label), image.score});
        }
        return static_cast<int>(hits.size()) == options_.top_k;
    }

  private:
    bool holds(const FoundImage& image) const {
        const auto& contents = options_.exclude_contents;
        if (!image.content_hash.empty() && std::ranges::find(contents, image.content_hash) != contents.end())
            return true;
        return std::ranges::any_of(paths_, [&](const std::filesystem::path& file) {
            return image.path == file || (image.score >= own_score && same_file(image.path, file));
        });
    }

    const QueryOptions& options_;
    std::vector<std::filesystem::path> paths_;
};

}  // namespace

struct Searcher::Impl {
    IndexPlace place;
    IndexIdentity identity;
    IndexParameters wanted;
    ThreadPool pool;
    std::stop_token stop;
    std::mutex mutex;
    std::shared_ptr<const IndexReader> reader;

    Impl(const IndexPlace& where, const IndexIdentity& whose, const IndexParameters& how, int many,
         const std::stop_token& stopped)
        : place(where), identity(whose), wanted(how), pool(many), stop(stopped), reader(open()) {}

    std::shared_ptr<const IndexReader> open() const {
        return open_index_reader(place, identity, wanted, pool, stop);
    }

    std::shared_ptr<const IndexReader> newest() {
        const std::scoped_lock lock(mutex);
        if (!reader->is_current()) reader = open();
        return reader;
    }
};

Searcher::Searcher(const IndexPlace& place, const IndexIdentity& identity, const IndexParameters& wanted,
                   int threads, const std::stop_token& stop)
    : impl_(std::make_unique<Impl>(place, identity, wanted, threads, stop)) {}

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
    const OwnFiles own(options);
    // How many of the nearest are the query itself shows only when they are looked at.
    for (int wanted = options.top_k + own.expected();; wanted = more_than(wanted)) {
        std::vector<FoundImage> found = reader.nearest(query, wanted, space, options.where);
        const bool all = static_cast<int>(found.size()) < wanted || wanted == most_wanted;
        if (own.take_others(std::move(found), result.hits) || all) break;
        result.hits.clear();
    }
    result.took_ms = stopwatch.milliseconds();
    return result;
}

IndexDescription Searcher::description() const {
    return impl_->newest()->description();
}

std::vector<std::string> Searcher::labels() const {
    return impl_->newest()->labels();
}

std::vector<StoredImage> Searcher::images(const ImageFilter& where) const {
    return impl_->newest()->images(where);
}

}  // namespace clipsim
