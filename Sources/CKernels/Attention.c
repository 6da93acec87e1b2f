#include <stdlib.h>

#include "CKernels.h"
#include "Dropout.h"
#include "Vector.h"

// Products of one head are too small for the BLAS library: operands are packed into 16-float
// columns and multiplied here.

XK_INLINE int64_t padded(int64_t n) { return (n + 15) & ~(int64_t)15; }

/// R rows by 32 columns of C = A B; A[i, l] = a[i * row + l * column], ldb and ldc multiples of 16.
#define TILE(R, V)                                                                  \
  {                                                                                 \
    v16 acc[R][V];                                                                  \
    for (int i = 0; i < R; i++)                                                     \
      for (int v = 0; v < V; v++) acc[i][v] = (v16){0};                             \
    for (int64_t l = 0; l < k; l++) {                                               \
      const float *bl = b + l * ldb + j;                                            \
      const float *al = a + l * column;                                             \
      for (int i = 0; i < R; i++)                                                   \
        for (int v = 0; v < V; v++)                                                 \
          acc[i][v] += al[i * row] * *(const v16 *)(bl + 16 * v);                   \
    }                                                                               \
    for (int i = 0; i < R; i++)                                                     \
      for (int v = 0; v < V; v++) *(v16 *)(c + i * ldc + j + 16 * v) = acc[i][v];   \
  }

#define STRIPE(R)                                \
  {                                              \
    int64_t j = 0;                               \
    for (; j + 32 <= n; j += 32) TILE(R, 2)      \
    for (; j < n; j += 16) TILE(R, 1)            \
  }

/// C[m, n] = A[m, k] B[k, n]; n is a multiple of 16.
XK_INLINE void multiply(int64_t m, int64_t n, int64_t k, const float *a, int64_t row,
                        int64_t column, const float *b, int64_t ldb, float *c, int64_t ldc) {
  int64_t i = 0;
  for (; i + 6 <= m; i += 6, a += 6 * row, c += 6 * ldc) STRIPE(6)
  for (; i < m; i++, a += row, c += ldc) STRIPE(1)
}

/// out[t, padded(size)] = rows of x scaled; the padding is zero.
XK_INLINE void pack(const float *x, int64_t stride, int64_t rows, int64_t size, float scale,
                    float *out) {
  const int64_t width = padded(size);
  for (int64_t t = 0; t < rows; t++) {
    for (int64_t c = 0; c < size; c++) out[t * width + c] = x[t * stride + c] * scale;
    for (int64_t c = size; c < width; c++) out[t * width + c] = 0;
  }
}

/// out[size, padded(rows)] = x transposed; the padding is zero.
XK_INLINE void pack_transposed(const float *x, int64_t stride, int64_t rows, int64_t size,
                               float *out) {
  const int64_t width = padded(rows);
  for (int64_t c = 0; c < size; c++) {
    for (int64_t t = 0; t < rows; t++) out[c * width + t] = x[t * stride + c];
    for (int64_t t = rows; t < width; t++) out[c * width + t] = 0;
  }
}

XK_INLINE void unpack(const float *x, int64_t rows, int64_t size, float *out, int64_t stride) {
  const int64_t width = padded(size);
  for (int64_t t = 0; t < rows; t++)
    memcpy(out + t * stride, x + t * width, (size_t)size * sizeof(float));
}

XK_INLINE void add_row(float *row, const float *x, int64_t n) {
  for (int64_t c = 0; c < n; c++) row[c] += x[c];
}

/// Scores of keys that nobody may attend to go far below any score.
XK_INLINE void mask_row(float *row, const uint8_t *keep, int64_t n) {
  for (int64_t c = 0; c < n; c++) row[c] = keep[c] ? row[c] : -1e30f;
}

/// The mask of a sequence; NULL when it keeps no key at all.
static const uint8_t *mask_of(const uint8_t *keep, int64_t n) {
  for (int64_t c = 0; keep && c < n; c++)
    if (keep[c]) return keep;
  return NULL;
}

/// Softmax of the first n entries of a padded row; the padding becomes zero.
XK_INLINE void softmax_row(float *row, int64_t n) {
  float high = row[0];
  for (int64_t c = 1; c < n; c++) high = row[c] > high ? row[c] : high;
  const int64_t width = padded(n);
  for (int64_t c = n; c < width; c++) row[c] = -1e30f;
  v16 acc = {0};
  for (int64_t c = 0; c < width; c += 16) {
    v16 v = *(const v16 *)(row + c) - high;
    vexp(&v);
    *(v16 *)(row + c) = v;
  }
  for (int64_t c = n; c < width; c++) row[c] = 0;
  for (int64_t c = 0; c < width; c += 16) acc += *(const v16 *)(row + c);
  const float inverse = 1.0f / sum_lanes(&acc);
  for (int64_t c = 0; c < width; c++) row[c] *= inverse;
}

static int64_t longest(const int32_t *offsets, int32_t first, int32_t last) {
  int64_t length = 0;
  for (int32_t s = first; s < last; s++) {
    int64_t t = offsets[s + 1] - offsets[s];
    length = t > length ? t : length;
  }
  return length;
}

static float *scratch(int64_t count) {
  return aligned_alloc(64, (size_t)padded(count) * sizeof(float));
}

/// Leaves out weights of one head of the sequence whose first row is given; w [t, t], rows of stride.
XK_INLINE void drop_weights(float *w, int64_t stride, int64_t t, int64_t row, int32_t head,
                            const xk_dropout_draw *draw) {
  for (int64_t r = 0; r < t; r++)
    drop_row(w + r * stride, t, row_key(draw->keys[row + r], draw->site + (uint64_t)head),
             draw->threshold, draw->scale);
}

