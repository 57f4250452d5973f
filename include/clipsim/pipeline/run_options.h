// How a run is carried out, as opposed to what it computes (that is the config).
#pragma once

#include <stop_token>
#include <string>

#include "clipsim/core/progress.h"

namespace clipsim {

struct RunOptions {
    std::string device = "auto";  // auto, cpu, cuda, cuda:N
    int threads = 0;              // of the model, exact searches and rankings; 0: one per core
    ProgressStyle progress = ProgressStyle::automatic;
    std::stop_token stop;  // a stop request ends the work at the next safe point with Interrupted
};

}  // namespace clipsim
