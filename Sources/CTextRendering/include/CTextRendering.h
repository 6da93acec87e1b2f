#ifndef XLING_CTEXTRENDERING_H
#define XLING_CTEXTRENDERING_H

#include <stddef.h>
#include <stdint.h>

// A colour bitmap font: shaped by HarfBuzz, its bitmaps read by FreeType. One thread at a time.
typedef struct xling_font xling_font;

// NULL when the file cannot be read as a font with colour bitmaps; then `message` says why.
xling_font *xling_font_open(const char *path, char *message, size_t message_size);
void xling_font_close(xling_font *font);

// Size of the first bitmap strike's em, in pixels.
int xling_font_strike(const xling_font *font);

// Shapes UTF-8 text. Returns how many glyphs it became; *glyph is the first one (0: missing).
int xling_font_shape(xling_font *font, const char *text, int count, uint32_t *glyph);

// Loads one glyph's colour bitmap and its size in pixels. 0 when it has one. The pixels are read
// by xling_font_copy before the next call.
int xling_font_load(xling_font *font, uint32_t glyph, int *width, int *height);

// width * height * 4 bytes, B G R A, colour premultiplied by alpha (as the bitmap is stored).
void xling_font_copy(const xling_font *font, uint8_t *bgra);

#endif
