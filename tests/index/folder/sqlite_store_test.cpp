#include "clipsim/index/folder/sqlite_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clipsim/core/error.h"
#include "sqlite.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

const IndexIdentity identity{"tiny", "aaaa1111", 2};

ImageEntry entry(const std::string& path, const std::string& hash = "h", const std::string& label = "cat") {
    return {path, {100, 200}, hash, label};
}

class SqliteStoreTest : public ::testing::Test {
  protected:
    SqliteStore writer() const { return SqliteStore::open_for_writing(file_, identity); }
    SqliteStore reader() const { return SqliteStore::open_for_reading(file_, identity); }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_ / "images.db";
};

TEST_F(SqliteStoreTest, KeepsEntriesAndVectorsAcrossOpenings) {
    const std::vector<ImageEntry> entries{entry("/a.jpg", "h1"), entry("/b.jpg", "h2", "")};
    const std::vector<float> vectors{1, 0, 0, 1};
    writer().put(entries, vectors);
    const SqliteStore store = reader();
    const std::vector<StoredImage> images = store.images();
    ASSERT_EQ(images.size(), 2U);
    EXPECT_EQ(static_cast<const ImageEntry&>(images[0]), entries[0]);
    EXPECT_EQ(static_cast<const ImageEntry&>(images[1]), entries[1]);
    EXPECT_EQ(store.vector(images[1].id), (std::vector<float>{0, 1}));
    std::vector<std::int64_t> ids;
    std::vector<float> loaded;
    store.load_vectors(ids, loaded);
    EXPECT_EQ(ids, (std::vector<std::int64_t>{images[0].id, images[1].id}));
    EXPECT_EQ(loaded, vectors);
}

TEST_F(SqliteStoreTest, TakesPathsOfAnyBytes) {
    const std::string odd = "/new\nline \"quote\" caf\xc3\xa9 \xff\xfe.jpg";
    writer().put(std::vector{entry(odd)}, std::vector<float>{1, 0});
    EXPECT_EQ(reader().images().at(0).path.native(), odd);
}

TEST_F(SqliteStoreTest, APathThatIsThereAlreadyGetsANewIdAndVector) {
    SqliteStore store = writer();
    store.put(std::vector{entry("/a.jpg", "old")}, std::vector<float>{1, 0});
    const std::int64_t old_id = store.images().at(0).id;
    store.put(std::vector{entry("/a.jpg", "new")}, std::vector<float>{0, 1});
    ASSERT_EQ(store.count(), 1);
    const StoredImage image = store.images().at(0);
    EXPECT_NE(image.id, old_id);
    EXPECT_EQ(image.content_hash, "new");
    EXPECT_FALSE(store.find(old_id));
}

TEST_F(SqliteStoreTest, AnIdNeverComesToMeanAnotherImage) {
    SqliteStore store = writer();
    store.put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0});
    const std::int64_t removed = store.images().at(0).id;
    store.remove(std::vector{removed});
    store.put(std::vector{entry("/b.jpg")}, std::vector<float>{1, 0});
    EXPECT_GT(store.images().at(0).id, removed);
}

TEST_F(SqliteStoreTest, GenerationGrowsWithWhatASearchWouldFind) {
    SqliteStore store = writer();
    const std::uint64_t empty = store.generation();
    store.put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0});
    const std::uint64_t one = store.generation();
    EXPECT_GT(one, empty);
    StoredImage image = store.images().at(0);
    image.path = "/moved.jpg";
    store.update(std::vector{image});
    EXPECT_EQ(store.generation(), one) << "ids and vectors are the same";
    EXPECT_EQ(store.find(image.id)->path, "/moved.jpg");
    store.remove(std::vector{image.id});
    EXPECT_GT(store.generation(), one);
}

TEST_F(SqliteStoreTest, AReaderSeesTheStateOfItsOpening) {
    SqliteStore store = writer();
    store.put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0});
    const SqliteStore before = reader();
    store.put(std::vector{entry("/b.jpg")}, std::vector<float>{1, 0});
    EXPECT_EQ(before.count(), 1);
    EXPECT_EQ(before.generation() + 1, store.generation());
    EXPECT_EQ(reader().count(), 2);
}

TEST_F(SqliteStoreTest, AFailingBatchLeavesNothingOfItself) {
    SqliteStore store = writer();
    store.put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0});
    // Two entries take one path: the second replaces the first, which is fine; renaming onto a taken path is
    // not.
    store.put(std::vector{entry("/b.jpg")}, std::vector<float>{1, 0});
    std::vector<StoredImage> images = store.images();
    images[0].path = "/c.jpg";
    images[1].path = "/c.jpg";
    EXPECT_THROW(store.update(images), Error);
    EXPECT_EQ(store.images().at(0).path, "/a.jpg");
    EXPECT_EQ(store.images().at(1).path, "/b.jpg");
}

