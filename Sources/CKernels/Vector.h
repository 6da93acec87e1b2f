#ifndef XLING_VECTOR_H
#define XLING_VECTOR_H

#include <stdint.h>
#include <string.h>

// Sixteen floats: one AVX-512 register, two AVX2 registers, four SSE ones; the compiler splits.
typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t i16 __attribute__((vector_size(64), aligned(4), may_alias));

#if defined(__x86_64__)
#define XK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define XK_CLONES
#endif
#define XK_INLINE static inline __attribute__((always_inline))

XK_INLINE void splat(v16 *out, float x) { *out = (v16){0} + x; }

XK_INLINE float sum_lanes(const v16 *x) {
  float s = 0;
  for (int i = 0; i < 8; i++) s += (*x)[i] + (*x)[i + 8];
  return s;
}

/// exp, after Cephes' expf: 2^n times a polynomial on [-ln2/2, ln2/2]; about one unit in the last
/// place. Arguments below -87.3 give 2^-126, above 88 saturate.
XK_INLINE void vexp(v16 *x) {
  v16 high, low, v = *x;
  splat(&high, 88.0f);
  splat(&low, -87.3f);
  v = __builtin_elementwise_min(__builtin_elementwise_max(v, low), high);
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  v16 n = (v * 1.44269504088896341f + magic) - magic;
  v16 r = v - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  v16 p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  i16 exponent = __builtin_convertvector(n, i16) + 127;
  exponent = exponent << 23;
  v16 scale;
  memcpy(&scale, &exponent, sizeof scale);
  *x = p * scale;
}

/// erf, rational minimax approximation on [-4, 4] (the coefficients that XLA and Eigen use).
XK_INLINE void verf(v16 *x) {
  v16 high, low, v = *x;
  splat(&high, 4.0f);
  splat(&low, -4.0f);
  v = __builtin_elementwise_min(__builtin_elementwise_max(v, low), high);
  v16 s = v * v;
  v16 p = s * -2.72614225801306e-10f + 2.77068142495902e-08f;
  p = p * s + -2.10102402082508e-06f;
  p = p * s + -5.69250639462346e-05f;
  p = p * s + -7.34990630326855e-04f;
  p = p * s + -2.95459980854025e-03f;
  p = p * s + -1.60960333262415e-02f;
  p = p * v;
  v16 q = s * -1.45660718464996e-05f + -2.13374055278905e-04f;
  q = q * s + -1.68282697438203e-03f;
  q = q * s + -7.37332916720468e-03f;
  q = q * s + -1.42647390514189e-02f;
  *x = p / q;
}

/// The last, partial chunk of a row goes through a padded copy.
XK_INLINE void load_part(v16 *out, const float *x, int64_t count) {
  float part[16] = {0};
  memcpy(part, x, (size_t)count * sizeof(float));
  memcpy(out, part, sizeof part);
}

XK_INLINE void store_part(float *y, const v16 *x, int64_t count) {
  float part[16];
  memcpy(part, x, sizeof part);
  memcpy(y, part, (size_t)count * sizeof(float));
}

#endif
