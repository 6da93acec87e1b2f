#ifndef XLING_CKERNELS_H
#define XLING_CKERNELS_H

#include <stdint.h>

// Fused float32 passes over row-major buffers. Each function is compiled for AVX-512, AVX2 and the
// baseline, and chosen at load time. Nothing here allocates but the attention's scratch; ranges are
// half open, so that a caller can give each thread its own.

/// Brings what lies at `address` near, which is read soon.
static inline void xk_prefetch(const void *address) { __builtin_prefetch(address); }

// Elementwise ------------------------------------------------------------------------------------

/// y[i] += x[i]
void xk_add(float *y, const float *x, int64_t count);
/// y[i] = a[i] + b[i]
void xk_sum(const float *a, const float *b, float *y, int64_t count);
/// y[r, :] += bias
void xk_add_bias(float *y, const float *bias, int64_t rows, int64_t columns);
/// y = GELU(x) = x * Phi(x), erf form (Hendrycks and Gimpel 2016)
void xk_gelu(const float *x, float *y, int64_t count);
/// dx = dy * GELU'(x); dx may be dy.
void xk_gelu_backward(const float *x, const float *dy, float *dx, int64_t count);
/// y = GELU(x) with tanh in place of erf (Hendrycks and Gimpel 2016, section 2), and its way back.
void xk_gelu_tanh(const float *x, float *y, int64_t count);
void xk_gelu_tanh_backward(const float *x, const float *dy, float *dx, int64_t count);
/// y = x * sigmoid(1.702 x), GELU's approximation by the logistic function (the same, section 2).
void xk_gelu_quick(const float *x, float *y, int64_t count);
void xk_gelu_quick_backward(const float *x, const float *dy, float *dx, int64_t count);
/// y = x sigmoid(x); dx = dy times its slope.
void xk_silu(const float *x, float *y, int64_t count);
void xk_silu_backward(const float *x, const float *dy, float *dx, int64_t count);
/// y = max(x, 0), and NaN stays what it is; dx = dy where x > 0, else 0.
void xk_relu(const float *x, float *y, int64_t count);
void xk_relu_backward(const float *x, const float *dy, float *dx, int64_t count);
/// Rotates pairs (i, i + half) of every head of a row by the angles of its place: x [rows, heads * 2 *
/// half] of the given stride; cosines and sines [places, half]; rows whose place is negative stay.
/// `direction` -1 rotates back.
void xk_rotate(float *x, int64_t stride, const int32_t *places, const float *cosines,
               const float *sines, float direction, int64_t rows, int64_t heads, int64_t half);
/// y[i] = a[i] * b[i]; y may be a or b.
void xk_product(const float *a, const float *b, float *y, int64_t count);
/// y[r, c] = x[r, c] * scale[c]; y may be x.
void xk_scale_columns(const float *x, const float *scale, float *y, int64_t rows, int64_t columns);
/// out[c] += sum over r of x[r, c] * y[r, c], for c in [first, last)
void xk_column_products(const float *x, const float *y, float *out, int64_t rows, int64_t columns,
                        int64_t first, int64_t last);
/// out[c] += sum over r of x[r, c], for c in [first, last)
void xk_column_sums(const float *x, float *out, int64_t rows, int64_t columns, int64_t first,
                    int64_t last);
/// Sum of squares, float64.
double xk_sum_of_squares(const float *x, int64_t count);
/// x[i] *= factor
void xk_scale(float *x, float factor, int64_t count);

// LayerNorm (Ba et al. 2016) ---------------------------------------------------------------------

/// y = (x - mean) / sqrt(var + epsilon) * gamma + beta, per row; beta may be NULL; mean and 1/sqrt(var +
/// epsilon) are kept for the way back.
void xk_layernorm(const float *x, const float *gamma, const float *beta, float epsilon, float *y,
                  float *mean, float *inverse_deviation, int64_t rows, int64_t columns);
/// y = x / sqrt(mean(x^2) + epsilon) * gamma, per row (RMSNorm, Zhang and Sennrich 2019). Its way back
/// is that of LayerNorm without means.
void xk_rmsnorm(const float *x, const float *gamma, float epsilon, float *y,
                float *inverse_deviation, int64_t rows, int64_t columns);
/// dx for the rows given; adds to dx when accumulate is set. mean NULL: RMSNorm's.
void xk_layernorm_backward(const float *dy, const float *x, const float *gamma, const float *mean,
                           const float *inverse_deviation, float *dx, int accumulate, int64_t rows,
                           int64_t columns);
