// draw_photos FOLDER COUNT: the small world of the tests, as files.
#include <cstdlib>

#include "drawn_photos.h"

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    clipsim::testing::draw_photos(argv[1], std::atoi(argv[2]));
    return 0;
}
