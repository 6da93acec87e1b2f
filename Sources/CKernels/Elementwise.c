#include "CKernels.h"
#include "Vector.h"

XK_CLONES void xk_add(float *y, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] += x[i];
}

XK_CLONES void xk_sum(const float *a, const float *b, float *y, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = a[i] + b[i];
}

XK_CLONES void xk_scale(float *x, float factor, int64_t count) {
  for (int64_t i = 0; i < count; i++) x[i] *= factor;
}

XK_CLONES void xk_add_bias(float *y, const float *bias, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    float *row = y + r * columns;
    for (int64_t c = 0; c < columns; c++) row[c] += bias[c];
  }
}

XK_INLINE void gelu_chunk(v16 *x) {
  v16 e = *x * 0.70710678118654752f;
  verf(&e);
  *x = *x * 0.5f * (e + 1.0f);
}

XK_CLONES void xk_gelu(const float *x, float *y, int64_t count) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    v16 v = *(const v16 *)(x + i);
    gelu_chunk(&v);
    *(v16 *)(y + i) = v;
  }
  if (i < count) {
    v16 v;
    load_part(&v, x + i, count - i);
    gelu_chunk(&v);
    store_part(y + i, &v, count - i);
  }
}

/// GELU'(x) = Phi(x) + x phi(x)
XK_INLINE void gelu_slope_chunk(v16 *x) {
  v16 e = *x * 0.70710678118654752f;
  verf(&e);
  v16 d = *x * *x * -0.5f;
  vexp(&d);
  *x = (e + 1.0f) * 0.5f + *x * d * 0.39894228040143268f;
}

XK_CLONES void xk_gelu_backward(const float *x, const float *dy, float *dx, int64_t count) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    v16 v = *(const v16 *)(x + i);
    gelu_slope_chunk(&v);
    *(v16 *)(dx + i) = v * *(const v16 *)(dy + i);
  }
  if (i < count) {
    v16 v, d;
    load_part(&v, x + i, count - i);
    load_part(&d, dy + i, count - i);
    gelu_slope_chunk(&v);
    v = v * d;
    store_part(dx + i, &v, count - i);
  }
}

/// tanh(u) of u = sqrt(2 / pi) (x + 0.044715 x^3), from exp: 1 - 2 / (exp(2u) + 1).
XK_INLINE void gelu_tanh_chunk(const v16 *x, v16 *t) {
  v16 e = (*x + *x * *x * *x * 0.044715f) * 1.5957691216057308f;
  vexp(&e);
  *t = 1.0f - 2.0f / (e + 1.0f);
}

XK_CLONES void xk_gelu_tanh(const float *x, float *y, int64_t count) {
  for (int64_t i = 0; i < count; i += 16) {
    v16 v, t;
    load_part(&v, x + i, count - i < 16 ? count - i : 16);
    gelu_tanh_chunk(&v, &t);
    v = v * 0.5f * (t + 1.0f);
    store_part(y + i, &v, count - i < 16 ? count - i : 16);
  }
}

/// GELU'(x) = (1 + t) / 2 + x (1 - t^2) u' / 2
XK_CLONES void xk_gelu_tanh_backward(const float *x, const float *dy, float *dx, int64_t count) {
  for (int64_t i = 0; i < count; i += 16) {
    const int64_t part = count - i < 16 ? count - i : 16;
    v16 v, t, d;
    load_part(&v, x + i, part);
    load_part(&d, dy + i, part);
    gelu_tanh_chunk(&v, &t);
    v16 slope = v * v * (3.0f * 0.044715f * 0.79788456080286536f) + 0.79788456080286536f;
    d = d * ((t + 1.0f) * 0.5f + v * 0.5f * (1.0f - t * t) * slope);
    store_part(dx + i, &d, part);
  }
}

/// sigmoid(1.702 x)
XK_INLINE void quick_chunk(const v16 *x, v16 *s) {
  v16 e = *x * -1.702f;
  vexp(&e);
  *s = 1.0f / (e + 1.0f);
}

XK_CLONES void xk_gelu_quick(const float *x, float *y, int64_t count) {
  for (int64_t i = 0; i < count; i += 16) {
    const int64_t part = count - i < 16 ? count - i : 16;
    v16 v, s;
    load_part(&v, x + i, part);
    quick_chunk(&v, &s);
    v = v * s;
    store_part(y + i, &v, part);
  }
}

/// s + 1.702 x s (1 - s)
XK_CLONES void xk_gelu_quick_backward(const float *x, const float *dy, float *dx, int64_t count) {
  for (int64_t i = 0; i < count; i += 16) {
    const int64_t part = count - i < 16 ? count - i : 16;
    v16 v, s, d;
    load_part(&v, x + i, part);
    load_part(&d, dy + i, part);
    quick_chunk(&v, &s);
    d = d * (s + v * 1.702f * s * (1.0f - s));
    store_part(dx + i, &d, part);
  }
}

/// sigmoid(x)
XK_INLINE void sigmoid_chunk(const v16 *x, v16 *s) {
  v16 e = -*x;
  vexp(&e);
  *s = 1.0f / (e + 1.0f);
}

