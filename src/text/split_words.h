// Cuts a normalised sentence into the pieces that BPE then works on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace clipsim {

// What CLIP's pattern finds: contractions ('s, 't, 're, 've, 'm, 'll, 'd), runs of letters, single digits,
// and runs of what is neither letter, digit nor white space. UTF-8.
std::vector<std::string> split_words(std::u32string_view normalised_text);

}  // namespace clipsim
