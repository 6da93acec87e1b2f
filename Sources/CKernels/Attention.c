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

/// One sequence of an input.
typedef struct {
  /// Rows, and queries among them.
  int64_t t, m;
  /// Its first row, and its first query.
  int64_t row, query;
  const uint8_t *mask;
} sequence;

static sequence sequence_at(const xk_attention_input *in, int32_t s) {
  const int64_t row = in->offsets[s], t = in->offsets[s + 1] - row;
  const int64_t query = in->read ? in->read_offsets[s] : row;
  const int64_t m = in->read ? in->read_offsets[s + 1] - query : t;
  return (sequence){t, m, row, query, mask_of(in->keep ? in->keep + row : NULL, t)};
}

/// The row of a sequence's query.
XK_INLINE int64_t row_of(const xk_attention_input *in, const sequence *at, int64_t query) {
  return in->read ? in->read[at->query + query] : at->row + query;
}

/// Leaves out weights of one head; w [m, t], rows of padded(t).
XK_INLINE void drop_weights(const xk_attention_input *in, const sequence *at, int32_t head, float *w) {
  const xk_dropout_draw *draw = in->draw;
  for (int64_t r = 0; r < at->m; r++)
    drop_row(w + r * padded(at->t), at->t,
             row_key(draw->keys[row_of(in, at, r)], draw->site + (uint64_t)head), draw->threshold,
             draw->scale);
}

/// P = softmax(scale Q K^T + bias) of one head, [m, padded(t)]. scaled [m, size] and keys
/// [size, padded(t)] are scratch.
XK_INLINE void attention_weights(const xk_attention_input *in, const sequence *at, int32_t head, int wide,
                                 float *scaled, float *keys, float *p) {
  const int64_t t = at->t, tp = padded(t), size = in->size, reach = in->reach;
  const int64_t column = (int64_t)head * size;
  scale_rows(in->queries + at->query * in->query_stride + column, in->query_stride, at->m, size, in->scale,
             scaled);
  pack_transposed(in->keys + at->row * in->key_stride + column, in->key_stride, t, size, keys);
  multiply(wide, at->m, tp, size, scaled, size, 1, keys, p, tp);
  for (int64_t r = 0; r < at->m; r++) {
    const int64_t place = row_of(in, at, r) - at->row;
    if (in->bias) add_row(p + r * tp, in->bias + head * (2 * reach + 1) + reach - place, t);
    if (at->mask) mask_row(p + r * tp, at->mask, t);
    softmax_row(p + r * tp, t);
  }
}

/// context = (P M) V, M what dropout multiplies each weight by.
XK_CLONES int xk_attention(const xk_attention_input *in, int32_t first, int32_t last, float *context) {
  const int wide = registers_are_wide();
  const int64_t size = in->size, width = (int64_t)in->heads * size, d = padded(size);
  const int64_t t_max = longest(in->offsets, first, last), tp_max = padded(t_max);
  float *memory = scratch(2 * t_max * d + d * tp_max + t_max * tp_max);
  if (!memory) return -1;
  for (int32_t s = first; s < last; s++) {
    const sequence at = sequence_at(in, s);
    const int64_t t = at.t, m = at.m, tp = padded(t);
    float *packed = memory, *out = packed + t * d, *keys = out + t * d, *p = keys + d * tp;
    for (int32_t h = 0; h < in->heads; h++) {
      const int64_t column = (int64_t)h * size;
      attention_weights(in, &at, h, wide, packed, keys, p);
      if (in->draw) drop_weights(in, &at, h, p);
      pack(in->values + at.row * in->key_stride + column, in->key_stride, t, size, packed);
      multiply(wide, m, d, t, p, tp, 1, packed, out, d);
      unpack(out, m, size, context + at.query * width + column, width);
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
XK_CLONES int xk_attention_backward(const xk_attention_input *in, int32_t first, int32_t last,
                                    const float *dcontext, const xk_attention_gradients *out) {
  const int wide = registers_are_wide(), drops = in->draw != NULL;
  const int64_t size = in->size, width = (int64_t)in->heads * size, d = padded(size), reach = in->reach;
  const int64_t t_max = longest(in->offsets, first, last), tp_max = padded(t_max);
  float *memory = scratch(2 * t_max * d + d * tp_max + t_max * tp_max * (drops ? 3 : 2) + t_max);
  if (!memory) return -1;
  for (int32_t s = first; s < last; s++) {
    const sequence at = sequence_at(in, s);
    const int64_t t = at.t, m = at.m, tp = padded(t);
    float *packed = memory, *result = packed + t * d;
    float *values = result + t * d, *ds = values + d * tp, *p = ds + t * tp, *used = p + t * tp;
    float *dots = drops ? used + t * tp : used;
    for (int32_t h = 0; h < in->heads; h++) {
      const int64_t column = (int64_t)h * size;
      const float *q = in->queries + at.query * in->query_stride + column;
      const float *k = in->keys + at.row * in->key_stride + column;
      const float *v = in->values + at.row * in->key_stride + column;
      attention_weights(in, &at, h, wide, packed, values, p);
      const float *dc = dcontext + at.query * width + column;
      const float *w = p;
      if (drops) {
        memcpy(used, p, (size_t)(m * tp) * sizeof(float));
        drop_weights(in, &at, h, used);
        w = used;
      }
      pack(dc, width, m, size, packed);
      multiply(wide, t, d, m, w, 1, tp, packed, result, d);
      unpack(result, t, size, out->values + at.row * out->key_stride + column, out->key_stride);
      pack_transposed(v, in->key_stride, t, size, values);
      multiply(wide, m, tp, size, dc, width, 1, values, ds, tp);
      if (drops) drop_weights(in, &at, h, ds);
      row_dots(ds, p, tp, m, t, dots);
      for (int64_t r = 0; r < m; r++) {
        float *dsr = ds + r * tp;
        const float *pr = p + r * tp;
        const float dot = dots[r];
        for (int64_t c = 0; c < t; c++) dsr[c] = pr[c] * (dsr[c] - dot);
        if (out->bias)
          add_row(out->bias + ((int64_t)s * in->heads + h) * (2 * reach + 1) + reach
                      - (row_of(in, &at, r) - at.row),
                  dsr, t);
        for (int64_t c = 0; c < t; c++) dsr[c] *= in->scale;
      }
      pack(k, in->key_stride, t, size, packed);
      multiply(wide, m, d, t, ds, tp, 1, packed, result, d);
      unpack(result, m, size, out->queries + at.query * out->query_stride + column, out->query_stride);
      pack(q, in->query_stride, m, size, packed);
      multiply(wide, t, d, m, ds, 1, tp, packed, result, d);
      unpack(result, t, size, out->keys + at.row * out->key_stride + column, out->key_stride);
    }
  }
  free(memory);
  return 0;
}
