// Moved; for src/index until it is rearranged.
#pragma once

#include "clipsim/core/files/atomic_file.h"
