#include "clipsim/text/tokenizer.h"

#include "clip_tokenizer.h"
#include "clipsim/core/error.h"

namespace clipsim {

std::unique_ptr<const Tokenizer> read_tokenizer(TokenizerKind kind,
                                                const std::filesystem::path& model_folder) {
    switch (kind) {
        case TokenizerKind::clip:
            return std::make_unique<const ClipTokenizer>(model_folder);
    }
    throw Error("no such kind of tokenizer");
}

}  // namespace clipsim
