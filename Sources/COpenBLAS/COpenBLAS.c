#include "COpenBLAS.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

// Declared here because the header's folder differs between distributions.
enum { COLUMN_MAJOR = 102, NO_TRANSPOSE = 111, TRANSPOSE = 112 };
void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
void openblas_set_num_threads(int count);
char *openblas_get_corename(void);
void *blas_memory_alloc(int position);
void blas_memory_free(void *buffer);

// OpenBLAS asks this as it is loaded; its own looks into the environment. With more than one it would start
// threads that nobody uses here, and take a buffer for each before any line of the program: where the address
// space is limited it then asks for memory for ever.
int openblas_num_threads_env(void) { return 1; }

void xling_sgemm(int transpose_a, int transpose_b, int32_t m, int32_t n, int32_t k, float alpha,
                 const float *a, int32_t lda, const float *b, int32_t ldb, float beta, float *c,
                 int32_t ldc) {
  // C^T = op(B)^T op(A)^T: the same work. Asked in row-major order, OpenBLAS takes another kernel
  // (and other bits) for products below a size of its own, where neither operand is transposed.
  cblas_sgemm(COLUMN_MAJOR, transpose_b ? TRANSPOSE : NO_TRANSPOSE,
              transpose_a ? TRANSPOSE : NO_TRANSPOSE, n, m, k, alpha, b, ldb, a, lda, beta, c, ldc);
}

void xling_blas_single_threaded(void) { openblas_set_num_threads(1); }

int32_t xling_blas_reserve(int32_t threads) {
  // A buffer, and as much again of room for everything else.
  enum { BUFFER = (128 << 20) + (1 << 16), ROOM = 64 << 20, MOST = 64 };
  struct rlimit limit;
  int limited = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  if (!limited) {
    void *probe = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (probe == MAP_FAILED) return 0;
    munmap(probe, BUFFER);
    return threads;
  }
  void *held[MOST];
  int count = 0;
  while (count < threads && count < MOST) {
    size_t size = (size_t)BUFFER + (count > 0 ? ROOM : 0);
    void *probe = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (probe == MAP_FAILED) break;
    munmap(probe, size);
    held[count++] = blas_memory_alloc(0);
  }
  // Given back they stay mapped, and OpenBLAS takes them again.
  for (int i = 0; i < count; i++) blas_memory_free(held[i]);
  return count;
}

const char *xling_blas_core_name(void) { return openblas_get_corename(); }

const char *xling_blas_overlooked_core(void) {
#ifdef __x86_64__
  // "Prescott" (SSE3, 128 bits) is what OpenBLAS takes for every processor that it cannot name.
  if (strcmp(openblas_get_corename(), "Prescott") != 0) return NULL;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return "SkylakeX";
  if (__builtin_cpu_supports("x86-64-v3")) return "Haswell";
#endif
  return NULL;
}

int xling_blas_core_runs(void) {
#ifdef __x86_64__
  // Each set's name and the instructions that it was built with.
  const char *core = openblas_get_corename();
  __builtin_cpu_init();
  if (strcmp(core, "SkylakeX") == 0) return __builtin_cpu_supports("x86-64-v4") != 0;
  if (strcmp(core, "Cooperlake") == 0 || strcmp(core, "SapphireRapids") == 0)
    return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512bf16");
  if (strcmp(core, "Haswell") == 0 || strcmp(core, "Zen") == 0)
    return __builtin_cpu_supports("x86-64-v3") != 0;
  if (strcmp(core, "Bulldozer") == 0) return __builtin_cpu_supports("fma4") != 0;
  if (strcmp(core, "Piledriver") == 0 || strcmp(core, "Steamroller") == 0 ||
      strcmp(core, "Excavator") == 0)
    return __builtin_cpu_supports("avx") && __builtin_cpu_supports("fma");
  if (strcmp(core, "Sandybridge") == 0) return __builtin_cpu_supports("avx") != 0;
#endif
  return 1;
}
