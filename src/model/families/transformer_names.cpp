#include "transformer_names.h"

namespace clipsim {

void add_names(std::vector<TensorName>& names, std::span<const NameRow> rows, const std::string& tower_prefix,
               const std::string& file_prefix) {
    for (const NameRow& row : rows)
        names.push_back(
            {tower_prefix + row.tower, file_prefix + row.file, row.part, row.transposed, row.leading_ones});
}

void add_blocks(std::vector<TensorName>& names, std::span<const NameRow> rows, int blocks,
                const std::string& tower_prefix, const std::string& file_prefix) {
    for (int block = 0; block < blocks; ++block) {
        const std::string number = std::to_string(block) + '.';
        add_names(names, rows, tower_prefix + number, file_prefix + number);
    }
}

}  // namespace clipsim
