// A picture of pictures: the query on the left, then the hits with rank, label and score under each.
#pragma once

#include <string>
#include <vector>

#include "clipsim/image/pixels.h"

namespace clipsim {

struct SheetTile {
    Pixels picture;                    // empty: a grey tile that says "not readable"
    std::vector<std::string> caption;  // one string per line
    std::string words = {};            // drawn in place of a picture: a query that is a sentence
};

struct SheetRow {
    SheetTile query;
    std::vector<SheetTile> hits;
};

// One row per query; its hits wrap after five, in sheets of many hits after more.
Pixels draw_contact_sheet(const std::vector<SheetRow>& rows);

}  // namespace clipsim
