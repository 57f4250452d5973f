// How the C library's allocator serves a program whose tensors come and go by the thousand.
#pragma once

namespace clipsim {

// Blocks of up to 32 MB (the most that glibc allows) come from the heap after this call, and up to 512 MB
// that were freed stay there. glibc would map and unmap every larger tensor, with its pages zeroed each time:
// that took 3 of the 7.5 seconds of indexing 1,085 photos with clip-nano. Larger blocks, like the
// vectors of an index, are returned as before. Nothing on other C libraries. Once, at the start of the
// program.
void keep_freed_memory();

}  // namespace clipsim
