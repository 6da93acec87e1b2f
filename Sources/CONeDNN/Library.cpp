#ifdef XLING_ONEDNN

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

#include <string>

#include "Calls.h"

namespace {

const xod_calls *load() {
  // The interface is the major version's: Debian 12 has libdnnl.so.2.
  const std::string name = "libdnnl.so." + std::to_string(DNNL_VERSION_MAJOR);
  void *const library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  static xod_calls calls;
  bool is_whole = true;
#define XOD_LOAD(name)                                                                      \
  calls.name##_call = reinterpret_cast<decltype(calls.name##_call)>(dlsym(library, #name)); \
  is_whole = is_whole && calls.name##_call != nullptr;
  XOD_CALLS(XOD_LOAD)
#undef XOD_LOAD
  calls.set_threads =
      reinterpret_cast<decltype(calls.set_threads)>(dlsym(library, "omp_set_num_threads"));
  // Never closed: its threads' memory would outlive it.
  return is_whole ? &calls : nullptr;
}

}  // namespace

const xod_calls *xod_library() {
  static const xod_calls *const calls = load();
  return calls;
}

#endif
