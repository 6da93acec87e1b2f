#include "COpenBLAS.h"

// Declared here because the header's folder differs between distributions.
enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 };
void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
void openblas_set_num_threads(int count);
char *openblas_get_corename(void);

void xling_sgemm(int transpose_a, int transpose_b, int32_t m, int32_t n, int32_t k, float alpha,
                 const float *a, int32_t lda, const float *b, int32_t ldb, float beta, float *c,
                 int32_t ldc) {
  cblas_sgemm(ROW_MAJOR, transpose_a ? TRANSPOSE : NO_TRANSPOSE,
              transpose_b ? TRANSPOSE : NO_TRANSPOSE, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void xling_blas_single_threaded(void) { openblas_set_num_threads(1); }

const char *xling_blas_core_name(void) { return openblas_get_corename(); }