XK_CLONES void xk_silu(const float *x, float *y, int64_t count) {
  for (int64_t i = 0; i < count; i += 16) {
    const int64_t part = count - i < 16 ? count - i : 16;
    v16 v, s;
    load_part(&v, x + i, part);
    sigmoid_chunk(&v, &s);
    v = v * s;
    store_part(y + i, &v, part);
  }
}

/// s + x s (1 - s)
XK_CLONES void xk_silu_backward(const float *x, const float *dy, float *dx, int64_t count) {
  for (int64_t i = 0; i < count; i += 16) {
    const int64_t part = count - i < 16 ? count - i : 16;
    v16 v, s, d;
    load_part(&v, x + i, part);
    load_part(&d, dy + i, part);
    sigmoid_chunk(&v, &s);
    d = d * (s + v * s * (1.0f - s));
    store_part(dx + i, &d, part);
  }
}

XK_CLONES void xk_relu(const float *x, float *y, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = x[i] > 0 || x[i] != x[i] ? x[i] : 0;
}

XK_CLONES void xk_relu_backward(const float *x, const float *dy, float *dx, int64_t count) {
  for (int64_t i = 0; i < count; i++) dx[i] = x[i] > 0 ? dy[i] : 0;
}

XK_CLONES void xk_rotate(float *x, int64_t stride, const int32_t *places, const float *cosines,
                         const float *sines, float direction, int64_t rows, int64_t heads,
                         int64_t half) {
  for (int64_t r = 0; r < rows; r++) {
    if (places[r] < 0) continue;
    const float *c = cosines + places[r] * half, *s = sines + places[r] * half;
    for (int64_t h = 0; h < heads; h++) {
      float *low = x + r * stride + h * 2 * half, *high = low + half;
      for (int64_t i = 0; i < half; i++) {
        const float a = low[i], b = high[i], sine = direction * s[i];
        low[i] = a * c[i] - b * sine;
        high[i] = b * c[i] + a * sine;
      }
    }
  }
}

XK_CLONES void xk_product(const float *a, const float *b, float *y, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = a[i] * b[i];
}

XK_CLONES void xk_scale_columns(const float *x, const float *scale, float *y, int64_t rows,
                                int64_t columns) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c++) y[r * columns + c] = x[r * columns + c] * scale[c];
}

XK_CLONES void xk_column_products(const float *x, const float *y, float *out, int64_t rows,
                                  int64_t columns, int64_t first, int64_t last) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = first; c < last; c++) out[c] += x[r * columns + c] * y[r * columns + c];
}

XK_CLONES void xk_column_sums(const float *x, float *out, int64_t rows, int64_t columns,
                              int64_t first, int64_t last) {
  for (int64_t r = 0; r < rows; r++) {
    const float *row = x + r * columns;
    for (int64_t c = first; c < last; c++) out[c] += row[c];
  }
}

XK_CLONES double xk_sum_of_squares(const float *x, int64_t count) {
  double lanes[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int j = 0; j < 8; j++) lanes[j] += (double)x[i + j] * (double)x[i + j];
  double total = 0;
  for (; i < count; i++) total += (double)x[i] * (double)x[i];
  for (int j = 0; j < 8; j++) total += lanes[j];
  return total;
}

XK_CLONES void xk_adamw(float *w, const float *g, float *m, float *v, int64_t count, float rate,
                        float beta1, float rest1, float beta2, float rest2, float epsilon,
                        float decay, float correction1, float correction2) {
  const float keep = 1.0f - rate * decay;
  const float step = rate / correction1;
  const float root = 1.0f / __builtin_sqrtf(correction2);
  for (int64_t i = 0; i < count; i++) {
    float mi = beta1 * m[i] + rest1 * g[i];
    float vi = beta2 * v[i] + rest2 * g[i] * g[i];
    m[i] = mi;
    v[i] = vi;
    w[i] = w[i] * keep - step * mi / (__builtin_sqrtf(vi) * root + epsilon);
  }
}

XK_CLONES void xk_bf16_to_f32(const uint16_t *x, float *y, int64_t count) {
  uint32_t *bits = (uint32_t *)y;
  for (int64_t i = 0; i < count; i++) bits[i] = (uint32_t)x[i] << 16;
}

void xk_f16_to_f32(const uint16_t *x, float *y, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    _Float16 half;
    memcpy(&half, x + i, sizeof half);
    y[i] = (float)half;
  }
}

XK_CLONES void xk_f32_to_bf16(const float *x, uint16_t *y, int64_t count) {
  const uint32_t *bits = (const uint32_t *)x;
  for (int64_t i = 0; i < count; i++) {
    uint32_t b = bits[i];
    uint32_t rounded = (b + 0x7fff + ((b >> 16) & 1)) >> 16;
    y[i] = (b & 0x7fffffff) > 0x7f800000 ? (uint16_t)((b >> 16) | 0x40) : (uint16_t)rounded;
  }
}
