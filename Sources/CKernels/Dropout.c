#include "Dropout.h"

#include "CKernels.h"

XK_CLONES void xk_dropout(float *x, int64_t rows, int64_t columns, xk_dropout_draw draw) {
  for (int64_t r = 0; r < rows; r++)
    drop_row(x + r * columns, columns, row_key(draw.keys[r], draw.site), draw.threshold,
             draw.scale);
}
