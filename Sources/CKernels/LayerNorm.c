#include "CKernels.h"
#include "Vector.h"

XK_INLINE float row_sum(const float *x, int64_t n) {
  v16 acc = {0};
  int64_t c = 0;
  for (; c + 16 <= n; c += 16) acc += *(const v16 *)(x + c);
  float s = sum_lanes(&acc);
  for (; c < n; c++) s += x[c];
  return s;
}

/// Two passes over the row: subtracting the mean first keeps an off-centre row exact.
XK_INLINE float row_square_sum(const float *x, float mean, int64_t n) {
  v16 acc = {0};
  int64_t c = 0;
  for (; c + 16 <= n; c += 16) {
    v16 d = *(const v16 *)(x + c) - mean;
    acc += d * d;
  }
  float s = sum_lanes(&acc);
  for (; c < n; c++) s += (x[c] - mean) * (x[c] - mean);
  return s;
}

XK_CLONES void xk_rmsnorm(const float *x, const float *gamma, float epsilon, float *y,
                          float *inverse_deviation, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    const float *xr = x + r * columns;
    float *yr = y + r * columns;
    float square = row_square_sum(xr, 0, columns) / (float)columns;
    float inverse = 1.0f / __builtin_sqrtf(square + epsilon);
    inverse_deviation[r] = inverse;
    for (int64_t c = 0; c < columns; c++) yr[c] = xr[c] * inverse * gamma[c];
  }
}

XK_CLONES void xk_layernorm(const float *x, const float *gamma, const float *beta, float epsilon,
                            float *y, float *mean, float *inverse_deviation, int64_t rows,
                            int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    const float *xr = x + r * columns;
    float *yr = y + r * columns;
    float mu = row_sum(xr, columns) / (float)columns;
    float variance = row_square_sum(xr, mu, columns) / (float)columns;
    float inverse = 1.0f / __builtin_sqrtf(variance + epsilon);
    mean[r] = mu;
    inverse_deviation[r] = inverse;
    if (beta)
      for (int64_t c = 0; c < columns; c++) yr[c] = (xr[c] - mu) * inverse * gamma[c] + beta[c];
    else
      for (int64_t c = 0; c < columns; c++) yr[c] = (xr[c] - mu) * inverse * gamma[c];
  }
}

/// dx = rstd * (g - mean(g) - xhat * mean(g * xhat)) with g = dy * gamma; without the mean of g where
/// none was subtracted from x.
XK_CLONES void xk_layernorm_backward(const float *dy, const float *x, const float *gamma,
                                     const float *mean, const float *inverse_deviation, float *dx,
                                     int accumulate, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    const float *dyr = dy + r * columns, *xr = x + r * columns;
    float *dxr = dx + r * columns;
    const float mu = mean ? mean[r] : 0, inverse = inverse_deviation[r];
    v16 acc1 = {0}, acc2 = {0};
    int64_t c = 0;
    for (; c + 16 <= columns; c += 16) {
      v16 g = *(const v16 *)(dyr + c) * *(const v16 *)(gamma + c);
      acc1 += g;
      acc2 += g * ((*(const v16 *)(xr + c) - mu) * inverse);
    }
    float s1 = sum_lanes(&acc1), s2 = sum_lanes(&acc2);
    for (; c < columns; c++) {
      float g = dyr[c] * gamma[c];
      s1 += g;
      s2 += g * ((xr[c] - mu) * inverse);
    }
    s1 = mean ? s1 / (float)columns : 0;
    s2 /= (float)columns;
    if (accumulate) {
      for (int64_t i = 0; i < columns; i++)
        dxr[i] += inverse * (dyr[i] * gamma[i] - s1 - (xr[i] - mu) * inverse * s2);
    } else {
      for (int64_t i = 0; i < columns; i++)
        dxr[i] = inverse * (dyr[i] * gamma[i] - s1 - (xr[i] - mu) * inverse * s2);
    }
  }
}

XK_CLONES void xk_layernorm_parameters(const float *dy, const float *x, const float *mean,
                                       const float *inverse_deviation, float *dgamma, float *dbeta,
                                       int64_t rows, int64_t columns, int64_t first,
                                       int64_t last) {
  for (int64_t r = 0; r < rows; r++) {
    const float *dyr = dy + r * columns, *xr = x + r * columns;
    const float mu = mean ? mean[r] : 0, inverse = inverse_deviation[r];
    if (dgamma)
      for (int64_t c = first; c < last; c++) dgamma[c] += dyr[c] * ((xr[c] - mu) * inverse);
    if (dbeta)
      for (int64_t c = first; c < last; c++) dbeta[c] += dyr[c];
  }
}
