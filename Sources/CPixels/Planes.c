#include "CPixels.h"

void xling_planes_from_rgb(const uint8_t *rgb, size_t count, const float *tables, float *planes) {
  float *red = planes, *green = planes + count, *blue = planes + 2 * count;
  for (size_t i = 0; i < count; i++, rgb += 3) {
    red[i] = tables[rgb[0]];
    green[i] = tables[256 + rgb[1]];
    blue[i] = tables[512 + rgb[2]];
  }
}
