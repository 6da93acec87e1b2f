#ifndef XLING_CIMAGECODECS_H
#define XLING_CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

// Outcomes. Every longjmp of libjpeg and libpng ends inside this target.
enum {
  XLING_IMAGE_OK = 0,
  XLING_IMAGE_CORRUPT = 1,
  XLING_IMAGE_TRUNCATED = 2,
  XLING_IMAGE_NO_MEMORY = 3,
};

// What to do when the pixels of a picture with a sound header stop early or are damaged.
enum {
  XLING_IMAGE_STRICT = 0,   // fail
  XLING_IMAGE_LENIENT = 1,  // XLING_IMAGE_OK, `message` says what was wrong; as Pillow with
                            // LOAD_TRUNCATED_IMAGES, so that rows never reached are zero
};

typedef struct {
  int code;
  uint64_t width;
  uint64_t height;
  char message[256];
} xling_image;

// Width and height as the header claims them; nothing is allocated for pixels.
int xling_jpeg_size(const uint8_t *data, size_t count, xling_image *image);
int xling_png_size(const uint8_t *data, size_t count, xling_image *image);
int xling_webp_size(const uint8_t *data, size_t count, xling_image *image);

// RGB interleaved into `pixels`: width * height * 3 bytes, `image` as the size function left it.
int xling_jpeg_decode(const uint8_t *data, size_t count, int policy, uint8_t *pixels,
                      xling_image *image);
int xling_png_decode(const uint8_t *data, size_t count, int policy, uint8_t *pixels,
                     xling_image *image);
// With the file's transparency, straight: RGBA interleaved, width * height * 4 bytes; strict. 16-bit
// channels keep the high byte.
int xling_png_decode_rgba(const uint8_t *data, size_t count, uint8_t *pixels, xling_image *image);
// The first frame. libwebp says no more than that it failed: there is no lenient way.
int xling_webp_decode(const uint8_t *data, size_t count, uint8_t *pixels, xling_image *image);

// A whole file in memory.
typedef struct {
  int code;
  uint8_t *bytes;
  size_t count;
  char message[256];
} xling_file;

// chroma: 1 for 4:4:4, 2 for 4:2:0. pixels: RGB interleaved. The caller frees `bytes` with
// xling_file_free, whatever the outcome.
int xling_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int quality,
                      int chroma, xling_file *file);
// channels: 3 (RGB) or 4 (RGBA, straight alpha).
int xling_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                     xling_file *file);
void xling_file_free(xling_file *file);

typedef struct {
  int code;
  size_t count;
  char message[256];
} xling_inflated;

// The first bytes of what zlib's deflate made `data` of, as many as there is room for; fewer where it is
// over before. How many, `result` says. `whole`: more than there is room for is an error.
int xling_inflate(const uint8_t *data, size_t count, uint8_t *bytes, size_t room, int whole,
                  xling_inflated *result);

#endif
