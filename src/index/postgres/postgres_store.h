// The store of an index in PostgreSQL: a table with pgvector's vectors, in a schema of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "clipsim/index/index_store.h"
#include "postgres_tables.h"

namespace clipsim {

// Throws NoIndexError, and UsageError for tables of another program.
void require_index(PgConnection& connection, const PostgresSchema& schema);

// The name by which the index knows whose photos this process brings.
std::string machine_of(const PostgresConfig& config);

class PostgresStore final : public IndexStore {
  public:
    // Over tables that are there, of this identity. The connection is in a transaction of one snapshot, or
    // (to write) in none. machine: machine_of the config.
    PostgresStore(std::shared_ptr<PgConnection> connection, PostgresTables tables,
                  const IndexIdentity& identity, std::string machine);
    // All later calls see the state of this moment. Throws NoIndexError, UsageError for another
    // model.
    static std::unique_ptr<PostgresStore> open_for_reading(const PostgresConfig& config,
                                                           const IndexIdentity& identity,
                                                           const std::stop_token& stop = {});
    // Asked before each write; throws where it may not be.
    void guard_writes(std::function<void()> check) { may_write_ = std::move(check); }

    std::vector<StoredImage> images() const override;
    std::optional<StoredImage> find(std::int64_t id) const override;
    std::vector<float> vector(std::int64_t id, Space space = Space::image) const override;
    // All vectors of the image space, ids [N] and vectors [N, dimension] at a time, by id.
    void for_each_block(const std::function<void(std::span<const std::int64_t> ids,
                                                 std::span<const float> vectors)>& take) const;
    int text_dimension() const override { return stored_.text_dimension; }
    std::int64_t count() const override;
    std::vector<std::filesystem::path> roots() const override;
    void put(std::span<const ImageEntry> entries, std::span<const float> vectors,
             std::span<const float> text = {}) override;
    void update(std::span<const StoredImage> images) override;
    void remove(std::span<const std::int64_t> ids) override;
    void keep_roots(std::span<const std::filesystem::path> roots) override;
    std::optional<Shard> shard() const override;
    void keep_shard(const std::optional<Shard>& shard) override;

  private:
    std::string columns() const;
    StoredImage read_image(const PgResult& row) const;
    std::size_t dimension_of(Space space) const;

    std::shared_ptr<PgConnection> connection_;
    PostgresTables tables_;
    IndexIdentity wanted_, stored_;
    std::string machine_;
    std::function<void()> may_write_ = [] {};
    bool knows_ctimes_ = true, knows_machines_ = true;
};

}  // namespace clipsim
