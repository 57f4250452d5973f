#include "transformer_names.h"

namespace clipsim {

void add_names(std::vector<TensorName>& names, std::span<const NameRow> rows, const std::string& tower_prefix,
               const std::string& file_prefix) {
    const auto with = [](std::string name, const char* kind) {
        if (name.ends_with('*')) name.replace(name.size() - 1, 1, kind);
        return name;
    };
    for (const NameRow& row : rows) {
        const std::string tower = tower_prefix + row.tower, file = file_prefix + row.file;
        for (const char* kind : {"weight", "bias"}) {
            names.push_back(
                {with(tower, kind), with(file, kind), row.part, row.transposed, row.leading_ones});
            if (!tower.ends_with('*')) break;
        }
    }
}

void add_blocks(std::vector<TensorName>& names, std::span<const NameRow> rows, int blocks,
                const std::string& tower_prefix, const std::string& file_prefix) {
    for (int block = 0; block < blocks; ++block) {
        const std::string number = std::to_string(block) + '.';
        add_names(names, rows, tower_prefix + number, file_prefix + number);
    }
}

}  // namespace clipsim
