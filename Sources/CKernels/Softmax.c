#include <math.h>

#include "CKernels.h"
#include "Vector.h"

XK_CLONES void xk_softmax_cross_entropy(float *x, const int32_t *target, float *loss, int64_t rows,
                                        int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    float *row = x + r * columns;
    float high = row[0];
    for (int64_t c = 1; c < columns; c++) high = row[c] > high ? row[c] : high;
    const float gold = row[target[r]];
    v16 acc = {0};
    int64_t c = 0;
    for (; c + 16 <= columns; c += 16) {
      v16 v = *(const v16 *)(row + c) - high;
      vexp(&v);
      acc += v;
      *(v16 *)(row + c) = v;
    }
    float total = sum_lanes(&acc);
    for (; c < columns; c++) {
      row[c] = expf(row[c] - high);
      total += row[c];
    }
    loss[r] = logf(total) + high - gold;
    const float inverse = 1.0f / total;
    for (int64_t i = 0; i < columns; i++) row[i] *= inverse;
  }
}

XK_CLONES void xk_sigmoid_cross_entropy(float *x, const float *target, float *loss, int64_t rows,
                                        int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    float *row = x + r * columns;
    const float *goal = target + r * columns;
    double total = 0;
    for (int64_t c = 0; c < columns; c++) {
      const float v = row[c], e = expf(-fabsf(v));
      // max(v, 0) - v * t + log(1 + exp(-|v|)) never overflows.
      total += (v > 0 ? v : 0) - v * goal[c] + log1pf(e);
      row[c] = (v >= 0 ? 1.0f / (1.0f + e) : e / (1.0f + e)) - goal[c];
    }
    loss[r] = (float)(total / (double)columns);
  }
}
