// What an update of an index leaves as it is, because it could not see what became of the files.
#pragma once

#include "clipsim/index/updater.h"

namespace clipsim {

// Names it on stderr: unreadable files, the places that were out of sight, with how many images stay because
// of each, and a removal of too many.
void log_what_stays(const UpdatePlan& plan);

}  // namespace clipsim
