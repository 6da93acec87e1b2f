#ifndef XK_DROPOUT_H
#define XK_DROPOUT_H

#include <stdint.h>

#include "Vector.h"

/// A row's key at one site: SplitMix64's finalizer.
XK_INLINE uint64_t row_key(uint64_t key, uint64_t site) {
  uint64_t z = key + (site + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// Numbers whose hash (MurmurHash3's finalizer over key and column) lies below the threshold become
/// zero, the others are multiplied.
XK_INLINE void drop_row(float *x, int64_t n, uint64_t key, uint32_t threshold, float scale) {
  const uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
  for (int64_t c = 0; c < n; c++) {
    uint32_t h = low + (uint32_t)c * 0x9E3779B9u;
    h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
    h ^= high;
    h = (h ^ (h >> 13)) * 0xC2B2AE35u;
    h ^= h >> 16;
    x[c] = h < threshold ? 0 : x[c] * scale;
  }
}

#endif
