#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <zlib.h>

#include "CImageCodecs.h"

typedef struct {
  const uint8_t *data;
  size_t count;
  size_t offset;
  int code;
  int started;  // the header is sound and rows are coming
  char message[256];
  // Owned; freed after a jump, too.
  png_bytep *rows;
  uint8_t *wide;  // 16-bit greys
  uint8_t *repaired;
} reader;

static void fail(png_structp png, png_const_charp text) {
  reader *source = png_get_error_ptr(png);
  snprintf(source->message, sizeof source->message, "%s", text);
  if (source->code == XLING_IMAGE_OK) source->code = XLING_IMAGE_CORRUPT;
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void pull(png_structp png, png_bytep target, size_t count) {
  reader *source = png_get_io_ptr(png);
  if (source->count - source->offset < count) {
    source->code = XLING_IMAGE_TRUNCATED;
    png_error(png, "the data end before the end chunk");
  }
  memcpy(target, source->data + source->offset, count);
  source->offset += count;
}

static void *allocate(png_structp png, size_t count) {
  void *bytes = malloc(count);
  if (bytes == NULL) {
    ((reader *)png_get_error_ptr(png))->code = XLING_IMAGE_NO_MEMORY;
    png_error(png, "out of memory");
  }
  return bytes;
}

static void put_uint_32(uint8_t *to, uint32_t value) {
  for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> (24 - 8 * i));
}

// Pillow inflates what there is of the pixel data, whatever their checksums say. libpng does too
// once each IDAT chunk ends within the file and carries the checksum of what it holds: a copy of
// the file is mended so. Returns 0 when there is no memory for it.
static int repair(reader *source) {
  uint8_t *copy = malloc(source->count + 4);
  if (copy == NULL) return 0;
  memcpy(copy, source->data, source->count);
  size_t at = 8;
  size_t end = source->count;
  while (at + 8 <= end) {
    size_t length = png_get_uint_32(copy + at);
    size_t there = end - at - 8;
    if (memcmp(copy + at + 4, "IDAT", 4) == 0) {
      if (length > there) length = there;
      put_uint_32(copy + at, (uint32_t)length);
      put_uint_32(copy + at + 8 + length,
                  (uint32_t)crc32(0, copy + at + 4, (uInt)(length + 4)));
      if (at + 12 + length > end) end = at + 12 + length;
    } else if (length > there) {
      break;
    }
    at += 12 + length;
  }
  source->repaired = copy;
  source->data = copy;
  source->count = end;
  return 1;
}

