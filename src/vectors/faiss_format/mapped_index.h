// An index file opened by mapping it: what a search does not touch is not read. FAISS's format is understood
// as far as clipsim writes it (FAISS's own reader, faiss/impl/index_read.cpp, is the reference); behind
// what FAISS reads are the rows as bytes, aligned, for walks and scans (docs/formats.md).
//
//     IxM2           header (dimension, count, inner product), then the index, then the ids
//     IHNf, IHNs     a graph: header; shares of the levels, starts of the lists, levels, offsets, neighbours;
//                    entry point, highest level, efConstruction, efSearch, 1; then its rows
//     IxFI           rows of fp32: header, values
//     IxSQ           rows of codes: header, quantizer (kind, how ranges were found, dimension, bytes per row,
//                    ranges), codes
//     IwFl, IwSq     inverted lists: header, nlist, nprobe, centroids (IxFI), no map of ids, the quantizer of
//                    IwSq, ilar: nlist, bytes per row, sizes, then codes and row numbers of each list
//     padding        to a multiple of 64 bytes
//     bytes          a row per row, each filled up to a multiple of 64
//     footer         64 bytes: where they are, their scale and errors, "clipsim bytes 1"
//
// Numbers are little-endian; an array is its length, 64 bits, and its values; a header is the kind, dimension
// (32 bits), count (64), two unused (64), trained (8), metric (32).
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
