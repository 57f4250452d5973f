#include "clipsim/data/split.h"

#include <algorithm>
#include <cmath>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// Where an image stands in its class's order: a hash, so that no other file moves it.
std::string rank_of(const Catalogue& catalogue, std::size_t image, std::uint64_t seed) {
    const std::filesystem::path& path = catalogue.images[image].path;
    // A catalogue of several folders has no root.
    const std::filesystem::path inside =
        catalogue.root.empty() ? path : path.lexically_relative(catalogue.root);
    const std::string key = concat(seed, '\0', inside.string());
    return hash_bytes(std::as_bytes(std::span(key)));
}

void warn_train_only(const std::vector<std::string>& classes) {
    if (classes.empty()) return;
    std::string names;
    for (const std::string& name : classes) names += (names.empty() ? "" : ", ") + printable(name);
    log_warning(concat("classes with a single image are trained on but not validated: ", names));
}

}  // namespace

Split split_by_class(const Catalogue& catalogue, double val_fraction, std::uint64_t seed) {
    std::vector<std::vector<std::size_t>> by_class(catalogue.classes.size());
    for (std::size_t i = 0; i < catalogue.images.size(); ++i) {
        if (catalogue.images[i].label >= 0)
            by_class[static_cast<std::size_t>(catalogue.images[i].label)].push_back(i);
    }
    const auto usable =
        std::ranges::count_if(by_class, [](const auto& images) { return images.size() >= 2; });
    if (usable < 2) {
        throw UsageError(concat("training needs at least two classes (sub-folders) with two images each; ",
                                printable(catalogue.root), " has ", usable));
    }

    Split split;
    for (std::size_t label = 0; label < by_class.size(); ++label) {
        const std::vector<std::size_t>& images = by_class[label];
        if (images.size() < 2) {
            split.train.insert(split.train.end(), images.begin(), images.end());
            if (!images.empty()) split.train_only.push_back(catalogue.classes[label]);
            continue;
        }
        std::vector<std::pair<std::string, std::size_t>> ranked;
        ranked.reserve(images.size());
        for (const std::size_t image : images) ranked.emplace_back(rank_of(catalogue, image, seed), image);
        std::ranges::sort(ranked);
        const auto wanted =
            static_cast<std::size_t>(std::lround(static_cast<double>(images.size()) * val_fraction));
        const std::size_t held_out = std::clamp<std::size_t>(wanted, 1, images.size() - 1);
        for (std::size_t i = 0; i < ranked.size(); ++i) {
            (i < held_out ? split.validation : split.train).push_back(ranked[i].second);
        }
    }
    std::ranges::sort(split.train);
    std::ranges::sort(split.validation);
    warn_train_only(split.train_only);
    return split;
}

}  // namespace clipsim
