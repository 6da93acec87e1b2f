#include <math.h>
#if defined(__x86_64__)
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "CKernels.h"
#include "Vector.h"

typedef double v8d __attribute__((vector_size(64), aligned(8), may_alias));
typedef float v8f __attribute__((vector_size(32), aligned(4), may_alias));
typedef _Bool b16 __attribute__((ext_vector_type(16)));

enum { ROWS = 12, COLUMNS = XK_RANK_COLUMNS, LANES = 16 };

XK_CLONES double xk_exact_dot(const float *a, const float *b, int64_t count) {
  // A product of two floats is exact in a double, so a fused and an unfused multiply-add agree;
  // with sixteen fixed lanes the sum has the same bits on every machine.
  v8d low = {0}, high = {0};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    low += __builtin_convertvector(*(const v8f *)(a + i), v8d) *
           __builtin_convertvector(*(const v8f *)(b + i), v8d);
    high += __builtin_convertvector(*(const v8f *)(a + i + 8), v8d) *
            __builtin_convertvector(*(const v8f *)(b + i + 8), v8d);
  }
  for (int lane = 0; i < count; i++, lane++) {
    const double product = (double)a[i] * (double)b[i];
    if (lane < 8) {
      low[lane] += product;
    } else {
      high[lane - 8] += product;
    }
  }
  double sum = 0;
  for (int lane = 0; lane < 8; lane++) sum += low[lane] + high[lane];
  return sum;
}

XK_INLINE int64_t rounded_width(int64_t width) {
  return (width + XK_RANK_WIDTH - 1) / XK_RANK_WIDTH * XK_RANK_WIDTH;
}

/// Up to COLUMNS items as panel[width, COLUMNS], the rest zeros.
static void pack_columns(const float *items, int64_t width, const int32_t *columns, int64_t count,
                         float *panel) {
  for (int64_t c = 0; c < COLUMNS; c++) {
    const float *row = c < count ? items + columns[c] * width : NULL;
    for (int64_t k = 0; k < width; k++) panel[k * COLUMNS + c] = row ? row[k] : 0;
  }
}

/// `count` rows as [width, ROWS], the rest zeros.
XK_INLINE void pack_rows(const float *rows, int64_t width, int64_t count, float *packed) {
  for (int64_t r = 0; r < ROWS; r++) {
    for (int64_t k = 0; k < width; k++) packed[k * ROWS + r] = r < count ? rows[r * width + k] : 0;
  }
}

/// out[rows, LANES * vectors] of stride COLUMNS: sums stay in registers, `rows` times `vectors` of them
/// beside one row of b, for which both must be constants to the compiler.
XK_INLINE void products(const float *a, const float *b, int64_t width, float *out, const int rows,
                        const int vectors) {
  v16 sums[ROWS][COLUMNS / LANES];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sums[r][v] = (v16){0};
  for (int64_t k = 0; k < width; k++) {
    v16 y[COLUMNS / LANES];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) y[v] = *(const v16 *)(b + k * COLUMNS + v * LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const float x = a[k * ROWS + r];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sums[r][v] += x * y[v];
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) *(v16 *)(out + r * COLUMNS + v * LANES) = sums[r][v];
}

XK_INLINE uint32_t lanes_of(const i16 *mask) {
  const b16 lanes = __builtin_convertvector(*mask, b16);
  uint16_t bits;
  memcpy(&bits, &lanes, sizeof bits);
  return bits;
}

/// A query's scores with a panel's columns: bits of those above a limit. Of the others, bits of those
/// that are not below either go to `near`; NaN, from products beyond float32, is among them.
XK_INLINE uint32_t lanes_above(const v16 *row, const v16 *high, const v16 *low, uint32_t *near) {
  uint32_t above = 0, below = 0;
#pragma clang loop unroll(full)
  for (int v = 0; v < COLUMNS / LANES; v++) {
    const i16 is_above = row[v] > high[v], is_below = row[v] < low[v];
    above |= lanes_of(&is_above) << v * LANES;
    below |= lanes_of(&is_below) << v * LANES;
  }
  *near = ~(above | below);
  return above;
}

/// Undecided scores, computed exactly: rare but for the correct items' own. The limits of column c are
/// at index + c * step.
static void __attribute__((noinline, cold)) settle(const xk_rank_tile *tile, int64_t query,
                                                   int64_t column, uint32_t near,
                                                   const xk_gold_limits *limits, int64_t index,
                                                   int step) {
  for (; near; near &= near - 1) {
    const int lane = __builtin_ctz(near);
    const int64_t place = index + lane * step;
    const double score =
        xk_exact_dot(tile->queries + query * tile->width,
                     tile->items + tile->columns[column + lane] * tile->width, tile->width);
    limits->above[place] += score > limits->exact[place];
    limits->tied[place] += score == limits->exact[place];
  }
}

