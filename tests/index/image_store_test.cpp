#include "clipsim/index/image_store.h"

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

class ImageStoreTest : public ::testing::Test {
  protected:
    ImageStore writer() const { return ImageStore::open_for_writing(file_, identity); }
    ImageStore reader() const { return ImageStore::open_for_reading(file_, identity); }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_ / "images.db";
};

TEST_F(ImageStoreTest, KeepsEntriesAndVectorsAcrossOpenings) {
    const std::vector<ImageEntry> entries{entry("/a.jpg", "h1"), entry("/b.jpg", "h2", "")};
    const std::vector<float> vectors{1, 0, 0, 1};
    writer().put(entries, vectors);
    const ImageStore store = reader();
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

TEST_F(ImageStoreTest, TakesPathsOfAnyBytes) {
    const std::string odd = "/new\nline \"quote\" caf\xc3\xa9 \xff\xfe.jpg";
    writer().put(std::vector{entry(odd)}, std::vector<float>{1, 0});
    EXPECT_EQ(reader().images().at(0).path.native(), odd);
}

TEST_F(ImageStoreTest, APathThatIsThereAlreadyGetsANewIdAndVector) {
    ImageStore store = writer();
    store.put(std::vector{entry("/a.jpg", "old")}, std::vector<float>{1, 0});
    const std::int64_t old_id = store.images().at(0).id;
    store.put(std::vector{entry("/a.jpg", "new")}, std::vector<float>{0, 1});
    ASSERT_EQ(store.count(), 1);
    const StoredImage image = store.images().at(0);
    EXPECT_NE(image.id, old_id);
    EXPECT_EQ(image.content_hash, "new");
    EXPECT_FALSE(store.find(old_id));
}

TEST_F(ImageStoreTest, AnIdNeverComesToMeanAnotherImage) {
    ImageStore store = writer();
    store.put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0});
    const std::int64_t removed = store.images().at(0).id;
    store.remove(std::vector{removed});
    store.put(std::vector{entry("/b.jpg")}, std::vector<float>{1, 0});
    EXPECT_GT(store.images().at(0).id, removed);
}

TEST_F(ImageStoreTest, GenerationGrowsWithWhatASearchWouldFind) {
    ImageStore store = writer();
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

TEST_F(ImageStoreTest, AReaderSeesTheStateOfItsOpening) {
    ImageStore store = writer();
    store.put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0});
    const ImageStore before = reader();
    store.put(std::vector{entry("/b.jpg")}, std::vector<float>{1, 0});
    EXPECT_EQ(before.count(), 1);
    EXPECT_EQ(before.generation() + 1, store.generation());
    EXPECT_EQ(reader().count(), 2);
}

TEST_F(ImageStoreTest, AFailingBatchLeavesNothingOfItself) {
    ImageStore store = writer();
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

TEST_F(ImageStoreTest, AnotherModelOrDimensionIsRefusedWithWhatToDo) {
    writer();
    for (const IndexIdentity& other :
         {IndexIdentity{"tiny", "bbbb2222", 2}, IndexIdentity{"tiny", "aaaa1111", 3}}) {
        try {
            ImageStore::open_for_reading(file_, other);
            ADD_FAILURE();
        } catch (const UsageError& error) {
            EXPECT_NE(std::string(error.what()).find("another model"), std::string::npos) << error.what();
            EXPECT_NE(std::string(error.what()).find("clipsim index --rebuild"), std::string::npos)
                << error.what();
        }
        EXPECT_THROW(ImageStore::open_for_writing(file_, other), UsageError);
    }
}

TEST_F(ImageStoreTest, NoDatabaseIsAUsageErrorAndAForeignFileAnError) {
    EXPECT_THROW(reader(), UsageError);
    write_text(file_, std::string(5000, 'x'));
    EXPECT_THROW(reader(), Error);
    EXPECT_THROW(writer(), Error);
    EXPECT_EQ(read_text(file_), std::string(5000, 'x')) << "what is not ours is left alone";
}

TEST_F(ImageStoreTest, ADatabaseThatWasJustCreatedWhenItsWriterDiedIsHalfWritten) {
    write_text(file_, "");  // SQLite's first moment
    EXPECT_THROW(reader(), UsageError);
    EXPECT_EQ(writer().count(), 0) << "and the next writer goes on";
}

TEST_F(ImageStoreTest, CanBeReadWhereNothingCanBeWritten) {
    writer().put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0});
    ::chmod(file_.c_str(), 0400);
    ::chmod(folder_.path().c_str(), 0500);
    EXPECT_EQ(reader().count(), 1);
    ::chmod(folder_.path().c_str(), 0700);
}

