#ifndef XLING_CIMAGECODECS_H
#define XLING_CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

// Outcomes. Every longjmp of libjpeg and libpng ends inside this target.
enum {
  XLING_IMAGE_OK = 0,
  XLING_IMAGE_CORRUPT = 1,
  XLING_IMAGE_TRUNCATED = 2,
  XLING_IMAGE_TOO_LARGE = 3,
  XLING_IMAGE_NO_MEMORY = 4,
};

typedef struct {
  int code;
  uint64_t width;
  uint64_t height;
  uint8_t *bytes;  // decoded: width * height * 3, RGB interleaved; encoded: the file
  size_t count;    // bytes in `bytes`
  char message[256];
} xling_image;

// The caller frees `bytes` with xling_image_free, whatever the outcome.
int xling_jpeg_decode(const uint8_t *data, size_t count, uint64_t pixel_limit, xling_image *image);
int xling_png_decode(const uint8_t *data, size_t count, uint64_t pixel_limit, xling_image *image);

// chroma: 1 for 4:4:4, 2 for 4:2:0. pixels: RGB interleaved.
int xling_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int quality,
                      int chroma, xling_image *image);
// channels: 3 (RGB) or 4 (RGBA, straight alpha).
int xling_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                     xling_image *image);

void xling_image_free(xling_image *image);

#endif