TEST_F(SqliteStoreTest, AnotherModelOrDimensionIsRefusedWithWhatToDo) {
    writer();
    for (const IndexIdentity& other :
         {IndexIdentity{"tiny", "bbbb2222", 2}, IndexIdentity{"tiny", "aaaa1111", 3}}) {
        try {
            SqliteStore::open_for_reading(file_, other);
            ADD_FAILURE();
        } catch (const UsageError& error) {
            EXPECT_NE(std::string(error.what()).find("was made with"), std::string::npos) << error.what();
            EXPECT_NE(std::string(error.what()).find("clipsim index --rebuild"), std::string::npos)
                << error.what();
        }
        EXPECT_THROW(SqliteStore::open_for_writing(file_, other), UsageError);
    }
}

TEST_F(SqliteStoreTest, NoDatabaseIsAUsageErrorAndAForeignFileAnError) {
    EXPECT_THROW(reader(), UsageError);
    write_text(file_, std::string(5000, 'x'));
    EXPECT_THROW(reader(), Error);
    EXPECT_THROW(writer(), Error);
    EXPECT_EQ(read_text(file_), std::string(5000, 'x')) << "what is not ours is left alone";
}

TEST_F(SqliteStoreTest, ADatabaseThatWasJustCreatedWhenItsWriterDiedIsHalfWritten) {
    write_text(file_, "");  // SQLite's first moment
    EXPECT_THROW(reader(), UsageError);
    EXPECT_EQ(writer().count(), 0) << "and the next writer goes on";
}

TEST_F(SqliteStoreTest, CanBeReadWhereNothingCanBeWritten) {
    writer().put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0});
    ::chmod(file_.c_str(), 0400);
    ::chmod(folder_.path().c_str(), 0500);
    EXPECT_EQ(reader().count(), 1);
    ::chmod(folder_.path().c_str(), 0700);
}

TEST_F(SqliteStoreTest, ReplaceAllTakesOverImagesAndModel) {
    SqliteStore old = writer();
    old.put(std::vector{entry("/a.jpg"), entry("/b.jpg")}, std::vector<float>{1, 0, 0, 1});
    const std::uint64_t generation = old.generation();
    const SqliteStore looking = reader();
    const IndexIdentity other{"big", "cccc", 3};
    SqliteStore::open_for_writing(folder_ / "aside.db", other)
        .put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0, 0});

    SqliteStore::replace_all(file_, folder_ / "aside.db");
    const SqliteStore replaced = SqliteStore::open_for_reading(file_, other);
    EXPECT_EQ(replaced.count(), 1);
    EXPECT_EQ(replaced.vector(replaced.images().at(0).id), (std::vector<float>{1, 0, 0}));
    EXPECT_GT(replaced.generation(), generation);
    EXPECT_EQ(looking.count(), 2) << "a reader goes on with what it opened";
}

class TextVectors : public SqliteStoreTest {
  protected:
    SqliteStore writer_of_both() const { return SqliteStore::open_for_writing(file_, both_); }
    const IndexIdentity both_{identity.model_id, identity.model_hash, identity.dimension, 3};
};

TEST_F(TextVectors, AreKeptBesideTheOthers) {
    writer_of_both().put(std::vector{entry("/a.jpg"), entry("/b.jpg", "h2")}, std::vector<float>{1, 0, 0, 1},
                         std::vector<float>{1, 2, 3, 4, 5, 6});
    const SqliteStore store = SqliteStore::open_for_reading(file_, both_);
    EXPECT_EQ(store.text_dimension(), 3);
    EXPECT_EQ(store.vector(store.images().at(1).id, Space::text), (std::vector<float>{4, 5, 6}));
    EXPECT_EQ(store.vector(store.images().at(1).id), (std::vector<float>{0, 1}));
    EXPECT_TRUE(store.images().at(0).complete);
    std::vector<std::int64_t> ids;
    std::vector<float> loaded;
    store.load_vectors(ids, loaded, Space::text);
    EXPECT_EQ(loaded, (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(TextVectors, RowsFromBeforeTheyWereKeptAreIncomplete) {
    writer().put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0});
    SqliteStore store = writer_of_both();
    EXPECT_FALSE(store.images().at(0).complete);
    store.put(std::vector{entry("/b.jpg")}, std::vector<float>{0, 1}, std::vector<float>{1, 2, 3});
    EXPECT_TRUE(store.images().at(1).complete);
    std::vector<std::int64_t> ids;
    std::vector<float> loaded;
    store.load_vectors(ids, loaded, Space::text);
    EXPECT_EQ(ids, std::vector<std::int64_t>{store.images().at(1).id}) << "those that there are";
}

TEST_F(TextVectors, AreForgottenWhenTheyAreNotWantedAnyMore) {
    writer_of_both().put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0}, std::vector<float>{1, 2, 3});
    EXPECT_TRUE(writer().images().at(0).complete);
    EXPECT_EQ(reader().text_dimension(), 0);
    EXPECT_FALSE(writer_of_both().images().at(0).complete);
}

