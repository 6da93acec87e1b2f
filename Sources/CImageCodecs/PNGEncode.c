#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "CImageCodecs.h"

typedef struct {
  size_t capacity;
  xling_file *file;
} sink;

static void fail(png_structp png, png_const_charp text) {
  xling_file *file = ((sink *)png_get_error_ptr(png))->file;
  snprintf(file->message, sizeof file->message, "%s", text);
  if (file->code == XLING_IMAGE_OK) file->code = XLING_IMAGE_CORRUPT;
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void push(png_structp png, png_bytep bytes, size_t count) {
  sink *target = png_get_io_ptr(png);
  xling_file *file = target->file;
  if (file->count + count > target->capacity) {
    size_t capacity = (file->count + count) * 2;
    uint8_t *grown = realloc(file->bytes, capacity);
    if (grown == NULL) {
      file->code = XLING_IMAGE_NO_MEMORY;
      png_error(png, "out of memory");
    }
    file->bytes = grown;
    target->capacity = capacity;
  }
  memcpy(file->bytes + file->count, bytes, count);
  file->count += count;
}

static void nothing(png_structp png) { (void)png; }

int xling_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                     xling_file *file) {
  memset(file, 0, sizeof *file);
  sink target = {.file = file};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &target, fail, ignore);
  png_infop info = png == NULL ? NULL : png_create_info_struct(png);
  if (info == NULL) {
    png_destroy_write_struct(&png, NULL);
    return file->code = XLING_IMAGE_NO_MEMORY;
  }
  if (setjmp(png_jmpbuf(png)) == 0) {
    int colour = channels == 4 ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB;
    png_set_write_fn(png, &target, push, nothing);
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
  return file->code;
}

void xling_file_free(xling_file *file) {
  free(file->bytes);
  file->bytes = NULL;
  file->count = 0;
}
