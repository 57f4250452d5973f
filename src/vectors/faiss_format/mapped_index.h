// An index file opened by mapping it: what a search does not touch is not read. FAISS's format is understood
// as far as clipsim writes it (FAISS's own reader, faiss/impl/index_read.cpp, is the reference); behind
// what FAISS reads stand the rows as bytes, aligned, for walks and scans (docs/formats.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "clipsim/core/files/mapped_file.h"
#include "faiss_format/checked_writer.h"
#include "rows/byte_rows.h"
#include "rows/index_view.h"

namespace clipsim {

struct MappedIndex {
    MappedFile file;
    IndexView view;
    UnalignedArray<std::int64_t> ids;  // of the rows
    std::size_t dimension = 0;
    ByteRows bytes;  // none where the file has none
};

// None for a file that is of another kind than clipsim writes, which FAISS may know. Throws Error for one
// that is cut off or says what can't be.
std::optional<MappedIndex> open_mapped(const std::filesystem::path& file);

// Appends the rows as bytes to what FAISS's writer, or ours, has just written there. Nothing for no rows.
void append_bytes(CheckedWriter& out, const ByteRows& bytes);

}  // namespace clipsim
