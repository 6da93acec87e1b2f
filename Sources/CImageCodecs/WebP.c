#include <stdio.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "CImageCodecs.h"

static int fail(xling_image *image, int code, const char *message) {
  snprintf(image->message, sizeof image->message, "%s", message);
  return image->code = code;
}

int xling_webp_size(const uint8_t *data, size_t count, xling_image *image) {
  memset(image, 0, sizeof *image);
  // RIFF counts the bytes behind its first eight; the demuxer tells short files no better.
  if (count < 12) return fail(image, XLING_IMAGE_TRUNCATED, "the data end inside the header");
  uint64_t claimed = (uint64_t)data[4] | (uint64_t)data[5] << 8 | (uint64_t)data[6] << 16 |
                     (uint64_t)data[7] << 24;
  if (claimed + 8 > count)
    return fail(image, XLING_IMAGE_TRUNCATED, "the data end before the size in the header");
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data, count, &features) != VP8_STATUS_OK)
    return fail(image, XLING_IMAGE_CORRUPT, "no WebP header that can be read");
  image->width = (uint64_t)features.width;
  image->height = (uint64_t)features.height;
  return image->code;
}

int xling_webp_decode(const uint8_t *data, size_t count, uint8_t *pixels, xling_image *image) {
  WebPData file = {data, count};
  WebPAnimDecoderOptions options;
  // The way Pillow takes, stills included: the first frame on its canvas, alpha straight.
  if (!WebPAnimDecoderOptionsInit(&options))
    return fail(image, XLING_IMAGE_CORRUPT, "another libwebp than it was built with");
  options.color_mode = MODE_RGBA;
  options.use_threads = 0;
  WebPAnimDecoder *decoder = WebPAnimDecoderNew(&file, &options);
  if (decoder == NULL) return fail(image, XLING_IMAGE_CORRUPT, "its chunks do not fit together");
  WebPAnimInfo info;
  uint8_t *rgba;
  int time;
  int sound = WebPAnimDecoderGetInfo(decoder, &info) && info.canvas_width == image->width &&
              info.canvas_height == image->height &&
              WebPAnimDecoderGetNext(decoder, &rgba, &time);
  if (sound) {
    size_t count = (size_t)image->width * image->height;
    for (size_t i = 0; i < count; i++) memcpy(pixels + 3 * i, rgba + 4 * i, 3);
  }
  WebPAnimDecoderDelete(decoder);
  return sound ? image->code : fail(image, XLING_IMAGE_CORRUPT, "broken bitstream");
}
