// Sentences to unit vectors of the text space: tokenizer and text tower together.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "clipsim/model/embedder.h"
#include "clipsim/text/tokenizer.h"

namespace clipsim {

class SentenceEncoder {
  public:
    // Throws UsageError for a model without tokenizer or text tower. The embedder has to outlive this.
    explicit SentenceEncoder(Embedder& embedder);

    // [N, embedder.dimension(Space::text)] rows of unit length. Of a sentence that is too long for the model
    // the end is not looked at, with a warning. Throws Error naming one of which the model makes no unit
    // vector.
    std::vector<float> encode(std::span<const std::string> sentences);

  private:
    Embedder& embedder_;
    std::unique_ptr<const Tokenizer> tokenizer_;
};

}  // namespace clipsim
