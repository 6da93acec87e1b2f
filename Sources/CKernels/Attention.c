#include <stdlib.h>

#include "CKernels.h"
#include "Dropout.h"
#include "Vector.h"

// Products of one head are too small for the BLAS library. The second operand is packed into panels of 16
// columns, [panel][k][16], so that what the inner loop reads lies together; every number is one chain of
// multiply-adds over k, whatever the tile.

enum { PANEL = 16 };

XK_INLINE int64_t padded(int64_t n) { return (n + PANEL - 1) & ~(int64_t)(PANEL - 1); }

/// R rows by V panels of C = A B; A[i, l] = a[i * row + l * column].
#define TILE(R, V)                                                                      \
  {                                                                                     \
    v16 acc[R][V];                                                                      \
    for (int i = 0; i < R; i++)                                                         \
      for (int v = 0; v < V; v++) acc[i][v] = (v16){0};                                 \
    const float *bl = b + j * k;                                                        \
    for (int64_t l = 0; l < k; l++, bl += PANEL) {                                      \
      const float *al = a + l * column;                                                 \
      for (int i = 0; i < R; i++)                                                       \
        for (int v = 0; v < V; v++)                                                     \
          acc[i][v] += al[i * row] * *(const v16 *)(bl + v * PANEL * k);                \
    }                                                                                   \
    for (int i = 0; i < R; i++)                                                         \
      for (int v = 0; v < V; v++) *(v16 *)(c + i * ldc + j + PANEL * v) = acc[i][v];    \
  }

/// Six rows by `V` panels fill the registers: twelve of 512 bits take two panels, of 256 bits one.
#define STRIPE(R, V)                                           \
  {                                                            \
    int64_t j = 0;                                             \
    for (; j + V * PANEL <= n; j += V * PANEL) TILE(R, V)      \
    for (; j < n; j += PANEL) TILE(R, 1)                       \
  }

#define STRIPES(V)                                                   \
  {                                                                  \
    int64_t i = 0;                                                   \
    for (; i + 6 <= m; i += 6, a += 6 * row, c += 6 * ldc) STRIPE(6, V) \
    for (; i < m; i++, a += row, c += ldc) STRIPE(1, V)              \
  }

/// C[m, n] = A[m, k] B[k, n], B in panels; n and ldc are multiples of 16.
XK_INLINE void multiply(int wide, int64_t m, int64_t n, int64_t k, const float *a, int64_t row,
                        int64_t column, const float *b, float *c, int64_t ldc) {
  if (wide)
    STRIPES(2)
  else
    STRIPES(1)
}

/// Whether a register holds sixteen floats.
static int registers_are_wide(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v4") != 0;
#else
  return 0;
#endif
}

/// out[rows, size] = rows of x scaled.
XK_INLINE void scale_rows(const float *x, int64_t stride, int64_t rows, int64_t size, float scale,
                          float *out) {
  for (int64_t t = 0; t < rows; t++)
    for (int64_t c = 0; c < size; c++) out[t * size + c] = x[t * stride + c] * scale;
}

/// x [rows, size] in panels of its columns; the padding is zero.
XK_INLINE void pack(const float *x, int64_t stride, int64_t rows, int64_t size, float *out) {
  for (int64_t first = 0; first < size; first += PANEL) {
    const int64_t part = size - first < PANEL ? size - first : PANEL;
    for (int64_t t = 0; t < rows; t++, out += PANEL) {
      const float *from = x + t * stride + first;
      if (part == PANEL) {
        *(v16 *)out = *(const v16 *)from;
        continue;
      }
      for (int64_t c = 0; c < PANEL; c++) out[c] = c < part ? from[c] : 0;
    }
  }
}

/// x [rows, size] transposed, in panels of its rows; the padding is zero.
XK_INLINE void pack_transposed(const float *x, int64_t stride, int64_t rows, int64_t size,
                               float *out) {
  for (int64_t first = 0; first < rows; first += PANEL, out += PANEL * size) {
    const int64_t part = rows - first < PANEL ? rows - first : PANEL;
    for (int64_t t = 0; t < part; t++) {
      const float *from = x + (first + t) * stride;
      for (int64_t c = 0; c < size; c++) out[c * PANEL + t] = from[c];
    }
    for (int64_t t = part; t < PANEL; t++)
      for (int64_t c = 0; c < size; c++) out[c * PANEL + t] = 0;
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
  const int64_t width = padded(n);
  for (int64_t c = n; c < width; c++) row[c] = -1e30f;
  v16 most = *(const v16 *)row;
  for (int64_t c = 16; c < width; c += 16)
    most = __builtin_elementwise_max(most, *(const v16 *)(row + c));
  float high = most[0];
  for (int i = 1; i < 16; i++) high = most[i] > high ? most[i] : high;
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

/// What the scores of a batch are made of, beside queries and keys.
typedef struct {
  float scale;
  const float *bias;
  int64_t reach;
  int wide;
} score_terms;

/// P = softmax(scale Q K^T + bias) of one head, [t, padded(t)]; q its first query, rows of stride, keys one
/// width behind. scaled [t, size] and keys [size, padded(t)] are scratch.
XK_INLINE void attention_weights(const float *q, int64_t stride, int64_t width, int64_t t, int64_t size,
                                 int32_t head, const uint8_t *mask, const score_terms *terms,
                                 float *scaled, float *keys, float *p) {
  const int64_t tp = padded(t), reach = terms->reach;
  scale_rows(q, stride, t, size, terms->scale, scaled);
  pack_transposed(q + width, stride, t, size, keys);
  multiply(terms->wide, t, tp, size, scaled, size, 1, keys, p, tp);
  for (int64_t r = 0; r < t; r++) {
    if (terms->bias) add_row(p + r * tp, terms->bias + head * (2 * reach + 1) + reach - r, t);
    if (mask) mask_row(p + r * tp, mask, t);
    softmax_row(p + r * tp, t);
  }
}

/// context = (P M) V, M what dropout multiplies each weight by.
XK_CLONES int xk_attention(const float *qkv, const int32_t *offsets, const uint8_t *keep,
                           int32_t first, int32_t last, int32_t heads, int32_t size, float scale,
                           const float *bias, int64_t reach, const xk_dropout_draw *draw,
                           float *context) {
  const score_terms terms = {scale, bias, reach, registers_are_wide()};
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
      attention_weights(q, stride, width, t, size, h, mask, &terms, packed, keys, p);
      if (draw) drop_weights(p, tp, t, offsets[s], h, draw);
      pack(q + 2 * width, stride, t, size, packed);
      multiply(terms.wide, t, d, t, p, tp, 1, packed, out, d);
      unpack(out, t, size, context + (int64_t)offsets[s] * width + (int64_t)h * size, width);
    }
  }
  free(memory);
  return 0;
}

