#include "clipsim/search/report.h"

#include <algorithm>
#include <iomanip>
#include <nlohmann/json.hpp>

#include "clipsim/codecs/encode.h"
#include "clipsim/core/error.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
#include "report_files.h"

namespace clipsim {

namespace {

// In characters, not in bytes.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string text, std::size_t width) {
    const std::size_t own = width_of(text);
    return own < width ? text.append(width - own, ' ') : text;
}

void write_table(std::ostream& out, const QueryResult& result) {
    out << tsv_field(result.query);
    if (!result.error.empty()) {
        out << "\nnot answered: " << printable(result.error) << '\n';
        return;
    }
    std::size_t label_width = 5;
    for (const Hit& hit : result.hits) label_width = std::max(label_width, width_of(tsv_field(hit.label)));
    out << "  (" << std::fixed << std::setprecision(2) << result.took_ms << " ms)\n";
    out << "rank   score  " << padded("label", label_width) << "  path\n";
    for (const Hit& hit : result.hits) {
        out << std::right << std::setw(4) << hit.rank << std::setw(8) << std::setprecision(4) << hit.score
            << "  " << padded(tsv_field(hit.label), label_width) << "  " << tsv_field(hit.path.string())
            << '\n';
    }
    if (result.hits.empty()) out << "no hits\n";
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
    if (!result.error.empty()) json["error"] = result.error;
    // A path may hold bytes that are no UTF-8; JSON can't, so those become U+FFFD.
    out << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

// Of several queries each has a line at least, and each line says whose it is.
void write_tsv(std::ostream& out, const QueryResult& result, bool several) {
    const std::string query = several ? concat('\t', tsv_field(result.query)) : std::string{};
    for (const Hit& hit : result.hits) {
        out << std::fixed << std::setprecision(6) << hit.score << '\t' << tsv_field(hit.path.string()) << '\t'
            << tsv_field(hit.label) << query << '\n';
    }
    if (several && result.hits.empty()) out << "\t\t" << query << '\n';
}

void write_paths(std::ostream& out, const QueryResult& result, const ReportOptions& options) {
    const std::string query = options.several ? concat(tsv_field(result.query), '\t') : std::string{};
    for (const Hit& hit : result.hits)
        out << query << (options.terminal ? printable(hit.path) : hit.path.native()) << options.line_end;
    if (options.several && result.hits.empty()) out << query << options.line_end;
}

bool is_page_name(const std::filesystem::path& file) {
    const std::string extension = lower_case(file.extension().string());
    return extension == ".html" || extension == ".htm";
}

}  // namespace

std::string tsv_field(const std::string& text) {
    std::string doubled;
    for (const char byte : text) doubled.append(byte == '\\' ? 2 : 1, byte);
    return printable(doubled);
}

ReportFormat parse_report_format(const std::string& name) {
    if (name == "table") return ReportFormat::table;
    if (name == "tsv") return ReportFormat::tsv;
    if (name == "json") return ReportFormat::json;
    if (name == "paths") return ReportFormat::paths;
    throw UsageError(concat("--format ", name, ": expected table, tsv, json or paths"));
}

void write_report(std::ostream& stream, std::span<const QueryResult> results, ReportFormat format,
                  const ReportOptions& options) {
    TextStream out;
    if (format == ReportFormat::tsv && !options.continued)
        out << (options.several ? "score\tpath\tlabel\tquery\n" : "score\tpath\tlabel\n");
    for (std::size_t i = 0; i < results.size(); ++i) {
        const QueryResult& result = results[i];
        switch (format) {
            case ReportFormat::table:
                if (i > 0 || options.continued) out << '\n';
                write_table(out, result);
                break;
            case ReportFormat::tsv:
                write_tsv(out, result, options.several);
                break;
            case ReportFormat::json:
                write_json(out, result);
                break;
            case ReportFormat::paths:
                write_paths(out, result, options);
        }
    }
    stream << out.str();
}

void check_report_name(const std::filesystem::path& file) {
    if (is_page_name(file) || is_picture_name(file)) return;
    throw UsageError(concat("cannot save ", printable(file), ": give it the extension .png, .jpg or .html"));
}

void save_report(const std::filesystem::path& file, std::span<const QueryResult> results,
                 std::span<const std::filesystem::path> query_images, std::uint64_t max_pixels) {
    check_report_name(file);
    if (is_page_name(file)) {
        save_page(file, results, query_images, max_pixels);
    } else {
        save_sheet(file, results, query_images, max_pixels);
    }
}

}  // namespace clipsim
