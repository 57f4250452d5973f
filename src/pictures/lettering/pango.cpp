// Lettering by Pango on Cairo: shaping, right-to-left scripts, and the system's fonts for what the first one
// lacks.
#include <pango/pangocairo.h>

#include <algorithm>
#include <memory>

#include "lettering.h"

namespace clipsim {

namespace {

template <auto release>
struct Releases {
    template <typename T>
    void operator()(T* object) const {
        release(object);
    }
};

using Font = std::unique_ptr<PangoFontDescription, Releases<pango_font_description_free>>;
using Layout = std::unique_ptr<PangoLayout, Releases<g_object_unref>>;
using Surface = std::unique_ptr<cairo_surface_t, Releases<cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, Releases<cairo_destroy>>;
using Text = std::unique_ptr<char, Releases<g_free>>;

Surface surface_of(int width, int height) {
    return Surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height));
}

Layout layout_of(cairo_t* context, const std::string& text, const TextStyle& style) {
    Layout layout(pango_cairo_create_layout(context));
    const Font font(pango_font_description_from_string("sans-serif"));
    pango_font_description_set_absolute_size(font.get(), style.size * PANGO_SCALE);
    pango_layout_set_font_description(layout.get(), font.get());
    pango_layout_set_single_paragraph_mode(layout.get(), TRUE);
    const Text valid(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
    pango_layout_set_text(layout.get(), valid.get(), -1);
    if (style.max_width > 0) {
        pango_layout_set_width(layout.get(), style.max_width * PANGO_SCALE);
        pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
        pango_layout_set_height(layout.get(), -style.max_lines);
        pango_layout_set_ellipsize(layout.get(),
                                   style.max_lines > 1 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_MIDDLE);
    }
    // A sentence runs as its first letters do; in a name the extension stays at the right end in any script.
    if (style.max_lines == 1) {
        pango_layout_set_auto_dir(layout.get(), FALSE);
        pango_context_set_base_dir(pango_layout_get_context(layout.get()), PANGO_DIRECTION_LTR);
        pango_layout_context_changed(layout.get());
    }
    pango_layout_set_alignment(layout.get(), style.centred ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT);
    return layout;
}

}  // namespace

}  // namespace clipsim

extern "C" clipsim::RenderedText clipsim_render_text(const std::string& text,
                                                     const clipsim::TextStyle& style) {
    using namespace clipsim;  // NOLINT(google-build-using-namespace): extern "C" stands outside
    const Surface probe = surface_of(1, 1);
    const Context measure(cairo_create(probe.get()));
    const Layout layout = layout_of(measure.get(), text, style);
    PangoRectangle extents;
    pango_layout_get_pixel_extents(layout.get(), nullptr, &extents);

    RenderedText result;
    result.width = std::max(0, style.centred ? style.max_width : extents.x + extents.width);
    result.height = std::max(0, extents.height);
    result.baseline = pango_layout_get_baseline(layout.get()) / PANGO_SCALE;
    if (result.width == 0 || result.height == 0) return result;
    result.pixels.resize(static_cast<std::size_t>(result.width) * static_cast<std::size_t>(result.height));
    const Surface surface(cairo_image_surface_create_for_data(
        reinterpret_cast<unsigned char*>(result.pixels.data()), CAIRO_FORMAT_ARGB32, result.width,
        result.height, result.width * 4));
    const Context context(cairo_create(surface.get()));
    const auto channel = [&](int shift) { return (style.colour >> shift & 0xFFU) / 255.0; };
    cairo_set_source_rgb(context.get(), channel(16), channel(8), channel(0));
    pango_cairo_show_layout(context.get(), layout.get());
    cairo_surface_flush(surface.get());
    return result;
}
