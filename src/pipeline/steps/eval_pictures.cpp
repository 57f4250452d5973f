#include "eval_pictures.h"

#include <algorithm>
#include <iomanip>
#include <numeric>

#include "clipsim/codecs/encode.h"
#include "clipsim/codecs/open_image.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/files/own_output.h"
#include "clipsim/core/text.h"
#include "clipsim/pictures/charts.h"
#include "clipsim/pictures/contact_sheet.h"
#include "clipsim/pictures/embedding_map.h"
#include "clipsim/pipeline/steps/output_layout.h"

namespace clipsim {

namespace {

constexpr std::size_t deepest_recall = 20;
constexpr std::size_t most_confusions = 8;

const char* name_of_space(std::size_t space) {
    return space == 0 ? "before" : "after";
}

Pixels draw_recall(const EmbeddedPhotos& photos) {
    Chart chart{"Recall@K of the held-out photos", "K", {}, {}};
    for (std::size_t s = 0; s < photos.spaces.size(); ++s) {
        ChartSeries series{name_of_space(s), {}, {}};
        for (std::size_t k = 1; k <= std::min(deepest_recall, photos.images.size() - 1); ++k) {
            series.x.push_back(static_cast<double>(k));
            series.y.push_back(recall_at(photos.spaces[s].found, k));
        }
        chart.series.push_back(std::move(series));
    }
    return draw_charts({chart});
}

Pixels draw_map(const Catalogue& catalogue, const EmbeddedPhotos& photos) {
    std::vector<EmbeddingPanel> panels;
    for (std::size_t s = 0; s < photos.spaces.size(); ++s)
        panels.push_back({name_of_space(s), photos.spaces[s].vectors, photos.spaces[s].dimension});
    return draw_embedding_map(panels, photos.labels, catalogue.classes);
}

SheetTile tile_of(const std::filesystem::path& file, const Config& config, std::vector<std::string> caption) {
    SheetTile tile{{}, std::move(caption)};
    try {
        constexpr int enough = 384;  // twice the thumbnail's side
        tile.picture = open_image(file, config.data.max_pixels).decode_reduced(enough);
    } catch (const ImageError&) {
        // It was there a moment ago; the sheet says that it is not now.
    }
    return tile;
}

Pixels draw_confusions(const Config& config, const Catalogue& catalogue, const EmbeddedPhotos& photos,
                       std::span<const Confusion> worst) {
    const EmbeddedPhotos::Matrix& space = photos.spaces.back();
    const auto name = [&](int label) { return catalogue.classes[static_cast<std::size_t>(label)]; };
    const auto file = [&](std::size_t row) { return catalogue.images[photos.images[row]].path; };
    const auto score = [&](std::size_t a, std::size_t b) {
        return std::inner_product(space.row(a).begin(), space.row(a).end(), space.row(b).begin(), 0.0);
    };
    std::vector<SheetRow> rows;
    for (const Confusion& pair : worst) {
        const RankedQuery& example = pair.example;
        const auto scored = [&](std::size_t row) {
            return concat("score ", std::fixed, std::setprecision(3), score(example.query, row));
        };
        SheetRow row;
        row.query = tile_of(file(example.query), config,
                            {name(pair.actual), concat(pair.count, " of ", pair.queries, " confused so")});
        row.hits.push_back(tile_of(file(example.nearest), config,
                                   {concat("found: ", name(pair.found)), scored(example.nearest)}));
        row.hits.push_back(
            tile_of(file(example.nearest_of_its), config,
                    {concat("right: ", name(pair.actual)),
                     concat("rank ", example.first_hit, ", ", scored(example.nearest_of_its))}));
        rows.push_back(std::move(row));
    }
    return draw_contact_sheet(rows);
}

}  // namespace

std::vector<std::filesystem::path> draw_eval_pictures(const Config& config, const Catalogue& catalogue,
                                                      const EmbeddedPhotos& photos,
                                                      std::span<const Confusion> confusions) {
    const std::filesystem::path folder = OutputLayout(config).results() / "eval";
    ensure_writable_folder(folder);
    std::vector<std::filesystem::path> written;
    const auto write = [&](const char* name, const Pixels& picture) {
        write_picture(folder / name, picture, std::string(drawn_by));
        written.push_back(folder / name);
    };
    write("recall.png", draw_recall(photos));
    write("map.png", draw_map(catalogue, photos));
    if (!confusions.empty()) {
        const auto worst = confusions.first(std::min(most_confusions, confusions.size()));
        write("confusions.jpg", draw_confusions(config, catalogue, photos, worst));
    }
    return written;
}

}  // namespace clipsim