/// Counts the scores of a query with a panel's columns: against the query's correct items, and against
/// the correct queries of each column.
XK_INLINE void count_row(const xk_rank_tile *tile, const v16 *row, int64_t query, int64_t panel,
                         uint32_t valid) {
  uint32_t near;
  const xk_gold_limits items = tile->correct_items, queries = tile->correct_queries;
  const int64_t slots = tile->offsets[query + 1], levels = tile->levels[panel + 1];
  for (int64_t slot = tile->offsets[query]; slot < slots; slot++) {
    v16 high[COLUMNS / LANES], low[COLUMNS / LANES];
    for (int v = 0; v < COLUMNS / LANES; v++) {
      splat(&high[v], items.high[slot]);
      splat(&low[v], items.low[slot]);
    }
    items.above[slot] += __builtin_popcount(lanes_above(row, high, low, &near) & valid);
    if (near & valid)
      settle(tile, query, panel * COLUMNS, near & valid, &tile->correct_items, slot, 0);
  }
  for (int64_t level = tile->levels[panel]; level < levels; level++) {
    const int64_t index = level * COLUMNS;
    const v16 *high = (const v16 *)(queries.high + index);
    lanes_above(row, high, (const v16 *)(queries.low + index), &near);
    i16 *above = (i16 *)(queries.above + index);
    for (int v = 0; v < COLUMNS / LANES; v++) above[v] -= row[v] > high[v];
    if (near) settle(tile, query, panel * COLUMNS, near, &tile->correct_queries, index, 1);
  }
}

/// Counts scores [count, COLUMNS] of the queries from `query` on and the panel's columns. `floors`: of
/// each query the lowest limit of its correct items.
XK_INLINE void count_block(const xk_rank_tile *tile, const float *scores, const int block,
                           int64_t query, int64_t count, const float *floors, int64_t panel) {
  const int64_t left = tile->column_count - panel * COLUMNS;
  const uint32_t valid = left < COLUMNS ? (1u << left) - 1 : ~0u;
  const v16 *column_floors = (const v16 *)(tile->floors + panel * COLUMNS);
  // Most scores are below all that is correct: rows of nothing else are left out.
  uint64_t rows = 0;
#pragma clang loop unroll(full)
  for (int r = 0; r < block; r++) {
    const v16 *row = (const v16 *)(scores + r * COLUMNS);
    i16 is_below = (i16){0} - 1;
#pragma clang loop unroll(full)
    for (int v = 0; v < COLUMNS / LANES; v++)
      is_below &= (row[v] < floors[r]) & (row[v] < column_floors[v]);
    rows |= (uint64_t)(lanes_of(&is_below) != 0xffff) << r;
  }
  if (count < block) rows &= (1ull << count) - 1;
  for (; rows; rows &= rows - 1) {
    const int r = __builtin_ctzll(rows);
    count_row(tile, (const v16 *)(scores + r * COLUMNS), query + r, panel, valid);
  }
}

/// The lowest limit of each query's correct items.
static void query_floors(const xk_rank_tile *tile, int64_t query, int64_t count, int block,
                         float *floors) {
  for (int64_t r = 0; r < block; r++) {
    const int64_t begin = r < count ? tile->offsets[query + r] : 0;
    const int64_t end = r < count ? tile->offsets[query + r + 1] : 0;
    // The last is the lowest.
    floors[r] = begin < end ? tile->correct_items.low[end - 1] : INFINITY;
  }
}

XK_INLINE void count_tile(const xk_rank_tile *tile, float *packed, const int rows,
                          const int vectors) {
  const int64_t width = tile->width;
  // Each block of rows in turn: its floors, then its numbers.
  const int64_t size = (width + 1) * ROWS;
  for (int64_t first = 0, block = 0; first < tile->query_count; first += ROWS, block += size) {
    const int64_t query = tile->first_query + first, left = tile->query_count - first;
    query_floors(tile, query, left, ROWS, packed + block);
    pack_rows(tile->queries + query * width, width, left, packed + block + ROWS);
  }
  for (int64_t panel = 0; panel * COLUMNS < tile->column_count; panel++) {
    const float *columns = (const float *)tile->panels + panel * rounded_width(width) * COLUMNS;
    for (int64_t first = 0, block = 0; first < tile->query_count; first += ROWS, block += size) {
      const int64_t left = tile->query_count - first;
      const float *numbers = packed + block + ROWS;
      float scores[ROWS * COLUMNS] __attribute__((aligned(64)));
      for (int r = 0; r < ROWS; r += rows)
        for (int c = 0; c < COLUMNS; c += vectors * LANES)
          products(numbers + r, columns + c, width, scores + r * COLUMNS + c, rows, vectors);
      count_block(tile, scores, ROWS, tile->first_query + first, left, packed + block, panel);
    }
  }
}

