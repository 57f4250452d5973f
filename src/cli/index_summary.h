// What an index run ends with on stderr; shared by `index` and `all`.
#pragma once

#include <iomanip>

#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/build_index.h"

namespace clipsim::cli {

inline void log_index_summary(const IndexSummary& summary, bool dry_run) {
    const UpdateReport& report = summary.report;
    const std::string counts =
        concat(report.embedded, dry_run ? " to embed, " : " embedded, ", report.unchanged, " unchanged, ",
               report.renamed, " renamed, ", report.removed, " removed");
    if (dry_run) {
        log_info("dry run: " + counts);
        return;
    }
    log_info(concat(counts, "; ", report.total, " images in the index (", to_string(report.type), "), ",
                    std::fixed, std::setprecision(1), summary.seconds, " s"));
}

}  // namespace clipsim::cli
