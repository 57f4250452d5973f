#include "postgres_store.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "clipsim/core/text.h"
#include "clipsim/index/index_roots.h"
#include "postgres_ownership.h"
#include "postgres_values.h"

namespace clipsim {

namespace {

// Positions of the entries to store: of two with one path the last.
std::vector<std::size_t> last_of_each_path(std::span<const ImageEntry> entries) {
    std::unordered_map<std::string, std::size_t> last;
    for (std::size_t i = 0; i < entries.size(); ++i) last[entries[i].path.native()] = i;
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (last.at(entries[i].path.native()) == i) kept.push_back(i);
    }
    return kept;
}

}  // namespace

void require_index(PgConnection& connection, const PostgresSchema& schema) {
    if (tables_are_there(connection, PostgresTables::current(schema))) return;
    throw NoIndexError(concat("there is no index in the PostgreSQL schema ", printable(schema.name),
                              "; run `clipsim index` first"));
}

std::string machine_of(const PostgresConfig& config) {
    if (!config.machine.empty()) return config.machine;
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    return name.data();
}

PostgresStore::PostgresStore(std::shared_ptr<PgConnection> connection, PostgresTables tables,
                             const IndexIdentity& identity, std::string machine)
    : connection_(std::move(connection)),
      tables_(std::move(tables)),
      wanted_(identity),
      machine_(std::move(machine)) {
    const PostgresMeta meta = read_meta(*connection_, tables_);
    stored_ = identity_of(meta);
    knows_ctimes_ = knows_ctimes(meta);
    knows_machines_ = knows_machines(meta);
}

std::unique_ptr<PostgresStore> PostgresStore::open_for_reading(const PostgresConfig& config,
                                                               const IndexIdentity& identity,
                                                               const std::stop_token& stop) {
    auto connection = std::make_shared<PgConnection>(config, stop);
    const PostgresSchema schema = open_schema(*connection, config.schema, false);
    const PostgresTables tables = PostgresTables::current(schema);
    require_index(*connection, schema);
    connection->execute(begin_reading);
    connection->execute(lock_for_reading(tables));
    check_meta(read_meta(*connection, tables), config.schema, identity, IndexUse::shared);
    return std::make_unique<PostgresStore>(std::move(connection), tables, identity, machine_of(config));
}

std::string PostgresStore::columns() const {
    return concat("id, path, size, mtime_ns, content_hash, label, ",
                  stored_.text_dimension > 0 ? "joint_vector IS NOT NULL" : "false", ", ",
                  knows_ctimes_ ? "ctime_ns" : "0::bigint", ", ", knows_machines_ ? "machine" : "''::text");
}

StoredImage PostgresStore::read_image(const PgResult& row) const {
    StoredImage image;
    image.id = row.integer(0, 0);
    image.path = row.text(0, 1);
    image.stamp = {static_cast<std::uint64_t>(row.integer(0, 2)), row.integer(0, 3)};
    image.content_hash = row.text(0, 4);
    image.label = row.text(0, 5);
    image.complete = wanted_.text_dimension == 0 || row.bytes(0, 6) == std::string_view("\1", 1);
    image.ctime_ns = row.integer(0, 7);
    if (const std::string machine = row.text(0, 8); machine != machine_) image.machine = machine;
    return image;
}

std::size_t PostgresStore::dimension_of(Space space) const {
    return static_cast<std::size_t>(stored_.dimension_of(space));
}

std::vector<StoredImage> PostgresStore::images() const {
    std::vector<StoredImage> images;
    connection_->for_each(concat("SELECT ", columns(), " FROM ", tables_.images, " ORDER BY id"), {},
                          [&](const PgResult& row) { images.push_back(read_image(row)); });
    return images;
}

std::optional<StoredImage> PostgresStore::find(std::int64_t id) const {
    const PgResult row = connection_->query(
        concat("SELECT ", columns(), " FROM ", tables_.images, " WHERE id = $1::bigint"), {pg_integer(id)});
    if (row.rows() == 0) return std::nullopt;
    return read_image(row);
}

std::vector<float> PostgresStore::vector(std::int64_t id, Space space) const {
    std::vector<float> vector(dimension_of(space));
    if (!vector.empty()) {
        const PgResult row =
            connection_->query(concat("SELECT ", column_of(space), " FROM ", tables_.images,
                                      " WHERE id = $1::bigint AND ", column_of(space), " IS NOT NULL"),
                               {pg_integer(id)});
        if (row.rows() == 1) {
            read_pg_vector(row.bytes(0, 0), vector);
            return vector;
        }
    }
    throw Error(concat("PostgreSQL has no vector of image ", id));
}

void PostgresStore::for_each_block(const std::function<void(std::span<const std::int64_t> ids,
                                                            std::span<const float> vectors)>& take) const {
    constexpr std::size_t block = 8192;
    const std::size_t dimension = dimension_of(Space::image);
    std::vector<std::int64_t> ids;
    std::vector<float> vectors;
    const auto pass_on = [&] {
        if (!ids.empty()) take(ids, vectors);
        ids.clear();
        vectors.clear();
    };
    connection_->for_each(concat("SELECT id, vector FROM ", tables_.images, " ORDER BY id"), {},
                          [&](const PgResult& row) {
                              ids.push_back(row.integer(0, 0));
                              vectors.resize(vectors.size() + dimension);
                              read_pg_vector(row.bytes(0, 1), std::span(vectors).last(dimension));
                              if (ids.size() == block) pass_on();
                          });
    pass_on();
}

