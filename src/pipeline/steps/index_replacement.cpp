#include "clipsim/pipeline/steps/index_replacement.h"

#include <algorithm>
#include <unordered_set>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/index/open/open_index.h"

namespace clipsim {

namespace {

constexpr std::size_t one_in = 10;  // of an index's images may go unasked

constexpr const char* choice = "another output_dir keeps it, --rebuild replaces it";

// Null where there is none.
std::unique_ptr<IndexReader> index_in(const IndexPlace& place, const IndexParameters& parameters) {
    try {
        return open_index_reader(place, std::nullopt, parameters, ThreadPool(1));
    } catch (const NewerIndexError&) {
        throw;
    } catch (const UsageError&) {
        return nullptr;
    }
}

std::string described(const IndexDescription& index) {
    return is_imported(index.identity)
               ? concat(index.images, " vectors of ", printable(index.identity.model_id))
               : concat(index.images, " photos (model ", printable(index.identity.model_id), ")");
}

[[noreturn]] void refuse(const IndexPlace& place, const IndexDescription& there,
                         const std::string& why = {}) {
    throw UsageError(concat(place.name(), " holds an index of ", described(there), why, ": ", choice));
}

}  // namespace

void check_place_of_matrix(const IndexPlace& place, const IndexParameters& parameters,
                           const std::string& matrix, std::span<const std::string> names) {
    const std::unique_ptr<IndexReader> there = index_in(place, parameters);
    if (!there) return;
    if (there->description().identity.model_id != matrix) refuse(place, there->description());
    // Those that were added have the hash of the file that they came from.
    const std::unordered_set<std::string> kept(names.begin(), names.end());
    const std::vector<StoredImage> images = there->images({});
    const auto lost = std::ranges::count_if(images, [&](const StoredImage& image) {
        return !image.content_hash.empty() && !kept.contains(image.path.native());
    });
    if (lost > 0)
        refuse(place, there->description(), concat(", ", lost, " of which `clipsim vectors add` brought"));
}

void check_place_of_photos(const IndexPlace& place, const IndexParameters& parameters) {
    const std::unique_ptr<IndexReader> there = index_in(place, parameters);
    if (!there || !is_imported(there->description().identity)) return;
    throw UsageError(concat(place.name(), " holds an index of ", described(there->description()),
                            ", which clipsim can't make again: name another output_dir"));
}

void check_place_of_merge(const IndexPlace& place, const IndexParameters& parameters,
                          std::span<const MergePart> parts) {
    const std::unique_ptr<IndexReader> there = index_in(place, parameters);
    if (!there) return;
    const IndexIdentity identity = common_identity(parts);
    if (!there->description().identity.same_vectors(identity))
        refuse(place, there->description(),
               concat(", made with ", difference(there->description().identity, identity), " as the parts"));
    std::unordered_set<std::string> paths;
    for (const MergePart& part : parts) {
        for (const StoredImage& image : part.store->images()) paths.insert(image.path.native());
    }
    const std::vector<StoredImage> images = there->images({});
    std::size_t lost = 0, of_others = 0;
    for (const StoredImage& image : images) {
        if (paths.contains(image.path.native())) continue;
        ++lost;
        if (!image.machine.empty()) ++of_others;
    }
    // A few may go; what another machine brought to a shared index may not.
    if (lost * one_in > images.size() || of_others > 0)
        refuse(place, there->description(), concat(", ", lost, " of which are in none of the parts"));
}

}  // namespace clipsim
