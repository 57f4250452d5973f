// A schema that others use too: their tables, their photos, their rights.
#include "postgres_ownership.h"

#include "clipsim/core/error.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/index/postgres/open_postgres.h"
#include "clipsim/index/updater.h"
#include "index/postgres/postgres_schema.h"
#include "message_of.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

const IndexIdentity tiny{"tiny", "aaaa1111", 2};

class SharedSchema : public PostgresTest {
  protected:
    void sql(const std::string& statement) const {
        PgConnection connection({});
        connection.execute("SET search_path = " + connection.quoted(server_.schema) + ", public");
        connection.execute(statement);
    }

    std::int64_t number(const std::string& query) const {
        PgConnection connection({});
        connection.execute("SET search_path = " + connection.quoted(server_.schema) + ", public");
        return connection.query(query).integer(0, 0);
    }

    void make_schema() const {
        PgConnection connection({});
        connection.execute("CREATE SCHEMA " + connection.quoted(server_.schema));
    }

    // What `index photos` does on the machine of that name; the model makes the same of every photo.
    UpdateReport update(const std::string& machine, const std::filesystem::path& photos,
                        UpdateMode mode = UpdateMode::update, bool prune = false) {
        server_.machine = machine;
        std::vector<IndexCandidate> candidates;
        for (const auto& file : std::filesystem::directory_iterator(photos))
            candidates.push_back({file.path(), "cat"});
        IndexUpdater updater(open_index_writer(server_, tiny, config_, mode));
        PlanOptions options;
        options.prune = prune;
        UpdatePlan plan = updater.plan(candidates, std::vector{photos}, options);
        others_ = plan.of_others;
        std::vector<float> vectors;
        for (ImageEntry& entry : plan.to_embed) {
            entry.content_hash = entry.path.string();
            vectors.insert(vectors.end(), {1, 0});
        }
        updater.commit(plan.to_embed, vectors);
        return updater.finish();
    }

    std::map<std::string, std::size_t> others_;
};

TEST_F(SharedSchema, TablesOfAnotherProgramAreNeitherReadNorDropped) {
    make_schema();
    sql("CREATE TABLE images (id int, file text); INSERT INTO images VALUES (1, 'a');"
        "CREATE TABLE meta (key text, value text); INSERT INTO meta VALUES ('title', 'mine')");
    for (const UpdateMode mode : {UpdateMode::update, UpdateMode::rebuild, UpdateMode::dry_run}) {
        const std::string message =
            message_of<UsageError>([&] { open_index_writer(server_, tiny, config_, mode); });
        EXPECT_NE(message.find("of another program"), std::string::npos) << message;
    }
    EXPECT_THROW(open_postgres_reader(server_, tiny, config_, ThreadPool()), UsageError);
    EXPECT_EQ(number("SELECT count(*) FROM images"), 1);
    EXPECT_EQ(number("SELECT count(*) FROM meta"), 1);
    sql("DROP TABLE meta");
    EXPECT_THROW(open_index_writer(server_, tiny, config_, UpdateMode::rebuild), UsageError)
        << "one of the names is enough";
    sql("DROP TABLE images; CREATE SEQUENCE image_ids");
    EXPECT_THROW(open_index_writer(server_, tiny, config_, UpdateMode::update), UsageError);
    sql("DROP SEQUENCE image_ids; CREATE VIEW images_rebuild AS SELECT 1");
    EXPECT_THROW(open_index_writer(server_, tiny, config_, UpdateMode::rebuild), UsageError);
    EXPECT_NO_THROW(open_index_writer(server_, tiny, config_, UpdateMode::update));
    EXPECT_EQ(number("SELECT count(*) FROM images_rebuild"), 1);
}

TEST_F(SharedSchema, TablesOfAnEarlierVersionAreKnownAndMarked) {
    const TemporaryFolder folder;
    write_text(folder / "a", "A");
    update("here", folder.path());
    sql("COMMENT ON TABLE images IS NULL; COMMENT ON TABLE meta IS NULL; COMMENT ON SEQUENCE image_ids IS "
        "NULL; ALTER TABLE images DROP COLUMN machine; UPDATE meta SET value = '2' WHERE key = "
        "'schema_version'");
    EXPECT_EQ(update("here", folder.path()).unchanged, 1U);
    EXPECT_EQ(number("SELECT count(*) FROM pg_class WHERE obj_description(oid, 'pg_class') LIKE 'clipsim "
                     "index%' AND relname IN ('images', 'meta') AND relnamespace = "
                     "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"),
              2);
}

TEST_F(SharedSchema, WhatAnotherMachineBroughtStays) {
    const TemporaryFolder folder;
    for (const char* name : {"a/1", "a/2", "a/3", "b/4", "b/5"}) write_text(folder / name, name);
    update("first", folder / "a");
    std::filesystem::rename(folder / "a", folder / "elsewhere");  // not to be seen from the second
    EXPECT_EQ(update("second", folder / "b").total, 5);
    EXPECT_EQ(others_, (std::map<std::string, std::size_t>{{"first", 3}}));
    EXPECT_EQ(update("second", folder / "b", UpdateMode::update, true).total, 5) << "nor does --prune";
    // Each takes away its own.
    std::filesystem::remove(folder / "b/4");
    EXPECT_EQ(update("second", folder / "b").total, 4);
    std::filesystem::rename(folder / "elsewhere", folder / "a");
    std::filesystem::remove(folder / "a/1");
    EXPECT_EQ(update("first", folder / "a").total, 3);
}

TEST_F(SharedSchema, ARebuildKeepsGrants) {
    const TemporaryFolder folder;
    write_text(folder / "a", "A");
    update("here", folder.path());
    sql("GRANT SELECT ON images TO PUBLIC; GRANT SELECT, UPDATE ON meta TO pg_monitor WITH GRANT OPTION");
    update("here", folder.path(), UpdateMode::rebuild);
    EXPECT_EQ(number("SELECT count(*) FROM pg_class, aclexplode(relacl) a WHERE oid = 'images'::regclass AND "
                     "a.grantee = 0 AND privilege_type = 'SELECT'"),
              1);
    EXPECT_EQ(number("SELECT count(*) FROM pg_class, aclexplode(relacl) a WHERE oid = 'meta'::regclass AND "
                     "a.grantee = 'pg_monitor'::regrole AND a.is_grantable"),
              2);
}

TEST_F(SharedSchema, AReaderWithAnotherModelIsNotToldToRebuild) {
    const TemporaryFolder folder;
    write_text(folder / "a", "A");
    update("here", folder.path());
    IndexIdentity tuned = tiny;
    tuned.model_hash = "bbbb2222";
    const std::string message =
        message_of<UsageError>([&] { open_postgres_reader(server_, tuned, config_, ThreadPool()); });
    EXPECT_NE(message.find("others may be searching it"), std::string::npos) << message;
    EXPECT_EQ(message.find("--rebuild"), std::string::npos) << message;
}

TEST_F(SharedSchema, NamesThatTheServerWouldCutAreRefused) {
    server_.schema = std::string(64, 'x');
    EXPECT_NE(message_of<UsageError>([&] {
                  open_index_writer(server_, tiny, config_, UpdateMode::update);
              }).find("63 bytes"),
              std::string::npos);
    server_.schema = "\xFF";
    EXPECT_THROW(open_index_writer(server_, tiny, config_, UpdateMode::update), UsageError);
    server_.schema = schema_of_this_test();
}

}  // namespace
}  // namespace clipsim::testing
