// The tables of images.db: their making, their versions (docs/formats.md), whose vectors they hold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "clipsim/index/folder/manifest.h"
#include "sqlite.h"

namespace clipsim {

// SQL's `checksum(blob)` is known to it.
Database open_writer(const std::filesystem::path& file);
// The version of the tables; 0 for a file that SQLite has just created. Throws Error for a newer version and
// for a database that is not ours.
std::int64_t check_schema(Database& database);
// Makes the tables, or brings older ones up to date.
void prepare_for_writing(Database& database, const IndexIdentity& identity);
// An older file, shown to a reader as one of this version.
void show_as_current(Database& database, std::int64_t version);
IndexIdentity stored_identity(Database& database);
// Throws UsageError where the vectors are another model's.
void check_identity(Database& database, const IndexIdentity& wanted);
// What the model's hash is made of, which earlier versions did not write down.
void note_identity(Database& database, const IndexIdentity& identity);

int stored_text_dimension(Database& database);
// The text space has so many dimensions from now on: rows that lack a vector of it are incomplete from now
// on, or those that have one lose it.
void keep_text_vectors(Database& database, int dimension);

void next_generation(Database& database);
// From here on every removal is in the table `removed`.
void begin_removals(Database& database);
// The statement that sees to it.
extern const char* const image_removed_trigger;

std::string meta(Database& database, std::string_view key);
void set_meta(Database& database, std::string_view key, std::string_view value);
std::int64_t integer_of(Database& database, std::string_view sql);

}  // namespace clipsim
