// A schema for one test in the PostgreSQL that CLIPSIM_TEST_POSTGRES names (postgres_server.py starts it).
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "clipsim/core/config.h"
#include "postgres.h"

namespace clipsim::testing {

class PostgresTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const char* file = std::getenv("CLIPSIM_TEST_POSTGRES");
        std::string folder;
        if (file != nullptr) std::getline(std::ifstream(file), folder);
        if (!folder.starts_with('/')) {
            GTEST_SKIP() << (folder.empty() ? "CLIPSIM_TEST_POSTGRES names no running server; see "
                                              "tests/index/postgres_server.py"
                                            : folder);
        }
        ::setenv("PGHOST", folder.c_str(), 1);
        ::setenv("PGUSER", "clipsim", 1);
        ::setenv("PGDATABASE", "postgres", 1);
        config_.backend = IndexBackend::postgres;
        config_.postgres.schema = std::string("Test ") +
                                  ::testing::UnitTest::GetInstance()->current_test_info()->name() + " " +
                                  std::to_string(::getpid());
    }
    void TearDown() override {
        if (config_.backend != IndexBackend::postgres) return;  // skipped
        PgConnection connection({});
        connection.execute("DROP SCHEMA IF EXISTS " + connection.quoted(config_.postgres.schema) +
                           " CASCADE");
    }

    IndexConfig config_;
};

}  // namespace clipsim::testing