#if defined(__x86_64__)
// As many sums as there are registers for: 24 of 32, 12 (of two each) of 16, 2 (of four each) of 16.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512))) static void count_avx512(
    const xk_rank_tile *tile, float *packed) {
  count_tile(tile, packed, 12, 2);
}

__attribute__((target("arch=x86-64-v3"))) static void count_avx2(const xk_rank_tile *tile,
                                                                float *packed) {
  count_tile(tile, packed, 6, 1);
}

static void count_plain(const xk_rank_tile *tile, float *packed) { count_tile(tile, packed, 2, 1); }
#else
static void count_plain(const xk_rank_tile *tile, float *packed) { count_tile(tile, packed, 6, 1); }
#endif

#if defined(__x86_64__)
// Matrix units (Intel's AMX): a number is split into two of bfloat16, x = h + l + e with |l| <= 2^-9 |x|
// and |e| <= 2^-18 |x|, and h h + h l + l h is summed in float32. That is as exact as float32's own
// product of long rows, and five times as fast.

enum { BLOCK = 32, HALF = 16, DEPTH = XK_RANK_WIDTH, TILE = HALF * DEPTH };

#define AMX __attribute__((target("arch=x86-64-v4,amx-tile,amx-bf16"), min_vector_width(512)))

XK_INLINE uint16_t bfloat16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Both parts of row `r` of a block: for each DEPTH of the width four tiles [HALF, DEPTH], high and low
/// parts of either half of the rows. Where `paired`, tiles are [DEPTH / 2, HALF, 2], as the right side of
/// a product wants them.
AMX XK_INLINE void split(const float *row, int64_t width, int64_t r, const int paired,
                         uint16_t *tiles) {
  for (int64_t first = 0; first < width; first += DEPTH, tiles += 4 * TILE) {
    uint16_t *high = tiles + r / HALF * TILE + r % HALF * (paired ? 2 : DEPTH);
    uint16_t *low = high + 2 * TILE;
    float part[DEPTH] = {0};
    const float *x = row + first;
    if (width - first < DEPTH) {
      memcpy(part, x, (size_t)(width - first) * sizeof(float));
      x = part;
    }
    for (int k = 0; k < DEPTH; k++) {
      const int64_t place = paired ? k / 2 * DEPTH + k % 2 : k;
      const uint32_t bits = (uint32_t)bfloat16(x[k]) << 16;
      float rounded;
      memcpy(&rounded, &bits, sizeof rounded);
      high[place] = (uint16_t)(bits >> 16);
      low[place] = bfloat16(x[k] - rounded);
    }
  }
}

AMX static void split_columns(const float *items, int64_t width, const int32_t *columns,
                              int64_t count, uint16_t *tiles) {
  memset(tiles, 0, (size_t)rounded_width(width) * COLUMNS * 2 * sizeof(uint16_t));
  for (int64_t c = 0; c < count && c < COLUMNS; c++)
    split(items + columns[c] * width, width, c, 1, tiles);
}

/// out[BLOCK, COLUMNS] from the tiles of rows and of columns.
AMX static void tile_products(const uint16_t *a, const uint16_t *b, int64_t depth, float *out) {
  const int64_t line = DEPTH * sizeof(uint16_t), stride = COLUMNS * sizeof(float);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (; depth > 0; depth--, a += 4 * TILE, b += 4 * TILE) {
    _tile_loadd(4, a, line);
    _tile_loadd(5, a + TILE, line);
    _tile_loadd(6, b + 2 * TILE, line);
    _tile_loadd(7, b + 3 * TILE, line);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(6, b, line);
    _tile_loadd(7, b + TILE, line);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(4, a + 2 * TILE, line);
    _tile_loadd(5, a + 3 * TILE, line);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, out, stride);
  _tile_stored(1, out + HALF, stride);
  _tile_stored(2, out + HALF * COLUMNS, stride);
  _tile_stored(3, out + HALF * COLUMNS + HALF, stride);
}

