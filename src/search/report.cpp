#include "clipsim/search/report.h"

#include <algorithm>
#include <iomanip>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "report_files.h"

namespace clipsim {

namespace {

// One field of a line: what would break the line or the column is escaped.
std::string field(const std::string& text) {
    std::string escaped;
    for (const char byte : text) {
        switch (byte) {
            case '\t':
                escaped += "\\t";
                break;
            case '\n':
                escaped += "\\n";
                break;
            case '\r':
                escaped += "\\r";
                break;
            case '\\':
                escaped += "\\\\";
                break;
            default:
                escaped += byte;
        }
    }
    return escaped;
}

void write_table(std::ostream& out, const QueryResult& result) {
    std::size_t label_width = 5;
    for (const Hit& hit : result.hits) label_width = std::max(label_width, hit.label.size());
    out << field(result.query) << "  (" << std::fixed << std::setprecision(2) << result.took_ms << " ms)\n";
    out << "rank   score  " << std::left << std::setw(static_cast<int>(label_width)) << "label"
        << "  path\n";
    for (const Hit& hit : result.hits) {
        out << std::right << std::setw(4) << hit.rank << std::setw(8) << std::setprecision(4) << hit.score
            << "  " << std::left << std::setw(static_cast<int>(label_width)) << field(hit.label) << "  "
            << field(hit.path.string()) << '\n';
    }
    if (result.hits.empty()) out << "no hits\n";
    out << std::right;
}

void write_json(std::ostream& out, const QueryResult& result) {
    nlohmann::ordered_json json;
    json["query"] = result.query;
    json["hits"] = nlohmann::ordered_json::array();
    for (const Hit& hit : result.hits) {
        json["hits"].push_back({{"rank", hit.rank},
                                {"id", hit.id},
                                {"path", hit.path.string()},
                                {"label", hit.label},
                                {"score", hit.score}});
    }
    json["took_ms"] = result.took_ms;
    // A path may hold bytes that are no UTF-8; JSON can't, so those become U+FFFD.
    out << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

}  // namespace

ReportFormat parse_report_format(const std::string& name) {
    if (name == "table") return ReportFormat::table;
    if (name == "tsv") return ReportFormat::tsv;
    if (name == "json") return ReportFormat::json;
    if (name == "paths") return ReportFormat::paths;
    throw UsageError(concat("--format ", name, ": expected table, tsv, json or paths"));
}

void write_report(std::ostream& stream, std::span<const QueryResult> results, ReportFormat format,
                  bool continued) {
    TextStream out;
    if (format == ReportFormat::tsv && !continued) out << "score\tpath\tlabel\n";
    for (std::size_t i = 0; i < results.size(); ++i) {
        const QueryResult& result = results[i];
        if (format == ReportFormat::table) {
            if (i > 0 || continued) out << '\n';
            write_table(out, result);
        } else if (format == ReportFormat::json) {
            write_json(out, result);
        }
        if (format != ReportFormat::tsv && format != ReportFormat::paths) continue;
        for (const Hit& hit : result.hits) {
            if (format == ReportFormat::paths) {
                out << hit.path.string() << '\n';
            } else {
                out << std::fixed << std::setprecision(6) << hit.score << '\t' << field(hit.path.string())
                    << '\t' << field(hit.label) << '\n';
            }
        }
    }
    stream << out.str();
}

void save_report(const std::filesystem::path& file, std::span<const QueryResult> results,
                 std::span<const std::filesystem::path> query_images, std::uint64_t max_pixels) {
    std::string extension = file.extension().string();
    std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
    if (extension == ".html" || extension == ".htm") {
        save_page(file, results, query_images, max_pixels);
    } else if (extension == ".png" || extension == ".jpg" || extension == ".jpeg") {
        save_sheet(file, results, query_images, max_pixels);
    } else {
        throw UsageError(
            concat("cannot save ", printable(file), ": give it the extension .png, .jpg or .html"));
    }
}

}  // namespace clipsim
