// What the launcher says about the processes it started. No torch in this header.
#pragma once

namespace clipsim {

// WORLD_SIZE; 1 without. Throws UsageError where it is not a number.
int launched_processes();

}  // namespace clipsim
