#include "CPixels.h"

enum { PRECISION = 22, HALF = 1 << (PRECISION - 1) };

static uint8_t clip(int32_t sum) {
  int32_t value = sum >> PRECISION;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

void xling_resample_rows_plain(const uint8_t *source, size_t pitch, int32_t rows,
                               const xling_taps *taps, uint8_t *target) {
  for (int32_t y = 0; y < rows; y++, source += pitch) {
    for (int32_t x = 0; x < taps->results; x++, target += 3) {
      const uint8_t *from = source + 3 * (size_t)taps->starts[x];
      const int32_t *weights = taps->weights + (size_t)x * (size_t)taps->stride;
      int32_t red = HALF, green = HALF, blue = HALF;
      for (int32_t i = 0; i < taps->counts[x]; i++, from += 3) {
        red += from[0] * weights[i];
        green += from[1] * weights[i];
        blue += from[2] * weights[i];
      }
      target[0] = clip(red);
      target[1] = clip(green);
      target[2] = clip(blue);
    }
  }
}

// Blocks of columns, so that their sums stay in registers.
enum { BLOCK = 16 };

static void block_of_columns(const uint8_t *from, size_t pitch, size_t columns, int32_t count,
                             const int32_t *weights, uint8_t *target) {
  int32_t sums[BLOCK];
  for (size_t x = 0; x < BLOCK; x++) sums[x] = HALF;
  for (int32_t i = 0; i < count; i++, from += pitch)
    for (size_t x = 0; x < columns; x++) sums[x] += from[x] * weights[i];
  for (size_t x = 0; x < columns; x++) target[x] = clip(sums[x]);
}

void xling_resample_columns_plain(const uint8_t *source, size_t pitch, size_t bytes,
                                  const xling_taps *taps, uint8_t *target) {
  for (int32_t y = 0; y < taps->results; y++, target += bytes) {
    const uint8_t *from = source + (size_t)taps->starts[y] * pitch;
    const int32_t *weights = taps->weights + (size_t)y * (size_t)taps->stride;
    size_t x = 0;
    for (; x + BLOCK <= bytes; x += BLOCK)
      block_of_columns(from + x, pitch, BLOCK, taps->counts[y], weights, target + x);
    if (x < bytes)
      block_of_columns(from + x, pitch, bytes - x, taps->counts[y], weights, target + x);
  }
}
