#include "clipsim/index/complete_shards.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

using Folders = std::vector<std::filesystem::path>;

std::string listed(const Folders& folders) {
    std::string list;
    for (const std::filesystem::path& folder : folders)
        list += concat(list.empty() ? "" : ", ", printable(folder));
    return list.empty() ? "no folder" : list;
}

Folders sorted(Folders folders) {
    std::ranges::sort(folders);
    return folders;
}

// What keeps the parts from being one collection, in a few words each.
std::vector<std::string> problems_of(std::span<const MergePart> parts) {
    std::vector<std::string> problems;
    std::map<int, std::string> names;  // by number of the shard
    const MergePart* first = nullptr;
    std::optional<Shard> of_first;
    Folders roots;
    for (const MergePart& part : parts) {
        const std::optional<Shard> shard = part.store->shard();
        if (!shard) {
            problems.push_back(concat(part.name,
                                      " does not say which shard it is (made without --shard, or by an "
                                      "earlier version: bring it up to date)"));
            continue;
        }
        if (first == nullptr) {
            first = &part;
            of_first = shard;
            roots = sorted(part.store->roots());
        }
        if (shard->count != of_first->count) {
            problems.push_back(concat(part.name, " is one of ", shard->count, ", ", first->name, " one of ",
                                      of_first->count));
            continue;
        }
        if (const Folders other = sorted(part.store->roots()); other != roots) {
            problems.push_back(
                concat(part.name, " is of ", listed(other), ", ", first->name, " of ", listed(roots)));
            continue;
        }
        const auto [known, is_new] = names.try_emplace(shard->number, part.name);
        if (!is_new)
            problems.push_back(concat(known->second, " and ", part.name, " are both ", shard->text()));
    }
    for (int number = 1; of_first && number <= of_first->count; ++number) {
        if (!names.contains(number))
            problems.push_back(concat(Shard{number, of_first->count}.text(), " is missing"));
    }
    return problems;
}

}  // namespace

void require_complete(std::span<const MergePart> parts) {
    constexpr std::size_t most = 5;  // that are named
    const bool any =
        std::ranges::any_of(parts, [](const MergePart& part) { return part.store->shard().has_value(); });
    if (!any) return;
    const std::vector<std::string> problems = problems_of(parts);
    if (problems.empty()) return;
    std::string list;
    for (std::size_t i = 0; i < std::min(most, problems.size()); ++i)
        list += concat(i == 0 ? "" : "; ", problems[i]);
    if (problems.size() > most) list += concat("; and ", problems.size() - most, " more");
    throw UsageError(concat("these are not all shards of one collection: ", list,
                            "; nothing was changed (--partial merges what there is)"));
}

void require_distinct_names(std::span<const MergePart> parts) {
    std::unordered_map<std::string, const MergePart*> known;
    for (const MergePart& part : parts) {
        for (const StoredImage& image : part.store->images()) {
            const auto [found, is_new] = known.try_emplace(image.path.native(), &part);
            if (is_new || found->second == &part) continue;
            throw UsageError(concat(found->second->name, " and ", part.name, " both hold \"",
                                    printable(image.path), "\"; give rows names of their own (--names)"));
        }
    }
}

}  // namespace clipsim
