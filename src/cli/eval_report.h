// What `eval` prints.
#pragma once

#include <string>

#include "clipsim/pipeline/evaluate.h"

namespace clipsim::cli {

std::string eval_json(const EvalReport& report);
std::string eval_table(const EvalReport& report);

}  // namespace clipsim::cli
