// Byte-pair encoding of one word: bytes become symbols, and the pair that was learnt first is joined, again
// and again.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace clipsim {

// The text of a token, with the printable characters that stand for bytes and "</w>" at the end of a word, to
// its id.
using Vocabulary = std::unordered_map<std::string, std::int32_t>;
// First learnt first.
using Merges = std::vector<std::pair<std::string, std::string>>;

class BytePairs {
  public:
    // Throws std::invalid_argument naming the merge whose parts or whole are no tokens.
    BytePairs(const Vocabulary& vocabulary, const Merges& merges, std::int32_t unknown);

    // Appends the ids of one word, UTF-8. n log n in its length.
    void encode(std::string_view word, std::vector<std::int32_t>& ids) const;

  private:
    struct Merge {
        std::int32_t rank = 0;
        std::int32_t result = 0;
    };
    const Merge* find_merge(std::int32_t left, std::int32_t right) const;
    struct Chain;

    std::array<std::int32_t, 256> byte_ids_{};       // inside a word
    std::array<std::int32_t, 256> last_byte_ids_{};  // at its end
    std::unordered_map<std::uint64_t, Merge> merges_;
};

}  // namespace clipsim
