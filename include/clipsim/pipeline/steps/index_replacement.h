// Whether a new index may take the place of the one that is there without anybody having asked for it.
#pragma once

#include <span>
#include <string>

#include "clipsim/index/index_place.h"
#include "clipsim/index/merge_indexes.h"

namespace clipsim {

// Each throws UsageError that says what is there and how to keep or replace it; Error for an index that is
// damaged. Where there is no index nothing is thrown.

// The vectors of a matrix of this name: only in place of those of an earlier state of it, and not where
// others were added that have none of its names. names: of its rows.
void check_place_of_matrix(const IndexPlace& place, const IndexParameters& parameters,
                           const std::string& matrix, std::span<const std::string> names);
// What is made of photos by a command that always makes it anew: not in place of another tool's vectors.
void check_place_of_photos(const IndexPlace& place, const IndexParameters& parameters);
// A merge: in place of an index of the same model, of which the parts hold at least nine tenths.
void check_place_of_merge(const IndexPlace& place, const IndexParameters& parameters,
                          std::span<const MergePart> parts);

}  // namespace clipsim