/// dots[i] = sum over c of x[i, c] y[i, c], each in the order of c. A row's sum is one chain of additions;
/// eight rows' beside each other hide how long one takes.
XK_INLINE void row_dots(const float *x, const float *y, int64_t stride, int64_t rows, int64_t n,
                        float *dots) {
  int64_t r = 0;
  for (; r + 8 <= rows; r += 8, x += 8 * stride, y += 8 * stride) {
    float sum[8] = {0};
    for (int64_t c = 0; c < n; c++)
      for (int i = 0; i < 8; i++) sum[i] += x[i * stride + c] * y[i * stride + c];
    memcpy(dots + r, sum, sizeof sum);
  }
  for (; r < rows; r++, x += stride, y += stride) {
    float sum = 0;
    for (int64_t c = 0; c < n; c++) sum += x[c] * y[c];
    dots[r] = sum;
  }
}

/// dV = (P M)^T dO; dP = M * dO V^T; dS = P * (dP - rowsum(dP * P)); dQ = scale dS K; dK = scale dS^T Q; the
/// bias's gradient is dS. P is computed again: to keep it costs more memory than the layer's
/// queries, keys and values, and about as much time.
XK_CLONES int xk_attention_backward(const float *qkv, const int32_t *offsets, const uint8_t *keep,
                                    int32_t first, int32_t last, int32_t heads, int32_t size,
                                    float scale, const float *bias, int64_t reach,
                                    const xk_dropout_draw *draw, const float *dcontext,
                                    float *dqkv, float *dbias) {
  const score_terms terms = {scale, bias, reach, registers_are_wide()};
  const int64_t width = (int64_t)heads * size, stride = 3 * width, d = padded(size);
  const int64_t t_max = longest(offsets, first, last), tp_max = padded(t_max);
  float *memory = scratch(2 * t_max * d + d * tp_max + t_max * tp_max * (draw ? 3 : 2) + t_max);
  if (!memory) return -1;
  for (int32_t s = first; s < last; s++) {
    const int64_t t = offsets[s + 1] - offsets[s], tp = padded(t);
    const uint8_t *mask = mask_of(keep ? keep + offsets[s] : NULL, t);
    float *packed = memory, *result = packed + t * d;
    float *values = result + t * d, *ds = values + d * tp, *p = ds + t * tp, *used = p + t * tp;
    float *dots = draw ? used + t * tp : used;
    for (int32_t h = 0; h < heads; h++) {
      const float *q = qkv + (int64_t)offsets[s] * stride + (int64_t)h * size;
      float *dq = dqkv + (int64_t)offsets[s] * stride + (int64_t)h * size;
      attention_weights(q, stride, width, t, size, h, mask, &terms, packed, values, p);
      const float *dc = dcontext + (int64_t)offsets[s] * width + (int64_t)h * size;
      const float *w = p;
      if (draw) {
        memcpy(used, p, (size_t)(t * tp) * sizeof(float));
        drop_weights(used, tp, t, offsets[s], h, draw);
        w = used;
      }
      pack(dc, width, t, size, packed);
      multiply(terms.wide, t, d, t, w, 1, tp, packed, result, d);
      unpack(result, t, size, dq + 2 * width, stride);
      pack_transposed(q + 2 * width, stride, t, size, values);
      multiply(terms.wide, t, tp, size, dc, width, 1, values, ds, tp);
      if (draw) drop_weights(ds, tp, t, offsets[s], h, draw);
      row_dots(ds, p, tp, t, t, dots);
      for (int64_t r = 0; r < t; r++) {
        float *dsr = ds + r * tp;
        const float *pr = p + r * tp;
        const float dot = dots[r];
        for (int64_t c = 0; c < t; c++) dsr[c] = pr[c] * (dsr[c] - dot);
        if (dbias)
          add_row(dbias + ((int64_t)s * heads + h) * (2 * reach + 1) + reach - r, dsr, t);
        for (int64_t c = 0; c < t; c++) dsr[c] *= scale;
      }
      pack(q + width, stride, t, size, packed);
      multiply(terms.wide, t, d, t, ds, tp, 1, packed, result, d);
      unpack(result, t, size, dq, stride);
      pack(q, stride, t, size, packed);
      multiply(terms.wide, t, d, t, ds, 1, tp, packed, result, d);
      unpack(result, t, size, dq + width, stride);
    }
  }
  free(memory);
  return 0;
}
