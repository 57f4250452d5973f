#include "clipsim/data/split.h"

#include <algorithm>
#include <cmath>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

using ImagesByClass = std::vector<std::vector<std::size_t>>;

constexpr double largest_share_of_seen_classes = 0.2;

// Where something stands in its order: a hash, so that nothing else moves it.
std::string rank_of(std::uint64_t seed, const std::string& name) {
    const std::string key = concat(seed, '\0', name);
    return hash_bytes(std::as_bytes(std::span(key)));
}

std::string rank_of(std::uint64_t seed, const Catalogue& catalogue, std::size_t image) {
    const std::filesystem::path& path = catalogue.images[image].path;
    // A catalogue of several folders has no root.
    return rank_of(seed, (catalogue.root.empty() ? path : path.lexically_relative(catalogue.root)).string());
}

ImagesByClass group_by_class(const Catalogue& catalogue) {
    ImagesByClass by_class(catalogue.classes.size());
    for (std::size_t i = 0; i < catalogue.images.size(); ++i) {
        if (catalogue.images[i].label >= 0)
            by_class[static_cast<std::size_t>(catalogue.images[i].label)].push_back(i);
    }
    return by_class;
}

// The classes of two images or more.
std::vector<std::size_t> usable_classes(const ImagesByClass& by_class) {
    std::vector<std::size_t> usable;
    for (std::size_t label = 0; label < by_class.size(); ++label) {
        if (by_class[label].size() >= 2) usable.push_back(label);
    }
    return usable;
}

std::size_t share_of(std::size_t count, double fraction, std::size_t at_least) {
    const auto wanted = static_cast<std::size_t>(std::lround(static_cast<double>(count) * fraction));
    return std::clamp(wanted, at_least, count - at_least);
}

void warn_train_only(const std::vector<std::string>& classes) {
    if (classes.empty()) return;
    std::string names;
    for (const std::string& name : classes) names += (names.empty() ? "" : ", ") + printable(name);
    log_warning(concat("classes with a single image are trained on but not validated: ", names));
}

// Cuts each class in two.
Split cut_classes(const Catalogue& catalogue, const ImagesByClass& by_class, double fraction,
                  std::uint64_t seed) {
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
        for (const std::size_t image : images) ranked.emplace_back(rank_of(seed, catalogue, image), image);
        std::ranges::sort(ranked);
        // Of three or more, two are left to train on: one alone has nothing that is like it.
        const std::size_t held_out =
            std::min(share_of(images.size(), fraction, 1), std::max<std::size_t>(images.size(), 3) - 2);
        for (std::size_t i = 0; i < ranked.size(); ++i) {
            (i < held_out ? split.validation : split.train).push_back(ranked[i].second);
        }
    }
    std::ranges::sort(split.train);
    std::ranges::sort(split.validation);
    warn_train_only(split.train_only);
    return split;
}

}  // namespace

Split hold_out_images(const Catalogue& catalogue, double val_fraction, std::uint64_t seed) {
    const ImagesByClass by_class = group_by_class(catalogue);
    const std::size_t usable = usable_classes(by_class).size();
    if (usable < 2) {
        const auto enough =
            std::ranges::count_if(by_class, [](const auto& images) { return images.size() >= 3; });
        throw UsageError(concat(
            "training needs at least two classes (sub-folders) with three photos each, two to train on and "
            "one to hold out; ",
            printable(catalogue.root), " has ", enough, " of them"));
    }
    return cut_classes(catalogue, by_class, val_fraction, seed);
}

Split hold_out_classes(const Catalogue& catalogue, double val_fraction, std::uint64_t seed) {
    ImagesByClass by_class = group_by_class(catalogue);
    const std::vector<std::size_t> usable = usable_classes(by_class);
    if (usable.size() < 4) {
        throw UsageError(
            concat("data.split by_class needs at least four classes (sub-folders) with two images "
                   "each, two to train on and two to hold out; ",
                   printable(catalogue.root), " has ", usable.size(),
                   ": add classes or set data.split to by_image"));
    }
    std::vector<std::pair<std::string, std::size_t>> ranked;
    for (const std::size_t label : usable)
        ranked.emplace_back(rank_of(seed, catalogue.classes[label]), label);
    std::ranges::sort(ranked);
    ranked.resize(share_of(usable.size(), val_fraction, 2));

    std::vector<std::size_t> unseen;
    for (const auto& [rank, label] : ranked) {
        unseen.insert(unseen.end(), by_class[label].begin(), by_class[label].end());
        by_class[label].clear();
    }
    std::ranges::sort(unseen);
    Split split =
        cut_classes(catalogue, by_class, std::min(val_fraction, largest_share_of_seen_classes), seed);
    split.unseen = std::move(unseen);
    return split;
}

Split split_images(const Catalogue& catalogue, const DataConfig& data) {
    return data.split == SplitBy::label ? hold_out_classes(catalogue, data.val_fraction, data.seed)
                                        : hold_out_images(catalogue, data.val_fraction, data.seed);
}

}  // namespace clipsim
