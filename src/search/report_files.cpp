#include "report_files.h"

#include <algorithm>
#include <cstdint>
#include <iomanip>
#include <string>

#include "clipsim/codecs/encode.h"
#include "clipsim/codecs/open_image.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/files/own_output.h"
#include "clipsim/core/text.h"
#include "clipsim/image/resize.h"
#include "clipsim/pictures/contact_sheet.h"

namespace clipsim {

namespace {

constexpr int thumbnail_side = 256;  // the longer side, in pixels

// Empty for a file that can't be shown: it may have gone since it was indexed.
Pixels thumbnail(const std::filesystem::path& file, std::uint64_t max_pixels) {
    try {
        Pixels picture = open_image(file, max_pixels).decode_reduced(thumbnail_side);
        const int longer = std::max(picture.width, picture.height);
        if (longer <= thumbnail_side) return picture;
        const auto scaled = [&](int side) { return std::max(1, side * thumbnail_side / longer); };
        return resize_bicubic(picture, scaled(picture.width), scaled(picture.height));
    } catch (const ImageError&) {
        return {};
    }
}

std::string three_decimals(float score) {
    TextStream out;
    out << std::fixed << std::setprecision(3) << score;
    return out.str();
}

std::string heading(const Hit& hit) {
    return concat(hit.rank, hit.label.empty() ? "" : "  ", hit.label, "  ", three_decimals(hit.score));
}

std::string base64(const std::string& bytes) {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = group << 8 | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0u);
        }
        for (std::size_t k = 0; k < 4; ++k) text += k <= left ? digits[group >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

std::string html_text(const std::string& text) {
    std::string escaped;
    for (const char byte : text) {
        switch (byte) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            default:
                escaped += byte;
        }
    }
    return escaped;
}

void write_figure(std::ostream& page, const std::filesystem::path& file, const std::string& caption,
                  const char* kind, std::uint64_t max_pixels) {
    const Pixels picture = thumbnail(file, max_pixels);
    page << "<figure class=\"" << kind << "\">";
    if (picture.rgb.empty()) {
        page << "<div class=\"missing\">not readable</div>";
    } else {
        page << "<img alt=\"\" src=\"data:image/jpeg;base64," << base64(encode_jpeg(picture)) << "\">";
    }
    page << "<figcaption><b>" << html_text(caption) << "</b><br>" << html_text(printable(file))
         << "</figcaption></figure>\n";
}

void write_query(std::ostream& page, const QueryResult& result, const std::filesystem::path& image,
                 std::uint64_t max_pixels) {
    if (image.empty()) {
        page << "<figure class=\"query\"><div class=\"words\">" << html_text(printable(result.query))
             << "</div><figcaption><b>query</b></figcaption></figure>\n";
    } else {
        write_figure(page, image, "query", "query", max_pixels);
    }
}

// Its picture and the name under it; a sentence stands in the place of the picture.
SheetTile query_tile(const QueryResult& result, const std::filesystem::path& image,
                     std::uint64_t max_pixels) {
    if (image.empty()) return {{}, {"query"}, printable(result.query)};
    const bool plain = result.query == image.string();
    return {thumbnail(image, max_pixels),
            {"query", plain ? printable(image.filename()) : printable(result.query)}};
}

constexpr const char* page_head =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"generator\" content=\"clipsim\"><title>clipsim results</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>\n"
    "body{font:14px system-ui,sans-serif;margin:2rem;color:#282c34;background:#fff}\n"
    "section{display:flex;flex-wrap:wrap;gap:1rem;margin-bottom:2.5rem}\n"
    "figure{margin:0;width:256px}img,.missing{width:256px;height:256px;object-fit:contain;background:#f3f4f6}"
    "\n"
    ".missing{line-height:256px;text-align:center;color:#828892}\n"
    ".words{width:256px;height:256px;display:flex;align-items:center;justify-content:center;text-align:"
    "center;"
    "font-size:18px;outline:3px solid #266ed9}\n"
    ".query img{outline:3px solid #266ed9}figcaption{overflow-wrap:anywhere;font-size:12px;padding:.3rem 0}\n"
    "</style></head><body>\n";

}  // namespace

void save_sheet(const std::filesystem::path& file, std::span<const QueryResult> results,
                std::span<const std::filesystem::path> query_images, std::uint64_t max_pixels) {
    std::vector<SheetRow> rows;
    for (std::size_t i = 0; i < results.size(); ++i) {
        SheetRow row;
        row.query = query_tile(results[i], query_images[i], max_pixels);
        for (const Hit& hit : results[i].hits) {
            row.hits.push_back(
                {thumbnail(hit.path, max_pixels), {heading(hit), printable(hit.path.filename())}});
        }
        rows.push_back(std::move(row));
    }
    write_picture(file, draw_contact_sheet(rows), std::string(drawn_by));
}

void save_page(const std::filesystem::path& file, std::span<const QueryResult> results,
               std::span<const std::filesystem::path> query_images, std::uint64_t max_pixels) {
    TextStream page;
    page << page_head;
    for (std::size_t i = 0; i < results.size(); ++i) {
        page << "<section>\n";
        write_query(page, results[i], query_images[i], max_pixels);
        for (const Hit& hit : results[i].hits) write_figure(page, hit.path, heading(hit), "hit", max_pixels);
        page << "</section>\n";
    }
    page << "</body></html>\n";
    write_file_atomically(file, page.str());
}

}  // namespace clipsim
