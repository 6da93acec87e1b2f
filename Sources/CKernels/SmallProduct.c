#include "CKernels.h"
#include "Vector.h"

XK_CLONES void xk_small_product(int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k,
                                float alpha, const float *a, int64_t lda, const float *b,
                                int64_t ldb, float beta, float *c, int64_t ldc) {
  float packed[XK_SMALL_PRODUCT], sums[XK_SMALL_PRODUCT];
  for (int64_t l = 0; l < k; l++)
    for (int64_t j = 0; j < n; j++)
      packed[l * n + j] = transpose_b ? b[j * ldb + l] : b[l * ldb + j];
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) sums[j] = 0;
    for (int64_t l = 0; l < k; l++) {
      const float factor = transpose_a ? a[l * lda + i] : a[i * lda + l];
      const float *row = packed + l * n;
      for (int64_t j = 0; j < n; j++) sums[j] += factor * row[j];
    }
    float *out = c + i * ldc;
    if (beta == 0)
      for (int64_t j = 0; j < n; j++) out[j] = alpha * sums[j];
    else
      for (int64_t j = 0; j < n; j++) out[j] = alpha * sums[j] + beta * out[j];
  }
}
