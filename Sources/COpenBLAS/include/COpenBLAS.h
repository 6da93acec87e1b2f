#ifndef XLING_COPENBLAS_H
#define XLING_COPENBLAS_H

#include <stdint.h>

/// C[m,n] = alpha * op(A) op(B) + beta * C, row-major, float32; strides are in elements.
void xling_sgemm(int transpose_a, int transpose_b, int32_t m, int32_t n, int32_t k, float alpha,
                 const float *a, int32_t lda, const float *b, int32_t ldb, float beta, float *c,
                 int32_t ldc);

/// OpenBLAS runs single-threaded inside this process: XlingTensor splits the rows itself.
void xling_blas_single_threaded(void);

/// Makes sure of the buffers of so many threads that multiply at once; returns for how many there is
/// memory.
int32_t xling_blas_reserve(int32_t threads);

/// The kernel set that OpenBLAS chose for this processor ("SkylakeX", "Haswell", ...). Bits differ
/// between kernel sets, so results record it.
const char *xling_blas_core_name(void);

/// The kernel set that this processor can run, where OpenBLAS did not know the processor and fell back
/// on kernels a fraction as fast; else NULL.
const char *xling_blas_overlooked_core(void);

/// 0 where the kernel set was asked for by name and needs instructions that this processor lacks: its
/// first product would end the process by SIGILL.
int xling_blas_core_runs(void);

#endif
