// An index in PostgreSQL, searched: each search in a transaction of its own, which sees the state of that
// moment, and in one round trip.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "clipsim/core/parallel.h"
#include "clipsim/index/index_reader.h"
#include "postgres.h"
#include "postgres_search.h"

namespace clipsim {

// Connections that no search is using. Thread-safe.
class ConnectionPool {
  public:
    ConnectionPool(PostgresConfig server, std::stop_token stop)
        : server_(std::move(server)), stop_(std::move(stop)) {}
    std::unique_ptr<PgConnection> take();
    void give_back(std::unique_ptr<PgConnection> connection);
    void drop_idle();

  private:
    PostgresConfig server_;
    std::stop_token stop_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<PgConnection>> idle_;
};

class PostgresReader final : public IndexReader {
  public:
    PostgresReader(const PostgresConfig& server, const std::optional<IndexIdentity>& identity,
                   const IndexParameters& wanted, const ThreadPool& pool, const std::stop_token& stop = {});

    const IndexDescription& description() const override { return description_; }
    void load(Space /*space*/) const override {}
    std::vector<FoundImage> nearest(std::span<const float> query, int k, Space space,
                                    const ImageFilter& where) const override;
    NearestRows nearest_rows(std::span<const float> queries, int k, const ImageFilter& where) const override;
    std::vector<StoredImage> images(const ImageFilter& where) const override;
    std::vector<std::string> labels() const override;
    IndexStorage storage() const override;
    bool is_current() const override { return true; }

    const std::vector<std::int64_t>& ids() const;  // ascending, as they were when first asked for
    // ef_search and nprobe from now on. Not while a search is under way.
    void use(const IndexParameters& wanted) { wanted_ = wanted; }

  private:
    std::vector<FoundImage> answer(std::unique_ptr<PgConnection>& connection,
                                   const PostgresQuestion& question) const;
    std::shared_ptr<const PostgresState> state() const;
    std::shared_ptr<const PostgresState> look_again(PgConnection& connection) const;

    PostgresConfig server_;
    std::optional<IndexIdentity> identity_;
    IndexParameters wanted_;
    ThreadPool threads_;
    std::stop_token stop_;
    mutable std::mutex state_mutex_;
    mutable std::shared_ptr<const PostgresState> state_;  // of the last search
    mutable ConnectionPool pool_;
    mutable std::once_flag ids_once_;
    mutable std::vector<std::int64_t> ids_;
    IndexDescription description_;
};

}  // namespace clipsim
