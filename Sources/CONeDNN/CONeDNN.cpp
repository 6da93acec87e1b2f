#include "CONeDNN.h"

#ifdef XLING_ONEDNN

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "Calls.h"

using dnnl::matmul;
using dnnl::memory;

namespace {

const dnnl::engine &engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

/// The caller's threads share out the rows: OpenMP, which Debian's library is built with, starts none. The
/// setting is each thread's own.
void stay_on_this_thread() {
  thread_local bool is_set = false;
  if (!is_set && xod_library()->set_threads) xod_library()->set_threads(1);
  is_set = true;
}

dnnl::stream &stream() {
  thread_local dnnl::stream own(engine());
  return own;
}

/// Room for what a primitive needs while it runs; grows and is kept.
void *scratchpad(size_t bytes) {
  thread_local std::unique_ptr<char[]> own;
  thread_local size_t size = 0;
  if (bytes > size) {
    own.reset(new char[bytes + 64]);
    size = bytes;
  }
  return reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(own.get()) + 63) & ~uintptr_t(63));
}

struct Product {
  matmul::primitive_desc description;
  matmul primitive;
};

memory::desc dense(memory::dim rows, memory::dim columns, memory::data_type type,
                   bool transposed = false) {
  const memory::dims strides =
      transposed ? memory::dims{1, rows} : memory::dims{columns, 1};
  return memory::desc(memory::dims{rows, columns}, type, strides);
}

/// Throws where the library has only its reference for it, which is thousands of times as slow.
matmul::primitive_desc describe(const memory::desc &a, const memory::desc &b, const memory::desc &c,
                                bool has_bias, bool accumulate) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (accumulate) {
    dnnl::post_ops sum;
    sum.append_sum(1.0f);
    attributes.set_post_ops(sum);
  }
  const memory::desc bias({1, c.dims()[1]}, memory::data_type::f32, memory::format_tag::ab);
  const auto operation = has_bias ? matmul::desc(a, b, bias, c) : matmul::desc(a, b, c);
  matmul::primitive_desc description(operation, attributes, engine());
  if (std::strncmp(description.impl_info_str(), "ref", 3) == 0)
    throw std::runtime_error("no product of this kind");
  return description;
}

/// The layout of weights; asked for with so many rows, it serves any number.
memory::desc layout(memory::dim inner, memory::dim columns) {
  constexpr memory::dim rows = 256;
  const memory::desc any({inner, columns}, memory::data_type::bf16, memory::format_tag::any);
  return describe(dense(rows, inner, memory::data_type::bf16), any,
                  dense(rows, columns, memory::data_type::f32), false, false)
      .weights_desc();
}

void run(const Product &product, const void *a, const memory &b, const float *bias, void *c) {
  const auto &description = product.description;
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, memory(description.src_desc(), engine(), const_cast<void *>(a))},
      {DNNL_ARG_WEIGHTS, b},
      {DNNL_ARG_DST, memory(description.dst_desc(), engine(), c)},
      {DNNL_ARG_SCRATCHPAD, memory(description.scratchpad_desc(), engine(),
                                   scratchpad(description.scratchpad_desc().get_size()))}};
  if (bias)
    arguments.insert({DNNL_ARG_BIAS, memory(description.query_md(dnnl::query::weights_md, 1),
                                            engine(), const_cast<float *>(bias))});
  product.primitive.execute(stream(), arguments);
  stream().wait();
}

std::string found_kernel() {
  if (xod_library() == nullptr) return "";
  try {
    stay_on_this_thread();
    layout(256, 256);
    std::string name;
    switch (dnnl::get_effective_cpu_isa()) {
      case dnnl::cpu_isa::all:
      case dnnl::cpu_isa::avx512_core_amx: name = "amx"; break;
      case dnnl::cpu_isa::avx512_core_bf16: name = "avx512_bf16"; break;
      case dnnl::cpu_isa::avx512_core:
      case dnnl::cpu_isa::avx512_core_vnni: name = "avx512"; break;
      default: return "";
    }
    const auto version = dnnl_version();
    return name + " oneDNN " + std::to_string(version->major) + "." +
           std::to_string(version->minor) + "." + std::to_string(version->patch);
  } catch (...) {
    return "";
  }
}

