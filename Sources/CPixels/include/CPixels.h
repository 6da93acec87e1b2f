#ifndef XLING_CPIXELS_H
#define XLING_CPIXELS_H

#include <stddef.h>
#include <stdint.h>

// Resampling of eight-bit RGB in Pillow's fixed point: a result is
//   clip((2^21 + sum over taps of weight * pixel) >> 22),
// with int32 sums, so every order of summation gives the same bits.

// One axis: result i reads `counts[i]` source pixels from `starts[i]` on, weighted by
// `weights[i * stride ...]`. `stride` is a multiple of four; weights behind the count are zero.
typedef struct {
  const int32_t *starts;
  const int32_t *counts;
  const int32_t *weights;
  int32_t results;
  int32_t stride;
} xling_taps;

// Rows of `source` (first pixel of the part that is resized), `pitch` bytes apart, to rows of
// 3 * taps.results bytes in `target`. `end` is one past the last byte that may be read.
void xling_resample_rows(const uint8_t *source, size_t pitch, const uint8_t *end, int32_t rows,
                         const xling_taps *taps, uint8_t *target);
// `bytes` columns (3 * width) of rows `pitch` apart, down to taps.results rows of `bytes`.
void xling_resample_columns(const uint8_t *source, size_t pitch, size_t bytes,
                            const xling_taps *taps, uint8_t *target);

// The same in plain C, which runs where there is no AVX2: the vector code is tested against it.
void xling_resample_rows_plain(const uint8_t *source, size_t pitch, int32_t rows,
                               const xling_taps *taps, uint8_t *target);
void xling_resample_columns_plain(const uint8_t *source, size_t pitch, size_t bytes,
                                  const xling_taps *taps, uint8_t *target);

// Interleaved RGB, `count` pixels, to three planes of `count` floats: tables holds 3 x 256 values.
void xling_planes_from_rgb(const uint8_t *rgb, size_t count, const float *tables, float *planes);

#endif
