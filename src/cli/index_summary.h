// What an index run ends with on stderr; shared by `index` and `all`.
#pragma once

#include <iomanip>
#include <iostream>

#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/build_index.h"
#include "global_options.h"

namespace clipsim::cli {

inline void log_index_summary(const IndexSummary& summary, bool dry_run) {
    const UpdateReport& report = summary.report;
    const auto if_any = [](std::size_t count, const char* what) {
        return count == 0 ? std::string() : concat(", ", count, what);
    };
    const std::string counts =
        concat(report.embedded, dry_run ? " to embed, " : " embedded, ", report.unchanged, " unchanged, ",
               report.renamed, " renamed, ", report.removed, " removed",
               if_any(report.copies, report.copies == 1 ? " copy" : " copies"),
               if_any(report.excluded, " left out from now on"),
               if_any(summary.plan.unseen.size() + summary.plan.too_many.size(), " not seen but kept"));
    if (dry_run) {
        log_info("dry run: " + counts);
        return;
    }
    log_info(concat(counts, "; ", report.total, " images in the index (", to_string(report.type), "), ",
                    std::fixed, std::setprecision(1), summary.seconds, " s"));
}

// What would leave the index, and what would stay unseen, a line each: "remove<TAB>PATH".
inline void print_plan(const UpdatePlan& plan) {
    const auto print = [](const char* what, const std::filesystem::path& path) {
        std::cout << what << '\t' << printable(path) << '\n';
    };
    for (const std::filesystem::path& path : plan.removed) print("remove", path);
    for (const std::filesystem::path& path : plan.excluded) print("leave out", path);
    for (const std::filesystem::path& path : plan.too_many) print("keep", path);
    for (const UnseenImage& image : plan.unseen) print("keep", image.path);
}

// --strict minds what was skipped, and what is kept in the index unseen.
inline int index_exit_code(const GlobalOptions& global, const IndexSummary& summary) {
    const bool unseen = !summary.plan.unseen.empty() || !summary.plan.too_many.empty();
    return std::max(global.exit_code(summary.skipped), global.strict && unseen ? 1 : 0);
}

}  // namespace clipsim::cli
