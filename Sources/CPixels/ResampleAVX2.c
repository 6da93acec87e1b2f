#include <string.h>

#include "CPixels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2")))

// A 22-bit weight w is high * 2^11 + low, both in int16, so that one pmaddwd sums two taps of
// eight lanes: (sum of high * pixel) << 11 + (sum of low * pixel) is the sum of w * pixel, exactly
// (modulo 2^32, and the sum itself fits).
enum { SPLIT = 11, PRECISION = 22 };

typedef struct {
  __m256i high;
  __m256i low;
} pair;

AVX2_INLINE void accumulate(pair *sum, __m256i pixels, const pair *weights) {
  sum->high = _mm256_add_epi32(sum->high, _mm256_madd_epi16(pixels, weights->high));
  sum->low = _mm256_add_epi32(sum->low, _mm256_madd_epi16(pixels, weights->low));
}

AVX2_INLINE __m256i joined(const pair *sum) {
  return _mm256_add_epi32(_mm256_slli_epi32(sum->high, SPLIT), sum->low);
}

// Four taps of one result. Lanes of int32: red, green, blue, nothing; the lower half holds taps 0
// and 1 as int16 pairs, the upper half taps 2 and 3.
AVX2_INLINE pair row_weights(const int32_t *weights) {
  __m128i four = _mm_loadu_si128((const __m128i *)weights);
  __m128i high = _mm_srai_epi32(four, SPLIT);
  __m128i low = _mm_and_si128(four, _mm_set1_epi32((1 << SPLIT) - 1));
  // Both fit: packing keeps taps 0 to 3 in eight bytes.
  __m256i both = _mm256_broadcastsi128_si256(_mm_packs_epi32(high, low));
  const __m256i spread_high = _mm256_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,  //
                                               4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
  const __m256i eight = _mm256_set1_epi8(8);
  pair out = {_mm256_shuffle_epi8(both, spread_high),
              _mm256_shuffle_epi8(both, _mm256_add_epi8(spread_high, eight))};
  return out;
}

// Bytes 0 to 11 of 16 (four RGB pixels) to the int16 pairs that row_weights weighs.
AVX2_INLINE __m256i row_pixels(const uint8_t *from) {
  const __m256i spread =
      _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  //
                       6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  __m128i bytes = _mm_loadu_si128((const __m128i *)from);
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), spread);
}

// Three bytes in the low end of an int.
AVX2_INLINE uint32_t clipped_pixel(const pair *sum) {
  __m256i all = joined(sum);
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
  four = _mm_srai_epi32(_mm_add_epi32(four, _mm_set1_epi32(1 << (PRECISION - 1))), PRECISION);
  __m128i words = _mm_packs_epi32(four, four);
  return (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(words, words));
}

enum { ROWS = 4 };

// Rows share the weights of a result; `rows` is a constant where this is used, at most ROWS.
AVX2_INLINE void some_rows(const uint8_t *source, size_t pitch, int rows, const xling_taps *taps,
                           uint8_t *target) {
  size_t width = 3 * (size_t)taps->results;
  for (int32_t x = 0; x < taps->results; x++) {
    const uint8_t *from = source + 3 * (size_t)taps->starts[x];
    const int32_t *weights = taps->weights + (size_t)x * (size_t)taps->stride;
    pair sums[ROWS] = {0};
    for (int32_t i = 0; i < taps->counts[x]; i += 4, from += 12) {
      pair w = row_weights(weights + i);
      for (int r = 0; r < rows; r++) accumulate(&sums[r], row_pixels(from + (size_t)r * pitch), &w);
    }
    for (int r = 0; r < rows; r++) {
      uint32_t pixel = clipped_pixel(&sums[r]);
      memcpy(target + (size_t)r * width + 3 * (size_t)x, &pixel, 3);
    }
  }
}

// Bytes from the start of a row that its loads touch: they come in sixteens, of which twelve
// count, and may run into the next row.
static size_t reach_of(const xling_taps *taps) {
  int32_t last = 0;
  for (int32_t x = 0; x < taps->results; x++) {
    int32_t end = taps->starts[x] + (taps->counts[x] + 3) / 4 * 4;
    if (end > last) last = end;
  }
  return 3 * (size_t)last + 4;
}

// Returns how many rows were done: all but those whose loads would pass `end`.
AVX2 static int32_t rows_avx2(const uint8_t *source, size_t pitch, const uint8_t *end,
                              int32_t rows, const xling_taps *taps, uint8_t *target) {
  size_t reach = reach_of(taps);
  size_t there = (size_t)(end - source);
  size_t width = 3 * (size_t)taps->results;
  int32_t y = 0;
  for (; y + ROWS <= rows && (size_t)(y + ROWS - 1) * pitch + reach <= there; y += ROWS)
    some_rows(source + (size_t)y * pitch, pitch, ROWS, taps, target + (size_t)y * width);
  for (; y < rows && (size_t)y * pitch + reach <= there; y++)
    some_rows(source + (size_t)y * pitch, pitch, 1, taps, target + (size_t)y * width);
  return y;
}

