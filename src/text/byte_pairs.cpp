#include "byte_pairs.h"

#include <queue>
#include <stdexcept>
#include <tuple>

#include "clipsim/core/text.h"
#include "unicode.h"

namespace clipsim {

namespace {

constexpr std::string_view end_of_word = "</w>";

// GPT-2's stand-ins: printable Latin-1 characters for themselves, the other bytes from U+0100 on, in order.
std::array<std::string, 256> byte_characters() {
    std::array<std::string, 256> characters;
    char32_t next = 256;
    for (char32_t byte = 0; byte < 256; ++byte) {
        const bool printable =
            (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
        append_utf8(characters[byte], printable ? byte : next++);
    }
    return characters;
}

std::uint64_t key_of(std::int32_t left, std::int32_t right) {
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) |
           static_cast<std::uint32_t>(right);
}

}  // namespace

BytePairs::BytePairs(const Vocabulary& vocabulary, const Merges& merges, std::int32_t unknown) {
    const auto id_of = [&](const std::string& token) {
        const auto found = vocabulary.find(token);
        return found == vocabulary.end() ? unknown : found->second;
    };
    const std::array<std::string, 256> characters = byte_characters();
    for (std::size_t byte = 0; byte < 256; ++byte) {
        byte_ids_[byte] = id_of(characters[byte]);
        last_byte_ids_[byte] = id_of(characters[byte] + std::string(end_of_word));
    }
    merges_.reserve(merges.size());
    std::int32_t rank = 0;
    for (const auto& [left, right] : merges) {
        for (const std::string& token : {left, right, left + right}) {
            if (!vocabulary.contains(token)) {
                throw std::invalid_argument(
                    concat("the merge of ", left, " and ", right, ": ", token, " is no token"));
            }
        }
        // Of a merge that is listed twice the later rank counts, as for Hugging Face.
        merges_[key_of(id_of(left), id_of(right))] = {rank++, id_of(left + right)};
    }
}

const BytePairs::Merge* BytePairs::find_merge(std::int32_t left, std::int32_t right) const {
    const auto found = merges_.find(key_of(left, right));
    return found == merges_.end() ? nullptr : &found->second;
}

// The symbols of one word as a linked list, with the joins that are possible in a queue: lowest rank first,
// and of one rank the leftmost.
struct BytePairs::Chain {
    struct Symbol {
        std::int32_t id = 0;
        std::ptrdiff_t previous = -1, next = -1;
        bool joined = false;  // it is part of the one before it
    };
    using Join = std::tuple<std::int32_t, std::ptrdiff_t, std::int32_t, std::int32_t>;  // rank, left, its ids

    explicit Chain(const BytePairs& pairs) : pairs_(pairs) {}

    void push(std::int32_t id) {
        const auto at = static_cast<std::ptrdiff_t>(symbols_.size());
        symbols_.push_back({id, at - 1, -1, false});
        if (at > 0) symbols_[static_cast<std::size_t>(at - 1)].next = at;
    }

    void join_all() {
        for (std::size_t i = 0; i + 1 < symbols_.size(); ++i) propose(static_cast<std::ptrdiff_t>(i));
        while (!joins_.empty()) {
            const auto [rank, left, left_id, right_id] = joins_.top();
            joins_.pop();
            if (is_current(left, left_id, right_id)) join(left);
        }
    }

    void append_to(std::vector<std::int32_t>& ids) const {
        for (const Symbol& symbol : symbols_) {
            if (!symbol.joined) ids.push_back(symbol.id);
        }
    }

  private:
    Symbol& at(std::ptrdiff_t index) { return symbols_[static_cast<std::size_t>(index)]; }

    void propose(std::ptrdiff_t left) {
        if (left < 0 || at(left).next < 0) return;
        const std::int32_t left_id = at(left).id;
        const std::int32_t right_id = at(at(left).next).id;
        if (const Merge* merge = pairs_.find_merge(left_id, right_id)) {
            joins_.emplace(merge->rank, left, left_id, right_id);
        }
    }

    bool is_current(std::ptrdiff_t left, std::int32_t left_id, std::int32_t right_id) {
        const Symbol& symbol = at(left);
        return !symbol.joined && symbol.id == left_id && symbol.next >= 0 && at(symbol.next).id == right_id;
    }

    void join(std::ptrdiff_t left) {
        Symbol& symbol = at(left);
        Symbol& right = at(symbol.next);
        symbol.id = pairs_.find_merge(symbol.id, right.id)->result;
        right.joined = true;
        symbol.next = right.next;
        if (symbol.next >= 0) at(symbol.next).previous = left;
        propose(symbol.previous);
        propose(left);
    }

    const BytePairs& pairs_;
    std::vector<Symbol> symbols_;
    std::priority_queue<Join, std::vector<Join>, std::greater<>> joins_;
};

void BytePairs::encode(std::string_view word, std::vector<std::int32_t>& ids) const {
    if (word.empty()) return;
    Chain chain(*this);
    for (std::size_t i = 0; i < word.size(); ++i) {
        const auto byte = static_cast<unsigned char>(word[i]);
        chain.push(i + 1 == word.size() ? last_byte_ids_[byte] : byte_ids_[byte]);
    }
    chain.join_all();
    chain.append_to(ids);
}

}  // namespace clipsim