AMX static void count_amx(const xk_rank_tile *tile, float *packed) {
  // Eight tiles of sixteen rows of 64 bytes.
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  } __attribute__((aligned(64))) shapes = {.palette = 1};
  for (int t = 0; t < 8; t++) {
    shapes.bytes[t] = 64;
    shapes.rows[t] = HALF;
  }
  _tile_loadconfig(&shapes);
  const int64_t depth = rounded_width(tile->width) / DEPTH, size = depth * 4 * TILE;
  const int64_t blocks = (tile->query_count + BLOCK - 1) / BLOCK;
  // Tiles of all blocks, then their floors.
  uint16_t *tiles = (uint16_t *)packed;
  float *floors = (float *)(tiles + blocks * size);
  for (int64_t block = 0; block < blocks; block++) {
    const int64_t query = tile->first_query + block * BLOCK;
    const int64_t left = tile->query_count - block * BLOCK;
    if (left < BLOCK) memset(tiles + block * size, 0, (size_t)size * sizeof(uint16_t));
    for (int64_t r = 0; r < BLOCK && r < left; r++)
      split(tile->queries + (query + r) * tile->width, tile->width, r, 0, tiles + block * size);
    query_floors(tile, query, left, BLOCK, floors + block * BLOCK);
  }
  for (int64_t panel = 0; panel * COLUMNS < tile->column_count; panel++) {
    const uint16_t *columns = (const uint16_t *)tile->panels + panel * size;
    for (int64_t block = 0; block < blocks; block++) {
      float scores[BLOCK * COLUMNS] __attribute__((aligned(64)));
      tile_products(tiles + block * size, columns, depth, scores);
      count_block(tile, scores, BLOCK, tile->first_query + block * BLOCK,
                  tile->query_count - block * BLOCK, floors + block * BLOCK, panel);
    }
  }
  _tile_release();
}

/// Linux grants the units' registers, 8 KiB a thread, to processes that ask (arch_prctl(2)).
static int amx_is_granted(void) {
  enum { REQUEST = 0x1023, TILE_DATA = 18 };
  return __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") &&
         __builtin_cpu_supports("x86-64-v4") && syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
}
#endif

// Which kernel -----------------------------------------------------------------------------------

enum kernel { NONE, PLAIN, AVX2, AVX512, MATRIX, KERNELS };
static const char *const names[KERNELS] = {"", "plain", "avx2", "avx512", "amx"};
static _Atomic int chosen = NONE;

static int is_there(int kernel) {
#if defined(__x86_64__)
  if (kernel == MATRIX) return amx_is_granted();
  if (kernel == AVX512) return __builtin_cpu_supports("x86-64-v4") != 0;
  if (kernel == AVX2) return __builtin_cpu_supports("x86-64-v3") != 0;
#endif
  return kernel == PLAIN;
}

/// Asked anew by threads that come at once: the answer is the same.
static int kernel(void) {
  if (chosen == NONE) {
    int best = MATRIX;
    while (!is_there(best)) best--;
    chosen = best;
  }
  return chosen;
}

const char *xk_rank_kernel(void) { return names[kernel()]; }

int xk_use_rank_kernel(const char *name) {
  for (int k = PLAIN; k < KERNELS; k++) {
    if (strcmp(names[k], name) != 0 || !is_there(k)) continue;
    chosen = k;
    return 1;
  }
  return 0;
}

double xk_rank_margin(int64_t width, double norm, double other_norm) {
  const double products = norm * other_norm, unit = 0x1p-24;
  // Sums in float32, whatever their order (Higham 2002, section 3.1), and what underflows.
  if (kernel() != MATRIX)
    return 1.01 * (double)(width + 2) * unit * products + (double)(width + 2) * 0x1p-149;
  // Three sums; of the parts l l and twice e are left out, 3 * 2^-18. The units take subnormal numbers
  // for zeros.
  const double rounding = (double)(3 * width + 3 * XK_RANK_WIDTH + 2) * unit;
  return 1.01 * (rounding + 3 * 0x1p-18) * products +
         (double)(width + XK_RANK_WIDTH) * 0x1p-122 * (1 + norm + other_norm);
}

void xk_pack_columns(const float *items, int64_t width, const int32_t *columns, int64_t count,
                     void *panel) {
#if defined(__x86_64__)
  if (kernel() == MATRIX) {
    split_columns(items, width, columns, count, panel);
    return;
  }
#endif
  pack_columns(items, width, columns, count, panel);
}

void xk_count_ranks(const xk_rank_tile *tile, void *packed) {
  switch (kernel()) {
#if defined(__x86_64__)
    case MATRIX: count_amx(tile, packed); break;
    case AVX512: count_avx512(tile, packed); break;
    case AVX2: count_avx2(tile, packed); break;
#endif
    default: count_plain(tile, packed);
  }
}

void xk_add_counts(int32_t *total, const int32_t *part, int64_t count) {
  for (int64_t i = 0; i < count; i++)
    if (part[i] != 0) __atomic_fetch_add(&total[i], part[i], __ATOMIC_RELAXED);
}
