// An index in PostgreSQL: the same behaviour as of one in a folder, and what only a server can do wrong.
#include "postgres.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/index/postgres/open_postgres.h"
#include "clipsim/index/tuner.h"
#include "clipsim/index/updater.h"
#include "index/postgres/postgres_schema.h"
#include "postgres_index.h"
#include "postgres_store.h"
#include "temporary_folder.h"
#include "vectors/unit_vectors.h"

namespace clipsim::testing {
namespace {

using Mode = IndexUpdater::Mode;
const IndexIdentity tiny{"tiny", "aaaa1111", 2};

class PostgresIndex : public PostgresTest {
  protected:
    // Entries by name, with given vectors, in place of whatever is there.
    UpdateReport fill(const std::vector<ImageEntry>& entries, const std::vector<float>& vectors,
                      const IndexIdentity& identity, const std::vector<float>& text = {}) {
        IndexUpdater updater(open_index_writer(server_, identity, config_, Mode::rebuild));
        updater.start_over();
        updater.commit(entries, vectors, text);
        return updater.finish();
    }

    static ImageEntry entry(const std::string& path, const std::string& hash = "h",
                            const std::string& label = "cat") {
        return {path, {100, 200}, hash, label};
    }

    static std::vector<ImageEntry> numbered(std::size_t count) {
        std::vector<ImageEntry> entries;
        for (std::size_t i = 0; i < count; ++i)
            entries.push_back(entry("/photos/" + std::to_string(i) + ".jpg", std::to_string(i),
                                    i % 100 == 0 ? "rare" : "cat"));
        return entries;
    }

    void sql(const std::string& statement) const {
        PgConnection connection({});
        connection.execute("SET search_path = " + connection.quoted(server_.schema) + ", public");
        connection.execute(statement);
    }

    std::unique_ptr<PostgresStore> reader(const IndexIdentity& identity = tiny) const {
        return PostgresStore::open_for_reading(server_, identity);
    }