// The tables as versions 1 and 2 made them, with two images, of which the first of three was removed.
class OlderDatabase : public SqliteStoreTest, public ::testing::WithParamInterface<int> {
  protected:
    OlderDatabase() {
        Database database = Database::open_for_writing(file_);
        database.execute(
            "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
            "CREATE TABLE images (id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE, size "
            "INTEGER "
            "NOT NULL, mtime_ns INTEGER NOT NULL, content_hash TEXT NOT NULL, label TEXT NOT NULL, vector "
            "BLOB "
            "NOT NULL);"
            "INSERT INTO images VALUES (2, CAST('/a.jpg' AS BLOB), 100, 200, 'h1', 'cat', "
            "x'0000803f00000000'),"
            " (3, CAST('/b.jpg' AS BLOB), 100, 200, 'h2', '', x'000000000000803f');"
            "UPDATE sqlite_sequence SET seq = 7;"
            "INSERT INTO meta VALUES ('model_id', 'tiny'), ('model_hash', 'aaaa1111'), ('dimension', '2'),"
            " ('generation', '77');"
            "PRAGMA application_id = 0x636c6970; PRAGMA user_version = 1");
        if (GetParam() == 1) return;
        database.execute(
            "ALTER TABLE images ADD COLUMN joint_vector BLOB; PRAGMA user_version = 2;"
            "INSERT INTO meta VALUES ('joint_dimension', '3');"
            "UPDATE images SET joint_vector = x'0000803f0000000000000000' WHERE id = 3");
    }

    IndexIdentity asked_for() const { return {"tiny", "aaaa1111", 2, GetParam() == 1 ? 0 : 3}; }

    void expect_all_is_there(const SqliteStore& store) const {
        EXPECT_EQ(store.count(), 2);
        const StoredImage image = store.images().at(1);
        EXPECT_EQ(static_cast<const ImageEntry&>(image), entry("/b.jpg", "h2", ""));
        EXPECT_EQ(image.id, 3);
        EXPECT_TRUE(image.complete);
        EXPECT_EQ(store.images().at(0).complete, GetParam() == 1);
        EXPECT_EQ(store.vector(3), (std::vector<float>{0, 1}));
        if (GetParam() == 2) {
            EXPECT_EQ(store.vector(3, Space::text), (std::vector<float>{1, 0, 0}));
        }
        EXPECT_EQ(store.generation(), 77U);
        EXPECT_EQ(store.removed_since(), 77U);
        EXPECT_EQ(store.last_id(), 3);
        EXPECT_EQ(store.matching(parse_image_filter(std::vector<std::string>{"label=cat"})),
                  std::vector<std::int64_t>{2});
    }
};

TEST_P(OlderDatabase, IsReadAsItIs) {
    expect_all_is_there(SqliteStore::open_for_reading(file_, asked_for()));
}

TEST_P(OlderDatabase, IsMigratedByAWriter) {
    expect_all_is_there(SqliteStore::open_for_writing(file_, asked_for()));
    SqliteStore store = SqliteStore::open_for_writing(file_, asked_for());
    expect_all_is_there(store);
    store.put(std::vector{entry("/c.jpg", "h3")}, std::vector<float>{1, 0});
    EXPECT_EQ(store.last_id(), 8) << "no id is used again";
    store.remove(std::vector<std::int64_t>{2});
    EXPECT_EQ(store.removed(), std::vector<std::int64_t>{2});
}

INSTANTIATE_TEST_SUITE_P(Versions, OlderDatabase, ::testing::Values(1, 2));

