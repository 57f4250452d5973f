// metrics.jsonl: one line an epoch.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "clipsim/train/trainer.h"

namespace clipsim {

std::string metrics_lines(std::span<const EpochRecord> epochs);
std::vector<EpochRecord> parse_metrics(const std::string& lines, const std::string& origin);
void write_metrics(const std::filesystem::path& file, std::span<const EpochRecord> epochs);  // atomic

}  // namespace clipsim