TEST_F(ImageStoreTest, ReplaceAllTakesOverImagesAndModel) {
    ImageStore old = writer();
    old.put(std::vector{entry("/a.jpg"), entry("/b.jpg")}, std::vector<float>{1, 0, 0, 1});
    const std::uint64_t generation = old.generation();
    const ImageStore looking = reader();
    const IndexIdentity other{"big", "cccc", 3};
    ImageStore::open_for_writing(folder_ / "aside.db", other)
        .put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0, 0});

    ImageStore::replace_all(file_, folder_ / "aside.db");
    const ImageStore replaced = ImageStore::open_for_reading(file_, other);
    EXPECT_EQ(replaced.count(), 1);
    EXPECT_EQ(replaced.vector(replaced.images().at(0).id), (std::vector<float>{1, 0, 0}));
    EXPECT_GT(replaced.generation(), generation);
    EXPECT_EQ(looking.count(), 2) << "a reader goes on with what it opened";
}

class JointVectors : public ImageStoreTest {
  protected:
    static constexpr const char* drop_joint =
        "ALTER TABLE images DROP COLUMN joint_vector; PRAGMA user_version = 1;"
        "DELETE FROM meta WHERE key = 'joint_dimension'";
    ImageStore joint_writer() const { return ImageStore::open_for_writing(file_, both_); }
    const IndexIdentity both_{identity.model_id, identity.model_hash, identity.dimension, 3};
};

TEST_F(JointVectors, AreKeptBesideTheOthers) {
    joint_writer().put(std::vector{entry("/a.jpg"), entry("/b.jpg", "h2")}, std::vector<float>{1, 0, 0, 1},
                       std::vector<float>{1, 2, 3, 4, 5, 6});
    const ImageStore store = ImageStore::open_for_reading(file_, both_);
    EXPECT_EQ(store.joint_dimension(), 3);
    EXPECT_EQ(store.vector(store.images().at(1).id, IndexSpace::joint), (std::vector<float>{4, 5, 6}));
    EXPECT_EQ(store.vector(store.images().at(1).id), (std::vector<float>{0, 1}));
    EXPECT_TRUE(store.images().at(0).complete);
    std::vector<std::int64_t> ids;
    std::vector<float> loaded;
    store.load_vectors(ids, loaded, IndexSpace::joint);
    EXPECT_EQ(loaded, (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(JointVectors, RowsFromBeforeTheyWereKeptAreIncomplete) {
    writer().put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0});
    ImageStore store = joint_writer();
    EXPECT_FALSE(store.images().at(0).complete);
    store.put(std::vector{entry("/b.jpg")}, std::vector<float>{0, 1}, std::vector<float>{1, 2, 3});
    EXPECT_TRUE(store.images().at(1).complete);
    std::vector<std::int64_t> ids;
    std::vector<float> loaded;
    store.load_vectors(ids, loaded, IndexSpace::joint);
    EXPECT_EQ(ids, std::vector<std::int64_t>{store.images().at(1).id}) << "those that there are";
}

TEST_F(JointVectors, AreForgottenWhenTheyAreNotWantedAnyMore) {
    joint_writer().put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0}, std::vector<float>{1, 2, 3});
    EXPECT_TRUE(writer().images().at(0).complete);
    EXPECT_EQ(reader().joint_dimension(), 0);
    EXPECT_FALSE(joint_writer().images().at(0).complete);
}

TEST_F(JointVectors, ADatabaseOfTheVersionBeforeIsBroughtUpToDateByAWriter) {
    writer().put(std::vector{entry("/a.jpg")}, std::vector<float>{1, 0});
    Database::open_for_writing(file_).execute(drop_joint);
    try {
        reader();
        FAIL() << "it was read";
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("older clipsim"), std::string::npos) << error.what();
    }
    EXPECT_EQ(writer().count(), 1);
    EXPECT_EQ(reader().vector(reader().images().at(0).id), (std::vector<float>{1, 0}));
    EXPECT_FALSE(joint_writer().images().at(0).complete);
}

}  // namespace
}  // namespace clipsim::testing
