#include "CKernels.h"
#include "Vector.h"

XK_CLONES void xk_small_product(int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k,
                                float alpha, const float *a, int64_t lda, const float *b,
                                int64_t ldb, float beta, float *c, int64_t ldc) {
  const int64_t width = (n + 15) & ~(int64_t)15;
  float packed[XK_SMALL_PRODUCT], sums[XK_SMALL_PRODUCT];
  for (int64_t l = 0; l < k; l++) {
    for (int64_t j = 0; j < n; j++)
      packed[l * width + j] = transpose_b ? b[j * ldb + l] : b[l * ldb + j];
    for (int64_t j = n; j < width; j++) packed[l * width + j] = 0;
  }
  for (int64_t i = 0; i < m; i++) {
    const float *row = transpose_a ? a + i : a + i * lda;
    const int64_t step = transpose_a ? lda : 1;
    for (int64_t j = 0; j < width; j += 16) {
      v16 sum = {0};
      for (int64_t l = 0; l < k; l++) sum += row[l * step] * *(const v16 *)(packed + l * width + j);
      *(v16 *)(sums + j) = sum;
    }
    float *out = c + i * ldc;
    for (int64_t j = 0; j < n; j++)
      out[j] = beta == 0 ? alpha * sums[j] : alpha * sums[j] + beta * out[j];
  }
}