/// P = softmax(scale Q K^T + bias); context = (P M) V, M what dropout multiplies each weight by.
XK_CLONES int xk_attention(const float *qkv, const int32_t *offsets, const uint8_t *keep,
                           const int64_t *probability_offsets, int32_t first, int32_t last,
                           int32_t heads, int32_t size, float scale, const float *bias,
                           int64_t reach, const xk_dropout_draw *draw, float *context,
                           float *probabilities) {
  const int64_t width = (int64_t)heads * size, stride = 3 * width, d = padded(size);
  const int64_t t_max = longest(offsets, first, last), tp_max = padded(t_max);
  float *memory = scratch(2 * t_max * d + d * tp_max + t_max * tp_max);
  if (!memory) return -1;
  for (int32_t s = first; s < last; s++) {
    const int64_t t = offsets[s + 1] - offsets[s], tp = padded(t);
    const uint8_t *mask = mask_of(keep ? keep + offsets[s] : NULL, t);
    float *packed = memory, *out = packed + t * d, *keys = out + t * d, *p = keys + d * tp;
    for (int32_t h = 0; h < heads; h++) {
      const float *q = qkv + (int64_t)offsets[s] * stride + (int64_t)h * size;
      pack(q, stride, t, size, scale, packed);
      pack_transposed(q + width, stride, t, size, keys);
      multiply(t, tp, size, packed, d, 1, keys, tp, p, tp);
      for (int64_t r = 0; r < t; r++) {
        if (bias) add_row(p + r * tp, bias + h * (2 * reach + 1) + reach - r, t);
        if (mask) mask_row(p + r * tp, mask, t);
        softmax_row(p + r * tp, t);
      }
      if (probabilities) {
        float *kept = probabilities + probability_offsets[s] + (int64_t)h * t * t;
        for (int64_t r = 0; r < t; r++)
          memcpy(kept + r * t, p + r * tp, (size_t)t * sizeof(float));
      }
      if (draw) drop_weights(p, tp, t, offsets[s], h, draw);
      pack(q + 2 * width, stride, t, size, 1, packed);
      multiply(t, d, t, p, tp, 1, packed, d, out, d);
      unpack(out, t, size, context + (int64_t)offsets[s] * width + (int64_t)h * size, width);
    }
  }
  free(memory);
  return 0;
}

/// dV = (P M)^T dO; dP = M * dO V^T; dS = P * (dP - rowsum(dP * P)); dQ = scale dS K; dK = scale dS^T Q; the
/// bias's gradient is dS.
XK_CLONES int xk_attention_backward(const float *qkv, const int32_t *offsets,
                                    const int64_t *probability_offsets, int32_t first,
                                    int32_t last, int32_t heads, int32_t size, float scale,
                                    const float *probabilities, const xk_dropout_draw *draw,
                                    const float *dcontext, float *dqkv, float *dbias,
                                    int64_t reach) {
  const int64_t width = (int64_t)heads * size, stride = 3 * width, d = padded(size);
  const int64_t t_max = longest(offsets, first, last), tp_max = padded(t_max);
  float *memory = scratch(3 * t_max * d + d * tp_max + t_max * tp_max * (draw ? 2 : 1));
  if (!memory) return -1;
  for (int32_t s = first; s < last; s++) {
    const int64_t t = offsets[s + 1] - offsets[s], tp = padded(t);
    float *dout = memory, *packed = dout + t * d, *result = packed + t * d;
    float *values = result + t * d, *ds = values + d * tp, *used = ds + t * tp;
    for (int32_t h = 0; h < heads; h++) {
      const float *q = qkv + (int64_t)offsets[s] * stride + (int64_t)h * size;
      float *dq = dqkv + (int64_t)offsets[s] * stride + (int64_t)h * size;
      const float *p = probabilities + probability_offsets[s] + (int64_t)h * t * t;
      pack(dcontext + (int64_t)offsets[s] * width + (int64_t)h * size, width, t, size, 1, dout);
      const float *w = p;
      if (draw) {
        memcpy(used, p, (size_t)(t * t) * sizeof(float));
        drop_weights(used, t, t, offsets[s], h, draw);
        w = used;
      }
      multiply(t, d, t, w, 1, t, dout, d, result, d);
      unpack(result, t, size, dq + 2 * width, stride);
      pack_transposed(q + 2 * width, stride, t, size, values);
      multiply(t, tp, size, dout, d, 1, values, tp, ds, tp);
      if (draw) drop_weights(ds, tp, t, offsets[s], h, draw);
      for (int64_t r = 0; r < t; r++) {
        float *dsr = ds + r * tp;
        const float *pr = p + r * t;
        float dot = 0;
        for (int64_t c = 0; c < t; c++) dot += dsr[c] * pr[c];
        for (int64_t c = 0; c < t; c++) dsr[c] = pr[c] * (dsr[c] - dot);
        if (dbias)
          add_row(dbias + ((int64_t)s * heads + h) * (2 * reach + 1) + reach - r, dsr, t);
        for (int64_t c = 0; c < t; c++) dsr[c] *= scale;
      }
      pack(q + width, stride, t, size, 1, packed);
      multiply(t, d, t, ds, tp, 1, packed, d, result, d);
      unpack(result, t, size, dq, stride);
      pack(q, stride, t, size, 1, packed);
      multiply(t, d, t, ds, 1, tp, packed, d, result, d);
      unpack(result, t, size, dq + width, stride);
    }
  }
  free(memory);
  return 0;
}