// Sixteen columns of two rows, weighed: a's and b's bytes become int16 pairs (a0 b0 a1 b1 ...).
AVX2_INLINE void column_pair(const uint8_t *a, const uint8_t *b, const pair *w, pair sums[2]) {
  __m128i first = _mm_loadu_si128((const __m128i *)a);
  __m128i second = _mm_loadu_si128((const __m128i *)b);
  accumulate(&sums[0], _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(first, second)), w);
  accumulate(&sums[1], _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(first, second)), w);
}

AVX2_INLINE pair column_weights(const int32_t *weights) {
  int32_t mask = (1 << SPLIT) - 1;
  uint32_t high = (uint32_t)(weights[0] >> SPLIT & 0xffff) | (uint32_t)(weights[1] >> SPLIT) << 16;
  uint32_t low = (uint32_t)(weights[0] & mask) | (uint32_t)(weights[1] & mask) << 16;
  pair out = {_mm256_set1_epi32((int32_t)high), _mm256_set1_epi32((int32_t)low)};
  return out;
}

AVX2_INLINE void store_columns(const pair sums[2], uint8_t *target) {
  __m256i half = _mm256_set1_epi32(1 << (PRECISION - 1));
  __m256i a = _mm256_srai_epi32(_mm256_add_epi32(joined(&sums[0]), half), PRECISION);
  __m256i b = _mm256_srai_epi32(_mm256_add_epi32(joined(&sums[1]), half), PRECISION);
  // Packing works within halves: words a0-3 b0-3 | a4-7 b4-7.
  __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
  _mm_storeu_si128((__m128i *)target, _mm_packus_epi16(_mm256_castsi256_si128(words),
                                                       _mm256_extracti128_si256(words, 1)));
}

// Multiples of sixteen columns; returns how many were done.
AVX2 static size_t columns_avx2(const uint8_t *source, size_t pitch, size_t bytes,
                                const xling_taps *taps, uint8_t *target) {
  size_t done = bytes / 16 * 16;
  for (int32_t y = 0; y < taps->results; y++) {
    const uint8_t *rows = source + (size_t)taps->starts[y] * pitch;
    const int32_t *weights = taps->weights + (size_t)y * (size_t)taps->stride;
    int32_t count = taps->counts[y];
    for (size_t x = 0; x < done; x += 16) {
      pair sums[2] = {0};
      for (int32_t i = 0; i < count; i += 2) {
        pair w = column_weights(weights + i);
        const uint8_t *a = rows + (size_t)i * pitch + x;
        // The weight behind an odd count is zero: any row will do.
        column_pair(a, i + 1 < count ? a + pitch : a, &w, sums);
      }
      store_columns(sums, target + (size_t)y * bytes + x);
    }
  }
  return done;
}

static int has_avx2(void) { return __builtin_cpu_supports("avx2"); }

#else

static int has_avx2(void) { return 0; }
static int32_t rows_avx2(const uint8_t *source, size_t pitch, const uint8_t *end, int32_t rows,
                         const xling_taps *taps, uint8_t *target) {
  return 0;
}
static size_t columns_avx2(const uint8_t *source, size_t pitch, size_t bytes,
                           const xling_taps *taps, uint8_t *target) {
  return 0;
}

#endif

void xling_resample_rows(const uint8_t *source, size_t pitch, const uint8_t *end, int32_t rows,
                         const xling_taps *taps, uint8_t *target) {
  int32_t done = has_avx2() ? rows_avx2(source, pitch, end, rows, taps, target) : 0;
  xling_resample_rows_plain(source + (size_t)done * pitch, pitch, rows - done, taps,
                            target + (size_t)done * 3 * (size_t)taps->results);
}

void xling_resample_columns(const uint8_t *source, size_t pitch, size_t bytes,
                            const xling_taps *taps, uint8_t *target) {
  size_t done = has_avx2() ? columns_avx2(source, pitch, bytes, taps, target) : 0;
  if (done == bytes) return;
  for (int32_t y = 0; y < taps->results; y++) {
    xling_taps one = {taps->starts + y, taps->counts + y,
                      taps->weights + (size_t)y * (size_t)taps->stride, 1, taps->stride};
    xling_resample_columns_plain(source + done, pitch, bytes - done, &one,
                                 target + (size_t)y * bytes + done);
  }
}
