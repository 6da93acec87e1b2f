#include "CKernels.h"
#include "Vector.h"

typedef double v8d __attribute__((vector_size(64), aligned(8), may_alias));
typedef float v8f __attribute__((vector_size(32), aligned(4), may_alias));

enum { CHUNK = XK_RANK_COLUMNS };

XK_CLONES double xk_exact_dot(const float *a, const float *b, int64_t count) {
  // A product of two floats is exact in a double, so a fused and an unfused multiply-add agree;
  // with sixteen fixed lanes the sum has the same bits on every machine.
  v8d low = {0}, high = {0};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    low += __builtin_convertvector(*(const v8f *)(a + i), v8d) *
           __builtin_convertvector(*(const v8f *)(b + i), v8d);
    high += __builtin_convertvector(*(const v8f *)(a + i + 8), v8d) *
            __builtin_convertvector(*(const v8f *)(b + i + 8), v8d);
  }
  for (int lane = 0; i < count; i++, lane++) {
    const double product = (double)a[i] * (double)b[i];
    if (lane < 8) {
      low[lane] += product;
    } else {
      high[lane - 8] += product;
    }
  }
  double sum = 0;
  for (int lane = 0; lane < 8; lane++) sum += low[lane] + high[lane];
  return sum;
}

XK_CLONES int64_t xk_count_above(const float *x, int64_t count, float high, float low,
                                 int32_t *above, int32_t *near) {
  int64_t found = 0;
  int32_t total = 0;
  for (int64_t start = 0; start < count; start += CHUNK) {
    const int64_t end = start + CHUNK < count ? start + CHUNK : count;
    int32_t greater = 0, less = 0;
    for (int64_t i = start; i < end; i++) {
      greater += x[i] > high;
      less += x[i] < low;
    }
    total += greater;
    if (greater + less == end - start) continue;
    for (int64_t i = start; i < end; i++) {
      if (!(x[i] > high) && !(x[i] < low)) near[found++] = (int32_t)i;
    }
  }
  *above += total;
  return found;
}

/// Counts one row into its columns; returns how many of them are decided.
XK_INLINE int32_t count_row(const float *row, int64_t columns, const float *high,
                            const float *low, int32_t *total) {
  int32_t decided = 0;
  for (int64_t c = 0; c < columns; c++) {
    const int32_t greater = row[c] > high[c];
    total[c] += greater;
    decided += greater + (row[c] < low[c]);
  }
  return decided;
}

XK_CLONES int64_t xk_count_above_columns(const float *x, int64_t stride, int64_t rows,
                                         int64_t columns, const float *high, const float *low,
                                         int32_t *above, int32_t *near) {
  int64_t found = 0;
  int32_t total[CHUNK] = {0};
  for (int64_t r = 0; r < rows; r++) {
    const float *row = x + r * stride;
    // A width known to the compiler keeps limits and counts in registers.
    const int32_t decided = columns == CHUNK ? count_row(row, CHUNK, high, low, total)
                                             : count_row(row, columns, high, low, total);
    if (decided == columns) continue;
    for (int64_t c = 0; c < columns; c++) {
      if (!(row[c] > high[c]) && !(row[c] < low[c])) near[found++] = (int32_t)(r * CHUNK + c);
    }
  }
  for (int64_t c = 0; c < columns; c++) above[c] += total[c];
  return found;
}
