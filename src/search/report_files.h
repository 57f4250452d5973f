// Results as files to look at: a contact sheet, or a page that needs nothing beside it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "clipsim/search/searcher.h"

namespace clipsim {

void save_sheet(const std::filesystem::path& file, std::span<const QueryResult> results,
                std::span<const std::filesystem::path> query_images, std::uint64_t max_pixels);
void save_page(const std::filesystem::path& file, std::span<const QueryResult> results,
               std::span<const std::filesystem::path> query_images, std::uint64_t max_pixels);

}  // namespace clipsim