TEST_F(SqliteStoreTest, OfANewerVersionIsRefused) {
    writer();
    Database::open_for_writing(file_).execute("PRAGMA user_version = 5");
    for (const bool reading : {true, false}) {
        try {
            reading ? reader() : writer();
            ADD_FAILURE();
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find("newer clipsim"), std::string::npos) << error.what();
        }
    }
}

TEST_F(SqliteStoreTest, RemembersWhatWasRemovedUntilToldToForget) {
    SqliteStore store = writer();
    const std::uint64_t start = store.removed_since();
    EXPECT_EQ(start, store.generation());
    store.put(std::vector{entry("/a.jpg"), entry("/b.jpg"), entry("/c.jpg")},
              std::vector<float>{1, 0, 0, 1, 1, 0});
    store.put(std::vector{entry("/a.jpg", "new")}, std::vector<float>{0, 1});
    store.remove(std::vector<std::int64_t>{2});
    EXPECT_EQ(store.removed(), (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(store.removed_count(), 2);
    EXPECT_EQ(store.removed_since(), start);
    EXPECT_EQ(store.last_id(), 4);
    EXPECT_EQ(store.count_after(3), 1);
    const std::uint64_t generation = store.generation();
    store.forget_removed();
    EXPECT_EQ(store.generation(), generation) << "nothing that a search would find has changed";
    EXPECT_EQ(store.removed_since(), generation);
    EXPECT_TRUE(store.removed().empty());
}

TEST_F(SqliteStoreTest, GivesTheVectorsThatCameSince) {
    SqliteStore store = writer();
    store.put(std::vector{entry("/a.jpg"), entry("/b.jpg")}, std::vector<float>{1, 0, 0, 1});
    std::vector<std::int64_t> ids;
    std::vector<float> vectors;
    store.load_vectors(ids, vectors, Space::image, 1);
    EXPECT_EQ(ids, std::vector<std::int64_t>{2});
    EXPECT_EQ(vectors, (std::vector<float>{0, 1}));
    store.load_vectors(ids, vectors, Space::image, 2);
    EXPECT_TRUE(ids.empty() && vectors.empty());
}

TEST_F(SqliteStoreTest, AVectorThatIsNotWhatWasWrittenIsNoticed) {
    SqliteStore store = writer();
    store.put(std::vector{entry("/a.jpg"), entry("/b.jpg")}, std::vector<float>{1, 0, 0, 1});
    Database::open_for_writing(file_).execute("UPDATE vectors SET vector = x'0000803f01000000' WHERE id = 1");
    EXPECT_THROW(store.vector(1), Error);
    std::vector<std::int64_t> ids, damaged;
    std::vector<float> vectors;
    store.load_vectors(ids, vectors, Space::image, 0, &damaged);
    EXPECT_EQ(ids, std::vector<std::int64_t>{2});
    EXPECT_EQ(vectors, (std::vector<float>{0, 1}));
    EXPECT_EQ(damaged, std::vector<std::int64_t>{1});
}

TEST_F(SqliteStoreTest, FindsWhatAFilterAsksForAsTheFilterItselfWould) {
    SqliteStore store = writer();
    std::vector<ImageEntry> entries;
    for (const char* path : {"/p/cat/a.jpg", "/p/cat/b.png", "/p/cats/c.jpg", "/p/dog/d.jpg", "/q/\xff/e.jpg",
                             "/q/\xff\xff/f.jpg", "/q/g.jpg"}) {
        const std::string label = std::filesystem::path(path).parent_path().filename();
        entries.push_back(entry(path, path, label == "q" ? "" : label));
    }
    store.put(entries, std::vector<float>(entries.size() * 2, 1));
    const std::vector<std::vector<std::string>> all{{},
                                                    {"label=cat"},
                                                    {"label=cat,dog", "path=*.jpg"},
                                                    {"label!=cat"},
                                                    {"label="},
                                                    {"folder=/p/cat"},
                                                    {"folder=/q/\xff", "label!=x"},
                                                    {"folder=/q/\xff\xff,/p/dog"},
                                                    {"folder=/"},
                                                    {"path=c*/*.jpg"},
                                                    {"path!=*.jpg"},
                                                    {"folder!=/p", "label!="},
                                                    {"label=none"}};
    for (const std::vector<std::string>& expressions : all) {
        const ImageFilter filter = parse_image_filter(expressions);
        std::vector<std::int64_t> expected;
        for (const StoredImage& image : store.images()) {
            if (filter.matches(image.path.native(), image.label)) expected.push_back(image.id);
        }
        EXPECT_EQ(store.matching(filter), expected) << ::testing::PrintToString(expressions);
    }
}

}  // namespace
}  // namespace clipsim::testing
