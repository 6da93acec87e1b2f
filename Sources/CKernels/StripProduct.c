#include "CKernels.h"
#include "Vector.h"

enum { ROWS = XK_STRIP_ROWS / 2, COLUMNS = 16 };

/// One fused multiply-add after the other over k, as the kernels do it that compute most of C.
XK_CLONES void xk_strip_product(const xk_half_strips *strips, int64_t k, const int64_t *ends,
                                int64_t blocks, float alpha, const float *a, int64_t lda,
                                const float *packed, float beta, const float *c, int64_t ldc,
                                float *out) {
  for (int64_t top = strips->first; top < strips->rows; top += XK_STRIP_ROWS) {
    const float *row[ROWS];
    for (int i = 0; i < ROWS; i++) row[i] = a + (top + i < strips->rows ? top + i : top) * lda;
    v16 *total = (v16 *)out;
    for (int i = 0; i < ROWS; i++) {
      if (beta == 0 || top + i >= strips->rows) {
        total[i] = (v16){0};
        continue;
      }
      const float *from = c + (top + i) * ldc;
      memcpy(out + i * COLUMNS, from + strips->columns[0], 8 * sizeof(float));
      memcpy(out + i * COLUMNS + 8, from + strips->columns[1], 8 * sizeof(float));
      total[i] = total[i] * beta;
    }
    int64_t l = 0;
    for (int64_t block = 0; block < blocks; block++) {
      v16 sum[ROWS] = {{0}};
      for (; l < ends[block]; l++) {
        const v16 column = *(const v16 *)(packed + l * COLUMNS);
        for (int i = 0; i < ROWS; i++) {
          v16 x;
          splat(&x, row[i][l]);
          sum[i] = __builtin_elementwise_fma(x, column, sum[i]);
        }
      }
      v16 factor;
      splat(&factor, alpha);
      for (int i = 0; i < ROWS; i++) total[i] = __builtin_elementwise_fma(sum[i], factor, total[i]);
    }
    out += ROWS * COLUMNS;
  }
}

void xk_strip_place(const xk_half_strips *strips, const float *out, float *c, int64_t ldc) {
  for (int64_t top = strips->first; top < strips->rows; top += XK_STRIP_ROWS) {
    for (int64_t i = top; i < top + ROWS; i++, out += COLUMNS) {
      if (i >= strips->rows) continue;
      memcpy(c + i * ldc + strips->columns[0], out, 8 * sizeof(float));
      memcpy(c + i * ldc + strips->columns[1], out + 8, 8 * sizeof(float));
    }
  }
}