// To eight bits of red, green and blue as Pillow's convert("RGB"): alpha is dropped, 16-bit colour
// keeps the high byte. Returns 1 for 16-bit grey, whose two bytes come out as they are.
static int set_transforms(png_structp png, png_infop info) {
  int colour = png_get_color_type(png, info);
  int depth = png_get_bit_depth(png, info);
  int wide = colour == PNG_COLOR_TYPE_GRAY && depth == 16;
  if (!wide) {
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (colour == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
    if (depth == 16) png_set_strip_16(png);
    if (!(colour & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
  }
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return wide;
}

// To eight bits of red, green, blue and straight alpha.
static void keep_alpha(png_structp png, png_infop info) {
  png_set_expand(png);  // palettes, greys of fewer bits, and tRNS to alpha
  if (png_get_bit_depth(png, info) == 16) png_set_strip_16(png);
  if (!(png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

// What a row would hold that is never reached: zero in the file's own values.
static void blank(png_structp png, png_infop info, uint8_t *pixels, size_t count) {
  png_colorp palette = NULL;
  int entries = 0;
  memset(pixels, 0, count * 3);
  if (png_get_color_type(png, info) != PNG_COLOR_TYPE_PALETTE) return;
  if (!png_get_PLTE(png, info, &palette, &entries) || entries < 1) return;
  for (size_t i = 0; i < count; i++) {
    pixels[3 * i] = palette[0].red;
    pixels[3 * i + 1] = palette[0].green;
    pixels[3 * i + 2] = palette[0].blue;
  }
}

// Pillow clips a 16-bit grey at 255 instead of scaling it.
static void clip_greys(const uint8_t *wide, uint8_t *pixels, size_t count) {
  for (size_t i = 0; i < count; i++)
    memset(pixels + 3 * i, wide[2 * i] > 0 ? 255 : wide[2 * i + 1], 3);
}

static void read_picture(png_structp png, png_infop info, reader *source, int policy, int channels,
                         uint8_t *pixels, const xling_image *image) {
  size_t width = image->width;
  size_t height = image->height;
  png_read_info(png, info);
  if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height)
    png_error(png, "two headers that differ");
  if (policy == XLING_IMAGE_LENIENT) blank(png, info, pixels, width * height);
  int wide = 0;
  if (channels == 4) {
    keep_alpha(png, info);
  } else {
    wide = set_transforms(png, info);
  }
  if (wide) {
    source->wide = allocate(png, width * height * 2);
    memset(source->wide, 0, width * height * 2);
  }
  size_t stride = width * (size_t)(wide ? 2 : channels);
  if (png_get_rowbytes(png, info) != stride) png_error(png, "rows of an unknown kind");
  source->rows = allocate(png, sizeof(png_bytep) * height);
  uint8_t *first = wide ? source->wide : pixels;
  for (size_t y = 0; y < height; y++) source->rows[y] = first + y * stride;
  source->started = 1;
  png_read_image(png, source->rows);
  png_read_end(png, NULL);
}

int xling_png_size(const uint8_t *data, size_t count, xling_image *image) {
  memset(image, 0, sizeof *image);
  if (count < 24) {
    snprintf(image->message, sizeof image->message, "the data end inside the header");
    return image->code = XLING_IMAGE_TRUNCATED;
  }
  image->width = png_get_uint_32(data + 16);
  image->height = png_get_uint_32(data + 20);
  int sound = memcmp(data + 12, "IHDR", 4) == 0 && image->width > 0 && image->height > 0 &&
              image->width <= PNG_UINT_31_MAX && image->height <= PNG_UINT_31_MAX;
  if (sound) return image->code;
  snprintf(image->message, sizeof image->message, "no header with a width and a height");
  return image->code = XLING_IMAGE_CORRUPT;
}

static int decode(const uint8_t *data, size_t count, int policy, int channels, uint8_t *pixels,
                  xling_image *image) {
  reader source = {.data = data, .count = count};
  if (policy == XLING_IMAGE_LENIENT && !repair(&source)) return image->code = XLING_IMAGE_NO_MEMORY;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, fail, ignore);
  png_infop info = png == NULL ? NULL : png_create_info_struct(png);
  if (info == NULL) {
    source.code = XLING_IMAGE_NO_MEMORY;
  } else if (setjmp(png_jmpbuf(png)) == 0) {
    // libpng has a limit on either side; ours is on the product, and the caller has applied it.
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_read_fn(png, &source, pull);
    read_picture(png, info, &source, policy, channels, pixels, image);
  }
  png_destroy_read_struct(&png, &info, NULL);
  if (policy == XLING_IMAGE_LENIENT && source.started) source.code = XLING_IMAGE_OK;
  if (source.wide != NULL && source.code == XLING_IMAGE_OK)
    clip_greys(source.wide, pixels, (size_t)image->width * image->height);
  free(source.rows);
  free(source.wide);
  free(source.repaired);
  snprintf(image->message, sizeof image->message, "%s", source.message);
  return image->code = source.code;
}

int xling_png_decode(const uint8_t *data, size_t count, int policy, uint8_t *pixels,
                     xling_image *image) {
  return decode(data, count, policy, 3, pixels, image);
}

int xling_png_decode_rgba(const uint8_t *data, size_t count, uint8_t *pixels, xling_image *image) {
  return decode(data, count, XLING_IMAGE_STRICT, 4, pixels, image);
}
