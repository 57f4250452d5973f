// EXIF orientations 2 to 8 as mirrorings and turns (Pillow's ImageOps.exif_transpose).
#pragma once

#include "clipsim/image/picture_part.h"

namespace clipsim {

// How a picture lies in its file.
class Orientation {
  public:
    explicit Orientation(int exif);  // anything but 2 to 8: upright

    bool upright() const { return !turned_ && !from_right_ && !from_bottom_; }
    bool turned() const { return turned_; }  // rows become columns

    // A rectangle of the upright picture in the stored one, which is width x height.
    PixelRect stored_rect(const PixelRect& upright, int width, int height) const;
    PicturePart turn_upright(PicturePart stored) const;

  private:
    PixelRect mirrored(const PixelRect& stored, int width, int height) const;

    // Where the upright picture's left and top edge lie in the stored one.
    bool turned_ = false, from_right_ = false, from_bottom_ = false;
};

}  // namespace clipsim