/// Products of one kind, made when they are first asked for. oneDNN itself keeps what it compiled, so that
/// weights of one shape share it.
template <size_t count>
class Products {
 public:
  using Key = std::array<memory::dim, count>;

  template <typename Describe>
  std::shared_ptr<Product> get(const Key &key, Describe describe) {
    const std::lock_guard<std::mutex> held(lock);
    auto &known = products[key];
    if (!known) {
      auto description = describe();
      known = std::make_shared<Product>(Product{description, matmul(description)});
    }
    return known;
  }

 private:
  std::map<Key, std::shared_ptr<Product>> products;
  std::mutex lock;
};

}  // namespace

struct xod_weights {
  memory::dim inner;
  memory::dim columns;
  memory packed;
  /// By rows, bias, accumulation and the result's type.
  mutable Products<2> products;

  xod_weights(memory::dim inner, memory::dim columns, const memory &packed)
      : inner(inner), columns(columns), packed(packed) {}
};

extern "C" {

const char *xod_kernel(void) {
  static const std::string name = found_kernel();
  return name.empty() ? nullptr : name.c_str();
}

int xod_is_there(void) { return xod_library() != nullptr; }
int xod_is_built(void) { return 1; }

xod_weights *xod_pack(const float *w, int64_t stride, int transposed, int64_t inner,
                      int64_t columns) {
  try {
    stay_on_this_thread();
    const memory::desc given(
        memory::dims{inner, columns}, memory::data_type::f32,
        transposed ? memory::dims{1, stride} : memory::dims{stride, 1});
    memory from(given, engine(), const_cast<float *>(w));
    memory packed(layout(inner, columns), engine());
    dnnl::reorder(from, packed).execute(stream(), from, packed);
    stream().wait();
    return new xod_weights(inner, columns, packed);
  } catch (...) {
    return nullptr;
  }
}

void xod_free(xod_weights *weights) { delete weights; }

int xod_multiply(const xod_weights *weights, const uint16_t *a, int64_t rows, const float *bias,
                 int accumulate, int half, void *c) {
  try {
    stay_on_this_thread();
    const bool has_bias = bias != nullptr, adds = accumulate != 0;
    const auto type = half ? memory::data_type::bf16 : memory::data_type::f32;
    const auto product = weights->products.get({rows, has_bias * 4 + adds * 2 + (half != 0)}, [&] {
      return describe(dense(rows, weights->inner, memory::data_type::bf16),
                      weights->packed.get_desc(), dense(rows, weights->columns, type), has_bias,
                      adds);
    });
    run(*product, a, weights->packed, bias, c);
    return 0;
  } catch (...) {
    return -1;
  }
}

int xod_outer(const uint16_t *a, const uint16_t *b, int64_t m, int64_t n, int64_t k, int accumulate,
              float *c) {
  try {
    stay_on_this_thread();
    static Products<4> products;
    const auto product = products.get({m, n, k, accumulate != 0}, [&] {
      return describe(dense(m, k, memory::data_type::bf16, true),
                      dense(k, n, memory::data_type::bf16), dense(m, n, memory::data_type::f32),
                      false, accumulate != 0);
    });
    const memory right(product->description.weights_desc(), engine(), const_cast<uint16_t *>(b));
    run(*product, a, right, nullptr, c);
    return 0;
  } catch (...) {
    return -1;
  }
}

}  // extern "C"

#else

extern "C" {

const char *xod_kernel(void) { return nullptr; }
int xod_is_there(void) { return 0; }
int xod_is_built(void) { return 0; }
xod_weights *xod_pack(const float *, int64_t, int, int64_t, int64_t) { return nullptr; }
void xod_free(xod_weights *) {}
int xod_multiply(const xod_weights *, const uint16_t *, int64_t, const float *, int, int, void *) {
  return -1;
}
int xod_outer(const uint16_t *, const uint16_t *, int64_t, int64_t, int64_t, int, float *) {
  return -1;
}

}  // extern "C"

#endif
