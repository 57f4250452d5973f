// A picture of pictures: the query on the left, then the hits with rank, label and score under each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "clipsim/image/pixels.h"

namespace clipsim {

struct SheetTile {
    Pixels picture;                    // empty: a grey tile that says "not readable"
    std::vector<std::string> caption;  // one string a line
    std::string words = {};            // drawn in place of a picture: a query that is a sentence
};

struct SheetRow {
    SheetTile query;
    std::vector<SheetTile> hits;
};

// One row a query; the hits wrap after five.
Pixels draw_contact_sheet(const std::vector<SheetRow>& rows);

// Lines in a chart with axes and a legend, for curves.png.
struct ChartSeries {
    std::string name;
    std::vector<double> x;
    std::vector<double> y;
};
struct Chart {
    std::string title;
    std::string x_label;
    std::vector<ChartSeries> series;
    std::vector<double> markers;  // vertical lines, e.g. where a stage begins
};
Pixels draw_charts(const std::vector<Chart>& charts);  // side by side

// Atomic; PNG or JPEG by extension. Throws Error.
void write_picture(const std::filesystem::path& file, const Pixels& picture);

}  // namespace clipsim
