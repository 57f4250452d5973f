// Results as text and as pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <span>
#include <string>

#include "clipsim/search/searcher.h"

namespace clipsim {

enum class ReportFormat { table, tsv, json, paths };

ReportFormat parse_report_format(const std::string& name);  // throws UsageError

// A field of a line of tsv: what would break the line or steer a terminal is \t, \n, \r, \xNN, a backslash
// \\.
std::string tsv_field(const std::string& text);

struct ReportOptions {
    bool continued = false;  // after others of the same report, whose header is not written again
    bool several = false;    // tsv and paths: of several queries, so each line says whose it is
    bool terminal = false;   // paths: for eyes, not for a program
    char line_end = '\n';    // paths: '\0' for names with newlines in them
};

// table: for people. tsv: header score<TAB>path<TAB>label, and <TAB>query of several. json: one object per
// query on one line, with "error" where it could not be answered. paths: one path per line, of several
// queries behind the query and a tab. Of several, one without hits has a line without a path. What would
// break a line or steer a terminal is escaped in table and tsv (\t, \n, \xNN, \\), as JSON does in json;
// paths are the bytes on disk, but for a terminal.
void write_report(std::ostream& out, std::span<const QueryResult> results, ReportFormat format,
                  const ReportOptions& options = {});

// Throws UsageError for a name that save_report would not know the format of.
void check_report_name(const std::filesystem::path& file);

// A contact sheet (.png, .jpg) or a page of its own (.html, pictures embedded as small JPEGs). Atomic. Throws
// Error, and UsageError for another extension. `query_images` holds one path per result, empty for a
// query without a picture: its words are shown instead. A picture of more than `max_pixels` (data.max_pixels)
// is shown as not readable.
void save_report(const std::filesystem::path& file, std::span<const QueryResult> results,
                 std::span<const std::filesystem::path> query_images, std::uint64_t max_pixels);

}  // namespace clipsim
