#ifndef XLING_CONEDNN_H
#define XLING_CONEDNN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// bf16 products of oneDNN. Every call runs on the thread that makes it; several may run at once.

/// The instructions that products in bf16 are formed with ("amx", "avx512_bf16", "avx512"), the library's
/// version behind them; NULL where the library has no such product for this processor, and in builds
/// without it.
const char *xod_kernel(void);

/// Whether this build looks for the library, and it can be loaded.
int xod_is_there(void);

/// Whether this build looks for it at all.
int xod_is_built(void);

/// A matrix op(W) [inner, columns], rounded to bf16 and laid out for products.
typedef struct xod_weights xod_weights;

/// w is float32, row-major: [inner, columns], or [columns, inner] where transposed. NULL where the
/// library refuses or memory is short.
xod_weights *xod_pack(const float *w, int64_t stride, int transposed, int64_t inner,
                      int64_t columns);
void xod_free(xod_weights *weights);

/// C[rows, columns] = A[rows, inner] op(W) + bias, or added to C where accumulate is set. A is bf16, bias
/// float32 or NULL, sums are float32; C is float32, or bf16 where half is set. Rows lie side by side.
/// Returns 0, or -1 where the library fails. A row's bits depend on that row and W alone.
int xod_multiply(const xod_weights *weights, const uint16_t *a, int64_t rows, const float *bias,
                 int accumulate, int half, void *c);

/// C[m, n] = A^T B, or added to C where accumulate is set, of A [k, m] and B [k, n], both bf16; C float32.
/// Rows lie side by side. Returns 0 or -1.
int xod_outer(const uint16_t *a, const uint16_t *b, int64_t m, int64_t n, int64_t k, int accumulate,
              float *c);

#ifdef __cplusplus
}
#endif

#endif
