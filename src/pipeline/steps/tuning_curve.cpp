#include "clipsim/pipeline/steps/tuning_curve.h"

#include "clipsim/codecs/encode.h"
#include "clipsim/core/files/own_output.h"
#include "clipsim/pictures/charts.h"

namespace clipsim {

void save_tuning_curve(const std::filesystem::path& file, const TuneReport& report) {
    ChartSeries recall{"recall@10", {}, {}}, time{"us per query", {}, {}};
    for (const TunePoint& point : report.curve) {
        recall.x.push_back(point.microseconds);
        recall.y.push_back(point.recall);
        time.x.push_back(point.effort);
        time.y.push_back(point.microseconds);
    }
    std::vector<double> chosen_time, chosen_effort;
    if (report.chosen) {
        chosen_time.push_back(report.chosen->microseconds);
        chosen_effort.push_back(report.chosen->effort);
    }
    write_picture(file,
                  draw_charts({{"recall", "us per query", {recall}, chosen_time},
                               {"time", report.effort_key, {time}, chosen_effort}}),
                  std::string(drawn_by));
}

}  // namespace clipsim
