// An image store in PostgreSQL: a table with pgvector's vectors, in a schema of its own.
#pragma once

#include <functional>
#include <memory>

#include "clipsim/core/error.h"
#include "clipsim/index/image_store.h"
#include "postgres_tables.h"

namespace clipsim {

// There is no index in the schema.
class NoIndexError : public UsageError {
  public:
    using UsageError::UsageError;
};

class PostgresStore final : public ImageStore {
  public:
    // Over tables that are there, of this identity. The connection is in a transaction of one snapshot, or
    // (to write) in none.
    PostgresStore(std::shared_ptr<PgConnection> connection, PostgresTables tables,
                  const IndexIdentity& identity);
    // All later calls see the state of this moment. Throws NoIndexError, UsageError for another
    // model.
    static std::unique_ptr<PostgresStore> open_for_reading(const PostgresConfig& config,
                                                           const IndexIdentity& identity);

    std::vector<StoredImage> images() const override;
    std::optional<StoredImage> find(std::int64_t id) const override;
    std::vector<float> vector(std::int64_t id, IndexSpace space = IndexSpace::own) const override;
    void load_vectors(std::vector<std::int64_t>& ids, std::vector<float>& vectors,
                      IndexSpace space = IndexSpace::own, std::int64_t after = 0,
                      std::vector<std::int64_t>* damaged = nullptr) const override;
    // The same vectors of all images, a block at a time: `take` gets ids [N] and vectors [N, dimension].
    void for_each_block(IndexSpace space,
                        const std::function<void(std::span<const std::int64_t> ids,
                                                 std::span<const float> vectors)>& take) const;
    std::vector<std::int64_t> matching(const ImageFilter& filter) const override;
    int joint_dimension() const override { return stored_.joint_dimension; }
    std::int64_t count() const override;
    std::uint64_t generation() const override;
    void put(std::span<const ImageEntry> entries, std::span<const float> vectors,
             std::span<const float> joint = {}) override;
    void update(std::span<const StoredImage> images) override;
    void remove(std::span<const std::int64_t> ids) override;

  private:
    std::string columns() const;
    StoredImage read_image(const PgResult& row) const;
    std::size_t dimension_of(IndexSpace space) const;

    std::shared_ptr<PgConnection> connection_;
    PostgresTables tables_;
    IndexIdentity wanted_, stored_;
};

}  // namespace clipsim
