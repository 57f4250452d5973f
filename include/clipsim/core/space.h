// The two spaces that vectors lie in. They are unit vectors; the cosine compares two of the same space.
#pragma once

namespace clipsim {

// image: that images are compared in, the fine-tuned head's where there is one, else the model's own.
// text: the model's own, CLIP's joint space of images and sentences, which fine-tuning leaves alone. (An
// encoder without a text tower has it too, but no sentences in it.)
enum class Space { image, text };

}  // namespace clipsim
