// A tokenizer's files and a sentence for it. The input's parts end with a zero byte: tokenizer.json and the
// sentence, or vocab.json, merges.txt and the sentence.
#include <cstdint>
#include <string>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/text/tokenizer.h"
#include "temporary_folder.h"

namespace {

std::vector<std::string> parts_of(const std::uint8_t* data, std::size_t size) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < size; ++i) {
        if (data[i] == 0 && parts.size() < 3) {
            parts.emplace_back();
        } else {
            parts.back() += static_cast<char>(data[i]);
        }
    }
    return parts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    static const testing::TemporaryFolder folder;  // its files are written anew each time
    const std::vector<std::string> parts = parts_of(data, size);
    if (parts.size() == 3) {
        std::filesystem::remove(folder / "tokenizer.json");
        testing::write_text(folder / "vocab.json", parts[0]);
        testing::write_text(folder / "merges.txt", parts[1]);
    } else {
        std::filesystem::remove(folder / "vocab.json");
        testing::write_text(folder / "tokenizer.json", parts[0]);
    }
    try {
        const auto tokenizer = read_tokenizer(TokenizerKind::clip, folder.path());
        const TokenIds tokens = tokenizer->encode(parts.back(), 77);
        if (tokens.ids.size() < 2 || tokens.ids.size() > 77) __builtin_trap();
    } catch (const UsageError&) {
    }
    return 0;
}
