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

// table: for people. tsv: header score<TAB>path<TAB>label. json: one object per query on one line. paths: one
// path per line. Control characters in paths are escaped in table and tsv (\t, \n, \\), as JSON does in json,
// and kept in paths. `continued`: after others of the same report, whose header is not written again.
void write_report(std::ostream& out, std::span<const QueryResult> results, ReportFormat format,
                  bool continued = false);

// A contact sheet (.png, .jpg) or a page of its own (.html, pictures embedded as small JPEGs). Atomic. Throws
// Error, and UsageError for another extension. `query_images` holds one path per result, empty for a
// query without a picture: its words are shown instead. A picture of more than `max_pixels` (data.max_pixels)
// is shown as not readable.
void save_report(const std::filesystem::path& file, std::span<const QueryResult> results,
                 std::span<const std::filesystem::path> query_images, std::uint64_t max_pixels);

}  // namespace clipsim
