// A schema for one test in the PostgreSQL that CLIPSIM_TEST_POSTGRES names (postgres_server.py starts it).
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "clipsim/index/index_config.h"
#include "clipsim/vectors/index_parameters.h"
#include "postgres.h"

namespace clipsim::testing {

// Points libpq to the server. Returns why there is none, or nothing.
inline std::string use_test_server() {
    const char* file = std::getenv("CLIPSIM_TEST_POSTGRES");
    std::string folder;
    if (file != nullptr) {
        std::ifstream stream(file);
        std::getline(stream, folder);
    }
    if (!folder.starts_with('/')) {
        return folder.empty()
                   ? "CLIPSIM_TEST_POSTGRES names no running server; see tests/index/postgres_server.py"
                   : folder;
    }
    ::setenv("PGHOST", folder.c_str(), 1);
    ::setenv("PGUSER", "clipsim", 1);
    ::setenv("PGDATABASE", "postgres", 1);
    return {};
}

inline std::string schema_of_this_test() {
    constexpr std::size_t enough = 40;  // a name has at most 63 bytes
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    return "Test " + test.substr(0, enough) + " " + std::to_string(::getpid());
}

inline void drop_schema(const std::string& schema) {
    PgConnection connection({});
    connection.execute("SET client_min_messages = warning");
    connection.execute("DROP SCHEMA IF EXISTS " + connection.quoted(schema) + " CASCADE");
}

class PostgresTest : public ::testing::Test {
  protected:
    PostgresTest() { server_.schema = schema_of_this_test(); }
    ~PostgresTest() override { drop_schema(server_.schema); }

    PostgresConfig server_;
    IndexParameters config_;
};

}  // namespace clipsim::testing
