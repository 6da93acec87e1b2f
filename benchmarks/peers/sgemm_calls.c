// Counts the calls of cblas_sgemm of a process that it is preloaded into: how many of which shape, and the processor
// time that they took. When the process ends it measures each shape that took a hundredth of that time by itself, on
// as many threads as called and with the same kernels: the ceiling.
//
//     cc -O2 -shared -fPIC -o sgemm_calls.so sgemm_calls.c -ldl -lpthread
//     SGEMM_CALLS=FILE LD_PRELOAD=sgemm_calls.so xling align ...
//
// FILE is mapped and always up to date: an array of struct entry, those that are used first.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ENTRIES = 1024, THREADS = 256, COLUMN_MAJOR = 102, NO_TRANSPOSE = 111 };

struct entry {
  int32_t transpose_a, transpose_b, m, n, k, unused;
  int64_t count;
  double seconds;
  // Multiplications and additions a second of one thread's processor time; 0 until it is measured.
  double ceiling;
};

typedef void sgemm(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);

static struct entry *entries;
static sgemm *real;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int caller_count;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

__attribute__((constructor)) static void start(void) {
  real = (sgemm *)dlsym(RTLD_NEXT, "cblas_sgemm");
  const char *path = getenv("SGEMM_CALLS");
  int file = path ? open(path, O_RDWR | O_CREAT, 0644) : -1;
  if (file < 0 || ftruncate(file, sizeof(struct entry) * ENTRIES) != 0) return;
  void *mapped = mmap(NULL, sizeof(struct entry) * ENTRIES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) entries = mapped;
  close(file);
}

static struct entry *entry_of(int ta, int tb, int m, int n, int k) {
  for (int i = 0; i < ENTRIES; i++) {
    struct entry *e = &entries[i];
    if (e->count == 0) {
      *e = (struct entry){ta, tb, m, n, k, 0, 0, 0, 0};
      return e;
    }
    if (e->transpose_a == ta && e->transpose_b == tb && e->m == m && e->n == n && e->k == k) return e;
  }
  return NULL;
}

static void note_caller(void) {
  static __thread int is_noted;
  if (is_noted || caller_count == THREADS) return;
  caller_count += 1;
  is_noted = 1;
}

void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda, const float *b,
                 int ldb, float beta, float *c, int ldc) {
  if (!entries) return real(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  double began = seconds();
  real(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  double took = seconds() - began;
  pthread_mutex_lock(&lock);
  note_caller();
  struct entry *e = entry_of(ta, tb, m, n, k);
  if (e) {
    e->seconds += took;
    e->count += 1;
  }
  pthread_mutex_unlock(&lock);
}

struct alone {
  struct entry *shape;
  double rate;
};

// One thread's share: the best of three times a thirtieth of a second.
static void *alone(void *argument) {
  struct alone *work = argument;
  struct entry *e = work->shape;
  size_t m = e->m, n = e->n, k = e->k;
  float *a = malloc(m * k * 4), *b = malloc(k * n * 4), *c = malloc(m * n * 4);
  if (!a || !b || !c) return NULL;
  for (size_t i = 0; i < m * k; i++) a[i] = (float)(i % 7) - 3;
  for (size_t i = 0; i < k * n; i++) b[i] = (float)(i % 5) - 2;
  int lda = e->transpose_a == NO_TRANSPOSE ? e->m : e->k, ldb = e->transpose_b == NO_TRANSPOSE ? e->k : e->n;
  for (int turn = 0; turn < 4; turn++) {
    double began = seconds(), took;
    int count = 0;
    do {
      real(COLUMN_MAJOR, e->transpose_a, e->transpose_b, e->m, e->n, e->k, 1, a, lda, b, ldb, 0, c, e->m);
      count += 1;
      took = seconds() - began;
    } while (took < 0.033);
    double rate = 2.0 * m * n * k * count / took;
    // The first turn touches memory for the first time.
    if (turn > 0 && rate > work->rate) work->rate = rate;
  }
  free(a);
  free(b);
  free(c);
  return NULL;
}

__attribute__((destructor)) static void finish(void) {
  if (!entries) return;
  double all = 0;
  for (int i = 0; i < ENTRIES; i++) all += entries[i].seconds;
  for (int i = 0; i < ENTRIES && entries[i].count > 0; i++) {
    struct entry *e = &entries[i];
    if (e->seconds < all / 100) continue;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int count = caller_count < cores ? caller_count : (int)cores;
    struct alone work[THREADS] = {0};
    pthread_t threads[THREADS];
    for (int t = 0; t < count; t++) {
      work[t].shape = e;
      if (pthread_create(&threads[t], NULL, alone, &work[t]) != 0) count = t;
    }
    double sum = 0;
    for (int t = 0; t < count; t++) {
      pthread_join(threads[t], NULL);
      sum += work[t].rate;
    }
    e->ceiling = count > 0 ? sum / count : 0;
  }
}