/// dgamma += sum dy * xhat, dbeta += sum dy, for the columns [first, last). mean NULL: RMSNorm's;
/// dgamma or dbeta NULL: not wanted.
void xk_layernorm_parameters(const float *dy, const float *x, const float *mean,
                             const float *inverse_deviation, float *dgamma, float *dbeta,
                             int64_t rows, int64_t columns, int64_t first, int64_t last);

// Dropout ----------------------------------------------------------------------------------------

/// Which numbers are left out: those whose hash, by the row's key, the site and the column, lies below
/// the threshold; the others are multiplied by scale.
typedef struct {
  const uint64_t *keys;
  uint64_t site;
  uint32_t threshold;
  float scale;
} xk_dropout_draw;

/// x [rows, columns] in place; draw.keys has one key a row.
void xk_dropout(float *x, int64_t rows, int64_t columns, xk_dropout_draw draw);

// Attention (Vaswani et al. 2017) ----------------------------------------------------------------

/// Sequences lie one after another without padding: sequence s has the rows offsets[s]..<offsets[s + 1].
typedef struct {
  /// Of all heads side by side, [rows, heads * size]; rows of query_stride, and of key_stride both.
  const float *queries, *keys, *values;
  int64_t query_stride, key_stride;
  const int32_t *offsets;
  /// When given, one byte a row: rows of 0 are attended to by nobody. A sequence of zeros only is taken as
  /// unmasked: the same number added to all scores changes no softmax.
  const uint8_t *keep;
  /// When given, queries are of these rows alone, ascending, those of sequence s being
  /// read[read_offsets[s]]..<read[read_offsets[s + 1]].
  const int32_t *read, *read_offsets;
  int32_t heads, size;
  /// Scores are scale * q k.
  float scale;
  /// When given, adds a number to them by head and by how far the key lies behind the query:
  /// bias[h, key - query + reach] of heads rows of 2 * reach + 1, reach at least the longest sequence less one.
  const float *bias;
  int64_t reach;
  /// When given, has one key a row and leaves out weights, head h's at the site draw->site + h.
  const xk_dropout_draw *draw;
} xk_attention_input;

/// Of queries, keys and values, strided as those are; the bias's, when given, is of each sequence apart:
/// [sequences, heads, 2 * reach + 1], added to; reach is then needed without a bias, too.
typedef struct {
  float *queries, *keys, *values;
  int64_t query_stride, key_stride;
  float *bias;
} xk_attention_gradients;

/// Of the sequences first..<last. context [queries' rows, heads * size]. Returns 0, or -1 when memory is short.
int xk_attention(const xk_attention_input *input, int32_t first, int32_t last, float *context);
/// The input is that of the way forward.
int xk_attention_backward(const xk_attention_input *input, int32_t first, int32_t last,
                          const float *dcontext, const xk_attention_gradients *out);

// Softmax ----------------------------------------------------------------------------------------

/// Per row: loss[r] = logsumexp(x[r]) - x[r, target[r]]; x becomes softmax(x).
void xk_softmax_cross_entropy(float *x, const int32_t *target, float *loss, int64_t rows,
                              int64_t columns);
/// Per element with targets in [0, 1]: loss[r] = mean over c of binary cross-entropy with logits;
/// x becomes (sigmoid(x) - target).
void xk_sigmoid_cross_entropy(float *x, const float *target, float *loss, int64_t rows,
                              int64_t columns);

// Products ---------------------------------------------------------------------------------------

enum { XK_SMALL_PRODUCT = 4096 };
/// C[m, n] = alpha * op(A) op(B) + beta * C where n, rounded up to a multiple of 16, times k is at
/// most XK_SMALL_PRODUCT. Each row's bits depend on that row and B only.
void xk_small_product(int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k,
                      float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
                      float beta, float *c, int64_t ldc);

/// OpenBLAS walks through C in strips of XK_STRIP_ROWS rows. Of each strip the half that begins with
/// row `first` (0 or 6), and of these rows twice eight columns.
enum { XK_STRIP_ROWS = 12 };
typedef struct {
  int64_t rows;
  int64_t first;
  int64_t columns[2];
} xk_half_strips;

/// alpha * A B + beta * C of these rows and columns into `out`, [strips, 6, 16]. `packed` is [k, 16] of
/// B; sums over k are begun anew at each of `ends`, the last of which is k, and added up in order.
void xk_strip_product(const xk_half_strips *strips, int64_t k, const int64_t *ends, int64_t blocks,
                      float alpha, const float *a, int64_t lda, const float *packed, float beta,
                      const float *c, int64_t ldc, float *out);
