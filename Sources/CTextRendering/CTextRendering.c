#include "CTextRendering.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ft2build.h>
#include FT_FREETYPE_H
#include <hb.h>

struct xling_font {
  FT_Library library;
  FT_Face face;
  hb_face_t *shapes;
  hb_font_t *shaper;
  hb_buffer_t *buffer;
};

static void say(char *message, size_t size, const char *text, int code) {
  snprintf(message, size, "%s (FreeType error %d)", text, code);
}

static int open_bitmaps(xling_font *font, const char *path, char *message, size_t size) {
  int code = FT_Init_FreeType(&font->library);
  if (code != 0) {
    say(message, size, "FreeType does not start", code);
    return code;
  }
  code = FT_New_Face(font->library, path, 0, &font->face);
  if (code != 0) {
    say(message, size, "it is not a font", code);
    return code;
  }
  if (!FT_HAS_COLOR(font->face) || font->face->num_fixed_sizes < 1) {
    snprintf(message, size, "it has no colour bitmaps");
    return 1;
  }
  code = FT_Select_Size(font->face, 0);
  if (code != 0) say(message, size, "its bitmap size cannot be selected", code);
  return code;
}

static int open_shaper(xling_font *font, const char *path, char *message, size_t size) {
  hb_blob_t *blob = hb_blob_create_from_file_or_fail(path);
  if (blob == NULL) {
    snprintf(message, size, "HarfBuzz cannot read it");
    return 1;
  }
  font->shapes = hb_face_create(blob, 0);
  hb_blob_destroy(blob);
  font->shaper = hb_font_create(font->shapes);
  font->buffer = hb_buffer_create();
  return 0;
}

xling_font *xling_font_open(const char *path, char *message, size_t message_size) {
  xling_font *font = calloc(1, sizeof *font);
  if (font == NULL) {
    snprintf(message, message_size, "out of memory");
    return NULL;
  }
  if (open_bitmaps(font, path, message, message_size) != 0 ||
      open_shaper(font, path, message, message_size) != 0) {
    xling_font_close(font);
    return NULL;
  }
  return font;
}

void xling_font_close(xling_font *font) {
  if (font == NULL) return;
  hb_buffer_destroy(font->buffer);
  hb_font_destroy(font->shaper);
  hb_face_destroy(font->shapes);
  if (font->face != NULL) FT_Done_Face(font->face);
  if (font->library != NULL) FT_Done_FreeType(font->library);
  free(font);
}

int xling_font_strike(const xling_font *font) { return font->face->size->metrics.y_ppem; }

int xling_font_shape(xling_font *font, const char *text, int count, uint32_t *glyph) {
  hb_buffer_clear_contents(font->buffer);
  hb_buffer_add_utf8(font->buffer, text, count, 0, count);
  hb_buffer_guess_segment_properties(font->buffer);
  hb_buffer_set_direction(font->buffer, HB_DIRECTION_LTR);
  // A variation selector or joiner that took part in no ligature leaves no glyph behind.
  hb_buffer_set_flags(font->buffer, HB_BUFFER_FLAG_REMOVE_DEFAULT_IGNORABLES);
  hb_shape(font->shaper, font->buffer, NULL, 0);
  unsigned length = 0;
  hb_glyph_info_t *glyphs = hb_buffer_get_glyph_infos(font->buffer, &length);
  *glyph = length > 0 ? glyphs[0].codepoint : 0;
  return (int)length;
}

int xling_font_load(xling_font *font, uint32_t glyph, int *width, int *height) {
  if (FT_Load_Glyph(font->face, glyph, FT_LOAD_COLOR) != 0) return 1;
  const FT_Bitmap *bitmap = &font->face->glyph->bitmap;
  if (bitmap->pixel_mode != FT_PIXEL_MODE_BGRA || bitmap->width == 0 || bitmap->rows == 0) return 1;
  *width = (int)bitmap->width;
  *height = (int)bitmap->rows;
  return 0;
}

void xling_font_copy(const xling_font *font, uint8_t *bgra) {
  const FT_Bitmap *bitmap = &font->face->glyph->bitmap;
  size_t row = (size_t)bitmap->width * 4;
  for (unsigned y = 0; y < bitmap->rows; y++)
    memcpy(bgra + y * row, bitmap->buffer + (ptrdiff_t)y * bitmap->pitch, row);
}
