// A .clipsimignore, which lies in a folder that anybody may have made: a path, a NUL, then the file.
#include <cstdint>

#include "fuzz.h"
#include "ignore_rules.h"
#include "temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    static const testing::TemporaryFolder folder;  // its file is written anew each time
    const std::string_view input = testing::text_of(data, size);
    const auto end = std::min(input.find('\0'), input.size());
    const std::filesystem::path path = input.substr(0, end);
    testing::write_text(folder / ".clipsimignore", input.substr(std::min(end + 1, input.size())));
    const auto rules = with_ignore_file(nullptr, folder.path());
    std::vector<std::string> names = names_in(folder.path());
    for (std::string& name : names_in(path)) names.push_back(std::move(name));
    if (rules != nullptr) left_out_by(*rules, names, size % 2 == 0);  // none where the file could not be read
    return 0;
}