std::int64_t PostgresStore::count() const {
    return connection_->query(concat("SELECT count(*) FROM ", tables_.images)).integer(0, 0);
}

void PostgresStore::put(std::span<const ImageEntry> entries, std::span<const float> vectors,
                        std::span<const float> text) {
    if (entries.empty()) return;
    may_write_();
    const std::size_t dimension = dimension_of(Space::image);
    const std::size_t text_dimension = dimension_of(Space::text);
    const bool keeps_text = text_dimension > 0;
    PgCopyRows rows;
    std::vector<std::string> paths;
    for (const std::size_t i : last_of_each_path(entries)) {
        const ImageEntry& entry = entries[i];
        paths.push_back(entry.path.native());
        rows.begin_row(keeps_text ? 9 : 8);
        rows.add(entry.path.native());
        rows.add(pg_integer(static_cast<std::int64_t>(entry.stamp.size)));
        rows.add(pg_integer(entry.stamp.mtime_ns));
        rows.add(entry.content_hash);
        rows.add(entry.label);
        rows.add(pg_integer(entry.ctime_ns));
        rows.add(machine_);
        rows.add(pg_vector(vectors.subspan(i * dimension, dimension)));
        if (!keeps_text) continue;
        if (text.empty()) {
            rows.add_null();
        } else {
            rows.add(pg_vector(text.subspan(i * text_dimension, text_dimension)));
        }
    }
    PgTransaction transaction(*connection_);
    connection_->query(concat("DELETE FROM ", tables_.images,
                              " WHERE sha256(path) = ANY (SELECT sha256(p) FROM unnest($1::bytea[]) p)"),
                       {pg_bytes(paths)});
    connection_->copy_in(concat("COPY ", tables_.images,
                                " (path, size, mtime_ns, content_hash, label, ctime_ns, machine, vector",
                                keeps_text ? ", joint_vector" : "", ") FROM STDIN (FORMAT binary)"),
                         rows.finish());
    next_generation(*connection_, tables_);
    transaction.commit();
}

// A batch is one statement, not one for each image: every statement takes a round trip.
void PostgresStore::update(std::span<const StoredImage> images) {
    if (images.empty()) return;
    may_write_();
    constexpr std::size_t batch = 4096;
    PgTransaction transaction(*connection_);
    for (std::size_t first = 0; first < images.size(); first += batch) {
        std::vector<std::int64_t> ids, sizes, mtimes, ctimes;
        std::vector<std::string> paths, hashes, labels;
        for (const StoredImage& image : images.subspan(first, std::min(batch, images.size() - first))) {
            ids.push_back(image.id);
            paths.push_back(image.path.native());
            sizes.push_back(static_cast<std::int64_t>(image.stamp.size));
            mtimes.push_back(image.stamp.mtime_ns);
            hashes.push_back(image.content_hash);
            labels.push_back(image.label);
            ctimes.push_back(image.ctime_ns);
        }
        connection_->query(
            concat("UPDATE ", tables_.images,
                   " i SET path = n.path, size = n.size, mtime_ns = n.mtime_ns, content_hash = "
                   "n.content_hash, label = n.label, ctime_ns = n.ctime_ns FROM "
                   "unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::text[], "
                   "$6::bytea[], $7::bigint[]) AS n(id, path, size, mtime_ns, content_hash, "
                   "label, ctime_ns) WHERE i.id = n.id"),
            {pg_integers(ids), pg_bytes(paths), pg_integers(sizes), pg_integers(mtimes), pg_texts(hashes),
             pg_bytes(labels), pg_integers(ctimes)});
    }
    transaction.commit();
}

std::vector<std::filesystem::path> PostgresStore::roots() const {
    return roots_of(read_meta(*connection_, tables_));
}

void PostgresStore::keep_roots(std::span<const std::filesystem::path> roots) {
    may_write_();
    set_meta(*connection_, tables_, "roots", encode_paths(roots));
}

std::optional<Shard> PostgresStore::shard() const {
    return noted_shard(text_of(read_meta(*connection_, tables_), "shard"));
}

void PostgresStore::keep_shard(const std::optional<Shard>& shard) {
    if (this->shard() == shard) return;
    may_write_();
    set_meta(*connection_, tables_, "shard", shard ? shard->text() : "");
}

void PostgresStore::remove(std::span<const std::int64_t> ids) {
    if (ids.empty()) return;
    may_write_();
    PgTransaction transaction(*connection_);
    connection_->query(concat("DELETE FROM ", tables_.images, " WHERE id = ANY ($1::bigint[])"),
                       {pg_integers(ids)});
    next_generation(*connection_, tables_);
    transaction.commit();
}

}  // namespace clipsim