    template <typename Work>
    static std::string message_of(Work&& work) {
        try {
            work();
        } catch (const Error& error) {
            return error.what();
        }
        return {};
    }
};

TEST_F(PostgresIndex, KeepsEntriesOfAnyBytesAndVectors) {
    std::string far = "/";
    for (int i = 0; i < 4000; ++i) far += static_cast<char>(1 + (i * 7919 + i / 13) % 255);
    const std::vector<ImageEntry> entries{
        entry("/new\nline \"quote\" caf\xc3\xa9 \xff\xfe.jpg", "h1", "c\xe9 \xff"), entry(far, "h2", "")};
    fill(entries, {1, 0, 0.6F, 0.8F}, tiny);
    const auto store = reader();
    const std::vector<StoredImage> images = store->images();
    ASSERT_EQ(images.size(), 2U);
    EXPECT_EQ(static_cast<const ImageEntry&>(images[0]), entries[0]);
    EXPECT_EQ(static_cast<const ImageEntry&>(images[1]), entries[1]);
    EXPECT_EQ(store->vector(images[1].id), (std::vector<float>{0.6F, 0.8F}));
    std::vector<std::int64_t> ids;
    std::vector<float> loaded;
    store->for_each_block([&](std::span<const std::int64_t> block, std::span<const float> vectors) {
        ids.assign(block.begin(), block.end());
        loaded.assign(vectors.begin(), vectors.end());
    });
    EXPECT_EQ(ids, (std::vector<std::int64_t>{images[0].id, images[1].id}));
    EXPECT_EQ(loaded, (std::vector<float>{1, 0, 0.6F, 0.8F}));
}

TEST_F(PostgresIndex, AReaderSeesTheStateOfItsOpeningAndIdsAreNeverUsedAgain) {
    fill({entry("/a.jpg"), entry("/b.jpg")}, {1, 0, 0, 1}, tiny);
    auto before = reader();
    const std::int64_t last = before->images().back().id;
    {
        IndexUpdater updater(open_index_writer(server_, tiny, config_, Mode::update));
        updater.plan({}, {});
        updater.commit(std::vector{entry("/a.jpg", "new")}, std::vector<float>{0, 1});
        EXPECT_EQ(before->images().at(0).content_hash, "h");
        EXPECT_EQ(before->count(), 2);
    }
    EXPECT_GT(reader()->images().back().id, last) << "a new image has a new id";
    before.reset();  // a rebuild waits for readers before it takes the tables away
    fill({entry("/c.jpg")}, {1, 0}, tiny);
    EXPECT_GT(reader()->images().back().id, last + 1) << "also across a rebuild";
}

TEST_F(PostgresIndex, AFailingBatchLeavesNothingOfItself) {
    fill({entry("/a.jpg"), entry("/b.jpg")}, {1, 0, 0, 1}, tiny);
    auto connection = std::make_shared<PgConnection>(server_);
    const PostgresSchema schema = open_schema(*connection, server_.schema, false);
    PostgresStore store(connection, PostgresTables::current(schema), tiny, "here");
    std::vector<StoredImage> images = store.images();
    images[0].path = images[1].path = "/c.jpg";
    EXPECT_THROW(store.update(images), Error);
    EXPECT_EQ(store.images().at(0).path, "/a.jpg");
    // Of two entries with one path the last counts.
    store.put(std::vector{entry("/d.jpg", "1"), entry("/d.jpg", "2")}, std::vector<float>{1, 0, 0, 1});
    EXPECT_EQ(store.images().back().content_hash, "2");
    EXPECT_EQ(store.count(), 3);
}

TEST_F(PostgresIndex, FollowsWhatHappensToFiles) {
    const TemporaryFolder folder;
    const std::filesystem::path photos = folder / "photos";
    const auto update = [&](std::size_t stop_after = 1000) {
        std::vector<IndexCandidate> candidates;
        for (const auto& file : std::filesystem::directory_iterator(photos))
            candidates.push_back({file.path(), "cat"});
        IndexUpdater updater(open_index_writer(server_, tiny, config_, Mode::update));
        UpdatePlan plan = updater.plan(candidates, std::vector{photos});
        for (ImageEntry& entry : plan.to_embed) entry.content_hash = hash_file(entry.path);
        const std::size_t count = std::min(stop_after, plan.to_embed.size());
        std::vector<float> vectors;
        for (std::size_t i = 0; i < count; ++i) vectors.insert(vectors.end(), {1, 0});
        updater.commit(std::span(plan.to_embed).first(count), vectors);
        return stop_after < plan.to_embed.size() ? UpdateReport{} : updater.finish();
    };
    for (const char* name : {"a", "b", "c", "d"}) write_text(photos / name, name);
    update(2);  // killed between batches
    UpdateReport report = update();
    EXPECT_EQ(report.embedded, 2U);
    EXPECT_EQ(report.unchanged, 2U);
    EXPECT_EQ(report.total, 4);
    std::filesystem::rename(photos / "a", photos / "e");
    write_text(photos / "copy", "b");
    std::filesystem::remove(photos / "c");
    report = update();
    EXPECT_EQ(report.renamed, 1U);
    EXPECT_EQ(report.copies, 1U);
    EXPECT_EQ(report.removed, 1U);
    EXPECT_EQ(report.embedded, 0U);
    std::set<std::string> names;
    for (const StoredImage& image : reader()->images()) names.insert(image.path.filename());
    EXPECT_EQ(names, (std::set<std::string>{"b", "copy", "d", "e"}));
}

TEST_F(PostgresIndex, KeepsRootsAndTimesAndBringsOlderTablesUpToDate) {
    fill({entry("/a.jpg")}, {1, 0}, tiny);
    sql("ALTER TABLE images DROP COLUMN ctime_ns; UPDATE meta SET value = '1' WHERE key = 'schema_version'");
    EXPECT_EQ(reader()->images().at(0).ctime_ns, 0);
    EXPECT_TRUE(reader()->roots().empty());
    const std::vector<std::filesystem::path> roots{"/photos", "/more \xE9\n%"};
    {
        const auto writer = open_index_writer(server_, tiny, config_, Mode::update);
        StoredImage image = writer->store()->images().at(0);
        image.ctime_ns = 7;
        writer->store()->update(std::span(&image, 1));
        writer->store()->keep_roots(roots);
    }
    EXPECT_EQ(reader()->images().at(0).ctime_ns, 7);
    EXPECT_EQ(reader()->roots(), roots);
    EXPECT_EQ(open_postgres_reader(server_, tiny, config_, ThreadPool())->description().roots, roots);
}

TEST_F(PostgresIndex, ADryRunWritesNothing) {
    const TemporaryFolder folder;
    write_text(folder / "a", "A");
    const std::vector<IndexCandidate> candidates{{folder / "a", ""}};
    IndexUpdater updater(open_index_writer(server_, tiny, config_, Mode::dry_run));
    EXPECT_EQ(updater.plan(candidates, std::vector{folder.path()}).to_embed.size(), 1U);
    EXPECT_THROW(reader(), UsageError);
}

TEST_F(PostgresIndex, AnotherModelNeedsARebuildAndANewerVersionIsRefused) {
    fill({entry("/a.jpg")}, {1, 0}, tiny);
    const IndexIdentity other{"big", "bbbb2222", 3};
    EXPECT_NE(message_of([&] {
                  open_postgres_reader(server_, other, config_, ThreadPool());
              }).find("was made with"),
              std::string::npos);
    EXPECT_THROW(IndexUpdater(open_index_writer(server_, other, config_, Mode::update)), UsageError);
    const auto searching = open_postgres_reader(server_, tiny, config_, ThreadPool());
    fill({entry("/a.jpg")}, {1, 0, 0}, other);
    EXPECT_THROW(searching->nearest(std::vector<float>{1, 0}, 1, Space::image, {}), UsageError)
        << "it does not mix models, whenever it began";
    sql("UPDATE meta SET value = '99' WHERE key = 'schema_version'");
    EXPECT_NE(message_of([&] {
                  open_postgres_reader(server_, other, config_, ThreadPool());
              }).find("newer clipsim"),
              std::string::npos);
}

TEST_F(PostgresIndex, ASecondWriterFailsClearlyAndAReaderDoesNot) {
    fill({entry("/a.jpg")}, {1, 0}, tiny);
    const IndexUpdater first(open_index_writer(server_, tiny, config_, Mode::update));
    EXPECT_NE(message_of([&] {
                  IndexUpdater(open_index_writer(server_, tiny, config_, Mode::update));
              }).find("another clipsim"),
              std::string::npos);
    EXPECT_EQ(open_postgres_reader(server_, tiny, config_, ThreadPool())
                  ->nearest(std::vector<float>{1, 0}, 5, Space::image, {})
                  .size(),
              1U);
}

TEST_F(PostgresIndex, ErrorsNameNoPassword) {
    ::setenv("PGPASSWORD", "verysecret", 1);
    ::setenv("PGHOST", "/nowhere/at/all", 1);
    const std::string message =
        message_of([&] { open_postgres_reader(server_, tiny, config_, ThreadPool()); });
    EXPECT_NE(message.find("cannot connect to PostgreSQL"), std::string::npos) << message;
    EXPECT_EQ(message.find("verysecret"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    server_.service = "host=here password=topsecret";
    EXPECT_EQ(
        message_of([&] { open_postgres_reader(server_, tiny, config_, ThreadPool()); }).find("topsecret"),
        std::string::npos);
    ::unsetenv("PGPASSWORD");
    server_.service.clear();
    use_test_server();  // the right host again
}

TEST_F(PostgresIndex, AServerThatGoesAwayLosesOnlyTheBatchUnderWay) {
    fill({entry("/a.jpg")}, {1, 0}, tiny);
    const auto searching = open_postgres_reader(server_, tiny, config_, ThreadPool());
    IndexUpdater updater(open_index_writer(server_, tiny, config_, Mode::update));
    updater.plan({}, {});
    updater.commit(std::vector{entry("/b.jpg")}, std::vector<float>{0, 1});
    PgConnection killer({});
    // Its own connections alone: tests share the server.
    killer.query(
        "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND "
        "(l.classid::bigint << "
        "32 | l.objid::bigint) = hashtextextended('clipsim ' || current_database() || '.' || $1::text, 0)",
        {server_.schema});
    EXPECT_NE(message_of([&] {
                  updater.commit(std::vector{entry("/c.jpg")}, std::vector<float>{0, 1});
              }).find("connection to PostgreSQL was lost"),
              std::string::npos);
    EXPECT_EQ(reader()->count(), 2);
    EXPECT_EQ(searching->nearest(std::vector<float>{1, 0}, 5, Space::image, {}).size(), 2U);
    EXPECT_NO_THROW(IndexUpdater(open_index_writer(server_, tiny, config_, Mode::update)))
        << "the lock went with it";
}

TEST_F(PostgresIndex, WhatPgvectorCannotDoIsSaidBeforeAnyWork) {
    config_.storage = Storage::int8;
    EXPECT_NE(message_of([&] { fill({}, {}, tiny); }).find("index.storage"), std::string::npos);
    config_.storage = Storage::fp32;
    config_.type = IndexType::hnsw;
    EXPECT_NE(message_of([&] {
                  fill({}, {}, {"wide", "w", 3000});
              }).find("2000 dimensions"),
              std::string::npos);
    config_.hnsw.m = 200;
    EXPECT_NE(message_of([&] { fill({}, {}, tiny); }).find("index.hnsw.m"), std::string::npos);
}

// The kinds of index find what exact search finds.
class PostgresSearch : public PostgresIndex {
  protected:
    static constexpr int dimension = 24;
    static constexpr std::size_t count = 3000;

    void make(IndexType type, Storage storage = Storage::fp32) {
        config_.type = type;
        config_.storage = storage;
        config_.hnsw.m = 16;
        fill(numbered(count), rows_, identity_);
    }

    // Share of the true 10 nearest, over 20 queries.
    double recall() const {
        const auto source = open_postgres_reader(server_, identity_, config_, ThreadPool());
        const std::vector<float> queries = unit_vectors(20, dimension, 7);
        int hits = 0;
        for (std::size_t q = 0; q < 20; ++q) {
            const std::span<const float> query = std::span(queries).subspan(q * dimension, dimension);
            const std::vector<std::int64_t> truth = exact_order(rows_, query);
            for (const FoundImage& image : source->nearest(query, 10, Space::image, {})) {
                const std::int64_t row = std::stoll(image.path.stem());
                hits += std::find(truth.begin(), truth.begin() + 10, row) != truth.begin() + 10 ? 1 : 0;
            }
        }
        return hits / 200.0;
    }

    bool server_has(int minor) const {
        PgConnection connection({});
        return pgvector_minor_version(connection) >= minor;
    }

    const IndexIdentity identity_{"tiny", "cccc", dimension};
    const std::vector<float> rows_ = unit_vectors(count, dimension);
};

TEST_F(PostgresSearch, EveryKindOfIndexFindsTheNearest) {
    make(IndexType::flat);
    EXPECT_EQ(recall(), 1.0);
    make(IndexType::hnsw);
    EXPECT_GE(recall(), 0.95);
    config_.ivf.nlist = 20;
    make(IndexType::ivf);
    EXPECT_GE(recall(), 0.9) << "16 of 20 cells";
    if (server_has(7)) {
        make(IndexType::hnsw, Storage::fp16);
        EXPECT_GE(recall(), 0.95);
    } else {
        config_.storage = Storage::fp16;
        EXPECT_NE(message_of([&] { fill({}, {}, identity_); }).find("pgvector 0.7"), std::string::npos);
    }
}

TEST_F(PostgresSearch, AFilterIsExactAtAnySelectivityAndDeletedRowsTakeNoPlaces) {
    make(IndexType::hnsw);
    {
        IndexUpdater updater(open_index_writer(server_, identity_, config_, Mode::update));
        std::vector<IndexCandidate> none;
        updater.plan(none, std::vector{std::filesystem::path("/photos/none")});
    }
    sql("DELETE FROM images WHERE id % 3 = 0");
    const auto source = open_postgres_reader(server_, identity_, config_, ThreadPool());
    const std::span<const float> query = std::span(rows_).first(dimension);
    const auto matching = [&](const ImageFilter& filter) {
        return static_cast<std::size_t>(std::ranges::count_if(
            reader(identity_)->images(),
            [&](const StoredImage& image) { return filter.matches(image.path.native(), image.label); }));
    };
    const auto filter = [](const char* expression) {
        return parse_image_filter(std::vector<std::string>{expression});
    };
    for (const char* expression : {"label=rare", "label!=rare", "path=*7.jpg", "path=*[13]?.jpg",
                                   "path!=1*.jpg", "folder=/photos", "folder=/photo", "label=cat,rare"}) {
        const ImageFilter where = filter(expression);
        const std::size_t all = matching(where);
        for (const int k : {5, 5000}) {
            const std::vector<FoundImage> found = source->nearest(query, k, Space::image, where);
            EXPECT_EQ(found.size(), std::min<std::size_t>(all, static_cast<std::size_t>(k))) << expression;
            for (const FoundImage& image : found)
                EXPECT_TRUE(where.matches(image.path.native(), image.label)) << expression << image.path;
            EXPECT_TRUE(std::ranges::is_sorted(found, std::greater<>{}, &FoundImage::score)) << expression;
        }
    }
    EXPECT_EQ(source->nearest(query, 5000, Space::image, {}).size(), matching({}));
    EXPECT_EQ(matching(filter("folder=/photo")), 0U);
}

TEST_F(PostgresSearch, RowsArePositionsInTheOrderOfIds) {
    make(IndexType::flat);
    sql("DELETE FROM images WHERE id = (SELECT min(id) FROM images)");  // row 0; the others move up
    const auto reader = open_postgres_reader(server_, std::nullopt, config_, ThreadPool(2));
    const std::vector<std::int64_t> found =
        reader->nearest_rows(std::span(rows_).subspan(dimension, 50 * dimension), 2, {}).rows;
    ASSERT_EQ(found.size(), 100U);
    for (std::size_t q = 0; q < 50; ++q) EXPECT_EQ(found[2 * q], static_cast<std::int64_t>(q));
    const ImageFilter rare = parse_image_filter(std::vector<std::string>{"label=rare"});
    const std::vector<std::int64_t> few =
        reader->nearest_rows(std::span(rows_).first(dimension), 31, rare).rows;
    EXPECT_EQ(few.back(), -1) << "29 of the 30 rare ones are left";
    EXPECT_EQ(few.at(28) % 100, 99);
}

TEST_F(PostgresSearch, IsTunedToARecallAndKeepsIt) {
    make(IndexType::flat);
    EXPECT_TRUE(tune(*open_index_tuning(server_), 0.9).curve.empty());
    make(IndexType::hnsw);
    const TuneReport report = tune(*open_index_tuning(server_), 0.97);
    ASSERT_TRUE(report.chosen);
    EXPECT_GE(report.chosen->recall, 0.97);
    EXPECT_GT(report.curve.size(), 1U);
    const auto effort = [&] {
        return open_postgres_reader(server_, identity_, config_, ThreadPool())
            ->description()
            .parameters.hnsw.ef_search;
    };
    EXPECT_EQ(effort(), report.chosen->effort);
    make(IndexType::hnsw);
    EXPECT_EQ(effort(), HnswConfig::default_ef_search) << "a rebuild is another index";
    config_.ivf.nlist = 20;
    make(IndexType::ivf);
    const TuneReport probes = tune(*open_index_tuning(server_), 0.999);
    ASSERT_TRUE(probes.chosen);
    EXPECT_LE(probes.curve.back().effort, 20);
    IndexUpdater writer(open_index_writer(server_, identity_, config_, Mode::update));
    EXPECT_NE(message_of([&] { tune(*open_index_tuning(server_), 0.9); }).find("another clipsim is updating"),
              std::string::npos);
}

TEST_F(PostgresSearch, TheJointSpaceIsSearchedApart) {
    config_.type = IndexType::hnsw;
    const IndexIdentity both{"tiny", "aaaa1111", 2, 3};
    fill({entry("/zero.jpg", "0"), entry("/ten.jpg", "1")}, {1, 0, 0, 1}, both, {0, 0, 1, 1, 0, 0});
    const auto source = open_postgres_reader(server_, tiny, config_, ThreadPool());
    const auto first = [&](const std::vector<float>& query, Space space) {
        return source->nearest(query, 2, space, {}).at(0).path;
    };
    EXPECT_EQ(first({1, 0}, Space::image), "/zero.jpg");
    EXPECT_EQ(first({1, 0, 0}, Space::text), "/ten.jpg");
    fill({entry("/zero.jpg")}, {1, 0}, tiny);
    EXPECT_NE(message_of([&] {
                  first({1, 0, 0}, Space::text);
              }).find("index.text_search"),
              std::string::npos);
}

TEST_F(PostgresSearch, AnUpdateMakesTheIndexAnewOnlyWhereAnotherIsAskedFor) {
    make(IndexType::hnsw);
    const auto index_oid = [&] {
        PgConnection connection({});
        connection.execute("SET search_path = " + connection.quoted(server_.schema) + ", public");
        return connection
            .query(
                "SELECT c.oid::bigint FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m "
                "ON "
                "m.oid = c.relam WHERE i.indrelid = 'images'::regclass AND m.amname = 'hnsw'")
            .integer(0, 0);
    };
    const std::int64_t made = index_oid();
    const auto update = [&] {
        IndexUpdater updater(open_index_writer(server_, identity_, config_, Mode::update));
        updater.commit({}, {});
        updater.finish();
    };
    update();
    EXPECT_EQ(index_oid(), made);
    config_.hnsw.ef_construction = 100;
    update();
    EXPECT_NE(index_oid(), made);
}

}  // namespace
}  // namespace clipsim::testing
