#include "clipsim/core/files/lfs_pointer.h"

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

void refuse_lfs_pointer(const std::filesystem::path& path, std::string_view content) {
    if (!content.starts_with("version https://git-lfs.github.com/spec/")) return;
    throw UsageError(concat(printable(path),
                            " is a Git LFS pointer, not the file itself: run `git lfs install` and `git lfs "
                            "pull` in that checkout, or download the file"));
}

}  // namespace clipsim
