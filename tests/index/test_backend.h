// Where the tests keep their index: in a folder (folder_backend.cpp), or in the PostgreSQL server that
// CLIPSIM_TEST_POSTGRES names (postgres_backend.cpp). Which of the two is linked decides, so that the same
// tests are run over both.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "clipsim/index/index_place.h"
#include "clipsim/index/index_reader.h"
#include "clipsim/index/index_store.h"

namespace clipsim::testing {

class TestBackend {
  public:
    // `folder`: of the index, where it is kept in one. Nothing is made yet.
    explicit TestBackend(std::filesystem::path folder);
    ~TestBackend();  // a schema in a server is dropped
    TestBackend(const TestBackend&) = delete;
    TestBackend& operator=(const TestBackend&) = delete;

    IndexPlace place() const;
    // What is kept, at this moment.
    std::unique_ptr<IndexStore> open(const IndexIdentity& identity) const;
    // For searches of the index as it is now.
    std::unique_ptr<IndexReader> open_reader(const IndexIdentity& identity) const;
    // A finished update left nothing that contradicts the store. For vectors of two dimensions.
    void expect_whole(const IndexIdentity& identity) const;
    // Of a folder: whether an update may leave derived files as they are, and add to them.
    static bool has_derived_files();

  private:
    std::filesystem::path folder_;
    std::string schema_;  // of a server
};

}  // namespace clipsim::testing