/// Puts `out` in its place in C.
void xk_strip_place(const xk_half_strips *strips, const float *out, float *c, int64_t ldc);

// Ranks ------------------------------------------------------------------------------------------

/// a · b of float32 values in double precision, the same bits on every machine.
double xk_exact_dot(const float *a, const float *b, int64_t count);

/// The correct items of queries, or the correct queries of items, each with the limits of what is
/// decided: a fast product above `high` is above, one below `low` is below; no rounding carries it
/// across (xk_rank_margin). Counts are added to.
typedef struct {
  const double *exact;
  const float *high;
  const float *low;
  int32_t *above;
  int32_t *tied;
} xk_gold_limits;

/// Queries are counted in blocks of so many rows, items in panels of so many columns; copies of either
/// have a width that is rounded up to a multiple of XK_RANK_WIDTH, in the kernel's own order.
enum { XK_RANK_ROWS = 96, XK_RANK_COLUMNS = 32, XK_RANK_WIDTH = 32 };

/// Some queries and some items, the columns, whose scores are counted in both directions. Embeddings
/// are [.., width].
typedef struct {
  const float *queries;
  const float *items;
  int64_t width;
  int64_t first_query;
  int64_t query_count;
  /// The correct items of query q are offsets[q]..<offsets[q + 1] of correct_items, best first.
  const int32_t *offsets;
  xk_gold_limits correct_items;
  /// The item of each column.
  const int32_t *columns;
  int64_t column_count;
  /// From xk_pack_columns, one after another. Aligned to 64 bytes.
  const void *panels;
  /// [columns, rounded up to whole panels] the lowest `low` of each; infinity where there is none.
  const float *floors;
  /// Panel p has the levels levels[p]..<levels[p + 1] of correct_queries, XK_RANK_COLUMNS numbers each:
  /// the l-th level has the l-th correct query of each column. Where there is none, limits are infinity.
  const int32_t *levels;
  xk_gold_limits correct_queries;
} xk_rank_tile;

/// How far a fast product may be from the exact one, for rows of such norms.
double xk_rank_margin(int64_t width, double norm, double other_norm);
/// Copies up to XK_RANK_COLUMNS items to a panel of XK_RANK_COLUMNS times the rounded width.
void xk_pack_columns(const float *items, int64_t width, const int32_t *columns, int64_t count,
                     void *panel);
/// Counts each score of the tile, for query and item. Scores are fast products, which are compared
/// while they are in the cache, and xk_exact_dot's where that does not decide: counts are exact.
/// packed: room for the queries, rounded up to whole blocks, times the rounded width + 1; aligned to 64
/// bytes.
void xk_count_ranks(const xk_rank_tile *tile, void *packed);
/// The kernel that counts ranks, of "amx", "avx512", "avx2", "plain": the best that the processor and the
/// system have.
const char *xk_rank_kernel(void);
/// Takes another one, so that tests reach all; 0 when it is not to be had. Never while ranks are counted.
int xk_use_rank_kernel(const char *name);
/// total += part, where several threads add.
void xk_add_counts(int32_t *total, const int32_t *part, int64_t count);

// Resampling -------------------------------------------------------------------------------------

/// sums[r] = sum over c of weights[r, c] * values[c], for weights[rows, columns].
void xk_weighted_sums(const uint16_t *weights, const double *values, double *sums, int64_t rows,
                      int64_t columns);
/// The same for whole numbers, several times as fast. Weights are below 2^15, and no sum is 2^31 or more.
void xk_weighted_counts(const uint16_t *weights, const int16_t *values, double *sums, int64_t rows,
                        int64_t columns);

// Optimizer --------------------------------------------------------------------------------------

/// AdamW (Loshchilov and Hutter 2019): decoupled decay, then the Adam step.
/// rest1 = 1 - beta1, rest2 = 1 - beta2, correction1 = 1 - beta1^t, correction2 = 1 - beta2^t, formed in
/// double precision.
void xk_adamw(float *w, const float *g, float *m, float *v, int64_t count, float rate, float beta1,
              float rest1, float beta2, float rest2, float epsilon, float decay, float correction1,
              float correction2);

// Storage types ----------------------------------------------------------------------------------

void xk_bf16_to_f32(const uint16_t *x, float *y, int64_t count);
void xk_f16_to_f32(const uint16_t *x, float *y, int64_t count);
/// Round to nearest even; NaN stays NaN.
void xk_f32_to_bf16(const float *x, uint16_t *y, int64_t count);

#endif
