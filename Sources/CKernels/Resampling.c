#include "CKernels.h"
#include "Vector.h"

typedef double v8d __attribute__((vector_size(64), aligned(8), may_alias));
typedef uint16_t v8u16 __attribute__((vector_size(16), aligned(2), may_alias));

XK_CLONES void xk_weighted_sums(const uint16_t *weights, const double *values, double *sums,
                                int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    const uint16_t *row = weights + r * columns;
    // Eight fixed lanes; products of small integers and values are rounded once, sums in one order.
    v8d lanes = {0};
    int64_t c = 0;
    for (; c + 8 <= columns; c += 8) {
      lanes += __builtin_convertvector(*(const v8u16 *)(row + c), v8d) * *(const v8d *)(values + c);
    }
    double sum = 0;
    for (int lane = 0; lane < 8; lane++) sum += lanes[lane];
    for (; c < columns; c++) sum += row[c] * values[c];
    sums[r] = sum;
  }
}

XK_CLONES void xk_weighted_counts(const uint16_t *weights, const int16_t *values, double *sums,
                                  int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    const uint16_t *row = weights + r * columns;
    // Whole numbers: exact in any order.
    int32_t sum = 0;
    for (int64_t c = 0; c < columns; c++) sum += (int32_t)(int16_t)row[c] * values[c];
    sums[r] = sum;
  }
}
