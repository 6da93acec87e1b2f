#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "CImageCodecs.h"

typedef struct {
  const uint8_t *data;
  size_t count;
  size_t offset;
  size_t capacity;
  png_bytep *rows;
  uint8_t *raw;
  xling_image *image;
} stream;

static void fail(png_structp png, png_const_charp text) {
  stream *source = png_get_error_ptr(png);
  snprintf(source->image->message, sizeof source->image->message, "%s", text);
  if (source->image->code == XLING_IMAGE_OK) source->image->code = XLING_IMAGE_CORRUPT;
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void pull(png_structp png, png_bytep target, size_t count) {
  stream *source = png_get_io_ptr(png);
  if (source->count - source->offset < count) {
    source->image->code = XLING_IMAGE_TRUNCATED;
    png_error(png, "the data end before the end chunk");
  }
  memcpy(target, source->data + source->offset, count);
  source->offset += count;
}

static void push(png_structp png, png_bytep bytes, size_t count) {
  stream *sink = png_get_io_ptr(png);
  xling_image *image = sink->image;
  if (image->count + count > sink->capacity) {
    size_t capacity = (image->count + count) * 2;
    uint8_t *grown = realloc(image->bytes, capacity);
    if (grown == NULL) {
      image->code = XLING_IMAGE_NO_MEMORY;
      png_error(png, "out of memory");
    }
    image->bytes = grown;
    sink->capacity = capacity;
  }
  memcpy(image->bytes + image->count, bytes, count);
  image->count += count;
}

static void nothing(png_structp png) { (void)png; }

// Rows of 1 to 4 channels, 8 or 16 bits (big-endian), to RGB. As Pillow's convert("RGB"): alpha is
// dropped, 16-bit colour keeps the high byte, 16-bit grey is clipped at 255.
static void to_rgb(const uint8_t *raw, uint8_t *rgb, size_t pixels, int channels, int depth) {
  int bytes = depth / 8;
  int grey = channels < 3;
  for (size_t i = 0; i < pixels; i++) {
    const uint8_t *from = raw + i * (size_t)(channels * bytes);
    for (int c = 0; c < 3; c++) {
      uint8_t value = from[grey ? 0 : c * bytes];
      if (channels == 1 && depth == 16 && value > 0) value = 255;
      if (channels == 1 && depth == 16 && from[0] == 0) value = from[1];
      rgb[3 * i + c] = value;
    }
  }
}

static void read_picture(png_structp png, png_infop info, stream *source, uint64_t pixel_limit) {
  xling_image *image = source->image;
  png_read_info(png, info);
  image->width = png_get_image_width(png, info);
  image->height = png_get_image_height(png, info);
  if (image->width * image->height > pixel_limit) {
    image->code = XLING_IMAGE_TOO_LARGE;
    png_error(png, "too large");
  }
  if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t row = png_get_rowbytes(png, info);
  size_t pixels = image->width * image->height;
  image->count = pixels * 3;
  image->bytes = malloc(image->count);
  source->raw = malloc(row * image->height);
  source->rows = malloc(sizeof(png_bytep) * image->height);
  if (image->bytes == NULL || source->raw == NULL || source->rows == NULL) {
    image->code = XLING_IMAGE_NO_MEMORY;
    png_error(png, "out of memory");
  }
  for (size_t y = 0; y < image->height; y++) source->rows[y] = source->raw + y * row;
  png_read_image(png, source->rows);
  png_read_end(png, NULL);
  to_rgb(source->raw, image->bytes, pixels, png_get_channels(png, info),
         png_get_bit_depth(png, info));
}

int xling_png_decode(const uint8_t *data, size_t count, uint64_t pixel_limit, xling_image *image) {
  memset(image, 0, sizeof *image);
  stream source = {.data = data, .count = count, .image = image};
  // libpng has limits of its own on either side; ours is on the product and comes first.
  if (count >= 24 && memcmp(data + 12, "IHDR", 4) == 0) {
    image->width = png_get_uint_32(data + 16);
    image->height = png_get_uint_32(data + 20);
    if (image->width > pixel_limit || image->width * image->height > pixel_limit)
      return image->code = XLING_IMAGE_TOO_LARGE;
  }
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, fail, ignore);
  png_infop info = png == NULL ? NULL : png_create_info_struct(png);
  if (info == NULL) {
    png_destroy_read_struct(&png, NULL, NULL);
    return image->code = XLING_IMAGE_NO_MEMORY;
  }
  if (setjmp(png_jmpbuf(png)) == 0) {
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_read_fn(png, &source, pull);
    read_picture(png, info, &source, pixel_limit);
  }
  png_destroy_read_struct(&png, &info, NULL);
  free(source.rows);
  free(source.raw);
  return image->code;
}

int xling_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                     xling_image *image) {
  memset(image, 0, sizeof *image);
  stream sink = {.image = image};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, fail, ignore);
  png_infop info = png == NULL ? NULL : png_create_info_struct(png);
  if (info == NULL) {
    png_destroy_write_struct(&png, NULL);
    return image->code = XLING_IMAGE_NO_MEMORY;
  }
  if (setjmp(png_jmpbuf(png)) == 0) {
    int colour = channels == 4 ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB;
    png_set_write_fn(png, &sink, push, nothing);
    png_set_IHDR(png, info, width, height, 8, colour, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, 6);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
    png_write_info(png, info);
    for (uint32_t y = 0; y < height; y++)
      png_write_row(png, pixels + (size_t)y * width * (size_t)channels);
    png_write_end(png, info);
  }
  png_destroy_write_struct(&png, &info);
  image->width = width;
  image->height = height;
  return image->code;
}

void xling_image_free(xling_image *image) {
  free(image->bytes);
  image->bytes = NULL;
  image->count = 0;
}
