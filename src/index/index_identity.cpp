#include "clipsim/index/index_identity.h"

#include "clipsim/core/text.h"

namespace clipsim {

namespace {

enum class Difference { none, imported, model, precision, head, weights, unknown, text_space };

Difference what_differs(const IndexIdentity& stored, const IndexIdentity& wanted) {
    const bool same = stored.model_hash == wanted.model_hash && stored.dimension == wanted.dimension;
    if (same) {
        return stored.text_dimension == wanted.text_dimension ? Difference::none : Difference::text_space;
    }
    if (is_imported(stored) || is_imported(wanted)) return Difference::imported;
    if (stored.model_id != wanted.model_id) return Difference::model;
    if (stored.base_hash.empty() || wanted.base_hash.empty()) return Difference::unknown;
    if (stored.base_hash == wanted.base_hash) return Difference::head;
    return stored.precision != wanted.precision ? Difference::precision : Difference::weights;
}

bool is_tuned(const IndexIdentity& identity) {
    return identity.model_hash != identity.base_hash;
}

std::string described_head(const IndexIdentity& identity) {
    if (!is_tuned(identity))
        return concat("the model without fine-tuning (", identity.dimension, " dimensions)");
    return concat("the fine-tuned head ", identity.model_hash.substr(0, 8), " (", identity.dimension,
                  " dimensions)");
}

std::string described_source(const IndexIdentity& identity) {
    return is_imported(identity)
               ? concat("the vectors of ", printable(identity.model_id))
               : concat("model ", printable(identity.model_id), " (", identity.dimension, " dimensions)");
}

// What to do about it. A rebuild is only spoken of where the photos can be embedded again, and where that is
// what is wanted: a model that was forgotten on the command line asks for no rebuild.
std::string way_on(Difference difference, const IndexIdentity& stored, const IndexIdentity& wanted) {
    switch (difference) {
        case Difference::imported:
            return is_imported(stored) ? "clipsim can't make those vectors again, so name another output_dir "
                                         "for photos (or search them with `clipsim vectors search`)"
                                       : "name another output_dir for the matrix";
        case Difference::model:
            return "to go on with it, set model.clip to the model that it was made with (--set "
                   "model.clip=...); to have both, give the other one an output_dir of its own";
        case Difference::precision:
            return concat("to go on with it, add --set model.precision=", stored.precision,
                          "; `clipsim index --rebuild` makes it anew");
        case Difference::head:
            if (is_tuned(stored) && !is_tuned(wanted)) {
                return "the fine-tuned model is not in output_dir any more: name the output_dir that has it, "
                       "or "
                       "run `clipsim index --rebuild`";
            }
            return "run `clipsim index --rebuild` to embed the photos with the new one";
        default:
            return "run `clipsim index --rebuild` to embed the photos anew, or name another output_dir";
    }
}

// Others use the index, too.
std::string shared_way_on(Difference difference) {
    return concat("others may be searching it: use ",
                  difference == Difference::head ? "the output_dir with the fine-tuned model"
                                                 : "the model and the settings",
                  " that it was made with, or a schema of your own (index.postgres.schema)");
}

}  // namespace

std::string difference(const IndexIdentity& stored, const IndexIdentity& wanted) {
    switch (what_differs(stored, wanted)) {
        case Difference::none:
            return {};
        case Difference::imported:
        case Difference::model:
            return concat(described_source(stored), ", not ", described_source(wanted));
        case Difference::precision:
            return concat("precision ", stored.precision, ", not ", wanted.precision);
        case Difference::head:
            return concat(described_head(stored), ", not ", described_head(wanted));
        case Difference::text_space:
            return concat(stored.text_dimension, " dimensions of the text space, not ",
                          wanted.text_dimension);
        case Difference::unknown:
            if (stored.dimension != wanted.dimension)
                return concat("vectors of ", stored.dimension, " dimensions, not ", wanted.dimension);
            return concat("other weights, another precision or head of the model ",
                          printable(stored.model_id), " (", stored.model_hash.substr(0, 8), ", not ",
                          wanted.model_hash.substr(0, 8), ")");
        case Difference::weights:
            break;
    }
    return concat("other weights of the model ", printable(stored.model_id), " (",
                  stored.base_hash.substr(0, 8), ", not ", wanted.base_hash.substr(0, 8), ")");
}

void check_same_model(const std::string& place, const IndexIdentity& stored, const IndexIdentity& wanted,
                      IndexUse use) {
    const Difference found = what_differs(stored, wanted);
    if (found == Difference::none || found == Difference::text_space) return;
    throw UsageError(concat("the index in ", place, " was made with ", difference(stored, wanted),
                            " as in this run; ",
                            use == IndexUse::shared ? shared_way_on(found) : way_on(found, stored, wanted)));
}

}  // namespace clipsim
