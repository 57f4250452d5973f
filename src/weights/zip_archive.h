// Zip archives as PyTorch writes them (APPNOTE 6.3.10, sections 4.3 and 4.5.3: with the zip64 records it
// always adds).
#pragma once

#include <map>
#include <string>

#include "file_bytes.h"

namespace clipsim {

struct ZipEntry {
    std::span<std::byte> bytes;  // as they lie in the archive
    bool stored = true;          // not compressed
};

// The entries by name, from the central directory. Throws UsageError naming file and entry for an archive
// that is truncated or damaged, and for what no honest writer makes: entries that overlap, names used twice,
// names that lead out of a folder. What is compressed can be listed, not read: tensors are always stored.
std::map<std::string, ZipEntry> read_zip(const FileBytes& file);

}  // namespace clipsim
