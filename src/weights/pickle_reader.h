// A reader of Python pickles (protocols 2 to 5) that builds a tree of plain values and calls nothing. What a
// pickle would have Python import or call stays a name in that tree; names that no state dict has are
// refused, so that a message can say so. Opcodes are those of Python's pickletools.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace clipsim {

struct PickleValue {
    enum class Kind {
        none,
        boolean,
        integer,
        real,
        text,
        tuple,
        list,
        dict,        // items: key, value, key, value, ...
        global,      // text: "module name"
        persistent,  // items: its id, a tuple that names a storage
        call,        // items: a global, its arguments
        object       // items: a global, its arguments and, where it was given one, its state
    };

    Kind kind = Kind::none;
    std::int64_t integer = 0;          // of integer and boolean
    std::string text;                  // of text and global
    std::vector<std::uint32_t> items;  // ids of other values; there may be cycles
};

class Pickle {
  public:
    const PickleValue& operator[](std::uint32_t id) const { return values_[id]; }
    const PickleValue& root() const { return values_[root_]; }
    std::size_t size() const { return values_.size(); }

  private:
    friend class PickleMachine;
    std::vector<PickleValue> values_;
    std::uint32_t root_ = 0;
};

// Memory is bounded by the pickle's own size, which is bounded too. Throws UsageError that begins with
// `name`.
Pickle read_pickle(std::span<const std::byte> bytes, const std::string& name);

}  // namespace clipsim
