// An index file, as it is mapped and searched. What it says is checked where it is opened, or where a search
// meets it.
#include <cmath>
#include <cstdint>

#include "clipsim/core/error.h"
#include "faiss_format/mapped_index.h"
#include "fuzz.h"
#include "search/row_search.h"
#include "temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    static const testing::TemporaryFolder folder;  // its file is written anew each time
    testing::write_text(folder / "index.faiss", testing::text_of(data, size));
    try {
        std::optional<MappedIndex> index = open_mapped(folder / "index.faiss");
        if (!index || index->dimension > 4096) return 0;
        const std::size_t count = index->view.count;
        const auto search = make_row_search(std::move(index->view), {}, std::move(index->bytes));
        std::vector<float> query(index->dimension, 1.0F / std::sqrt(static_cast<float>(index->dimension)));
        for (const ScoredRow& found : search->nearest(query, 5, nullptr, ThreadPool(1))) {
            if (static_cast<std::uint64_t>(found.row) >= count) __builtin_trap();
            const volatile std::int64_t id = index->ids[static_cast<std::size_t>(found.row)];
            (void)id;
        }
    } catch (const Error&) {
    }
    return 0;
}
