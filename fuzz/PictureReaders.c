// libFuzzer's entry to the picture readers: whatever the bytes, they give an outcome, stay inside
// the buffers they are handed (the address sanitizer watches) and free what they take.
#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"

// Small enough to be quick: a header may claim any size.
enum { PIXEL_LIMIT = 1 << 18 };

static int begins(const uint8_t *data, size_t count, const char *with, size_t length) {
  return count >= length && memcmp(data, with, length) == 0;
}

static void decode(const uint8_t *data, size_t count, int policy) {
  xling_image image;
  int png = begins(data, count, "\x89PNG", 4);
  int webp = begins(data, count, "RIFF", 4);
  if (png)
    xling_png_size(data, count, &image);
  else if (webp)
    xling_webp_size(data, count, &image);
  else
    xling_jpeg_size(data, count, &image);
  if (image.code != XLING_IMAGE_OK || image.width == 0 || image.height == 0) return;
  if (image.width > PIXEL_LIMIT || image.width * image.height > PIXEL_LIMIT) return;
  uint8_t *pixels = malloc(image.width * image.height * 3);
  if (pixels == NULL) return;
  if (png)
    xling_png_decode(data, count, policy, pixels, &image);
  else if (webp)
    xling_webp_decode(data, count, pixels, &image);
  else
    xling_jpeg_decode(data, count, policy, pixels, &image);
  // The message ends within its array.
  if (strnlen(image.message, sizeof image.message) == sizeof image.message) abort();
  free(pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count) {
  decode(data, count, XLING_IMAGE_STRICT);
  decode(data, count, XLING_IMAGE_LENIENT);
  return 0;
}
