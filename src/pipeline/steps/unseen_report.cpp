#include "clipsim/pipeline/steps/unseen_report.h"

#include <map>
#include <string>
#include <utility>

#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr std::size_t most_places = 10;

std::string photos(std::size_t count) {
    return concat(count, count == 1 ? " photo" : " photos");
}

void log_unseen(const std::vector<UnseenImage>& images) {
    std::map<std::filesystem::path, std::pair<std::size_t, std::string>> places;  // photos and reason
    bool prunable = false;
    for (const UnseenImage& image : images) {
        auto& [count, reason] = places[image.place];
        ++count;
        reason = image.reason;
        prunable = prunable || image.prunable;
    }
    std::size_t named = 0;
    for (const auto& [place, found] : places) {
        if (++named > most_places) break;
        const auto& [count, reason] = found;
        log_warning(concat(printable(place), ": ", reason, "; ", photos(count), " of it kept in the index"));
    }
    if (places.size() > most_places)
        log_warning(concat(places.size() - most_places, " more such places; ", photos(images.size()),
                           " of them kept in all"));
    if (prunable)
        log_info(
            "`clipsim index --prune` lets photos go whose folder is not there (with --dry-run it lists "
            "them)");
}

}  // namespace

void log_what_stays(const UpdatePlan& plan) {
    for (const UnreadableFile& file : plan.unreadable) log_warning("skipping it: " + file.problem);
    if (!plan.unseen.empty()) log_unseen(plan.unseen);
    for (const auto& [machine, count] : plan.of_others)
        log_info(concat(photos(count), " that ", printable(machine), " brought are left to it"));
    if (!plan.too_many.empty()) {
        log_warning(concat(photos(plan.too_many.size()),
                           " of the index are not there any more, more than a tenth of it: they are kept; "
                           "`clipsim index --prune` removes them (with --dry-run it lists them)"));
    }
}

}  // namespace clipsim
