#ifndef XLING_CONEDNN_CALLS_H
#define XLING_CONEDNN_CALLS_H

// oneDNN's C functions through a table that is filled when bf16 is first asked for: the library is 40 MB and
// brings an OpenCL loader along, which no other command has to load or to have.

#include <oneapi/dnnl/dnnl.h>

/// All that dnnl.hpp calls of what is used here; one that is missing is undefined when the program is linked.
#define XOD_CALLS(CALL)                                                                            \
  CALL(dnnl_engine_create)                                                                         \
  CALL(dnnl_engine_destroy)                                                                        \
  CALL(dnnl_get_effective_cpu_isa)                                                                 \
  CALL(dnnl_matmul_desc_init)                                                                      \
  CALL(dnnl_memory_create)                                                                         \
  CALL(dnnl_memory_desc_get_size)                                                                  \
  CALL(dnnl_memory_desc_init_by_strides)                                                           \
  CALL(dnnl_memory_desc_init_by_tag)                                                               \
  CALL(dnnl_memory_destroy)                                                                        \
  CALL(dnnl_memory_get_engine)                                                                     \
  CALL(dnnl_memory_get_memory_desc)                                                                \
  CALL(dnnl_post_ops_append_sum)                                                                   \
  CALL(dnnl_post_ops_append_sum_v2)                                                                \
  CALL(dnnl_post_ops_create)                                                                       \
  CALL(dnnl_post_ops_destroy)                                                                      \
  CALL(dnnl_primitive_attr_create)                                                                 \
  CALL(dnnl_primitive_attr_destroy)                                                                \
  CALL(dnnl_primitive_attr_set_post_ops)                                                           \
  CALL(dnnl_primitive_attr_set_scratchpad_mode)                                                    \
  CALL(dnnl_primitive_create)                                                                      \
  CALL(dnnl_primitive_desc_destroy)                                                                \
  CALL(dnnl_primitive_desc_iterator_create)                                                        \
  CALL(dnnl_primitive_desc_iterator_destroy)                                                       \
  CALL(dnnl_primitive_desc_iterator_fetch)                                                         \
  CALL(dnnl_primitive_desc_query)                                                                  \
  CALL(dnnl_primitive_desc_query_md)                                                               \
  CALL(dnnl_primitive_destroy)                                                                     \
  CALL(dnnl_primitive_execute)                                                                     \
  CALL(dnnl_reorder_primitive_desc_create)                                                         \
  CALL(dnnl_stream_create)                                                                         \
  CALL(dnnl_stream_destroy)                                                                        \
  CALL(dnnl_stream_wait)                                                                           \
  CALL(dnnl_version)

struct xod_calls {
#define XOD_MEMBER(name) decltype(&::name) name##_call;
  XOD_CALLS(XOD_MEMBER)
#undef XOD_MEMBER
  /// OpenMP's, which the library is built with; NULL where it is built with other threads.
  void (*set_threads)(int);
};

/// The library's functions; NULL where it is not there, is another version's, or does not fit into memory.
const xod_calls *xod_library();

// dnnl.hpp's own calls go through the table.
#define dnnl_engine_create (*xod_library()->dnnl_engine_create_call)
#define dnnl_engine_destroy (*xod_library()->dnnl_engine_destroy_call)
#define dnnl_get_effective_cpu_isa (*xod_library()->dnnl_get_effective_cpu_isa_call)
#define dnnl_matmul_desc_init (*xod_library()->dnnl_matmul_desc_init_call)
#define dnnl_memory_create (*xod_library()->dnnl_memory_create_call)
#define dnnl_memory_desc_get_size (*xod_library()->dnnl_memory_desc_get_size_call)
#define dnnl_memory_desc_init_by_strides (*xod_library()->dnnl_memory_desc_init_by_strides_call)
#define dnnl_memory_desc_init_by_tag (*xod_library()->dnnl_memory_desc_init_by_tag_call)
#define dnnl_memory_destroy (*xod_library()->dnnl_memory_destroy_call)
#define dnnl_memory_get_engine (*xod_library()->dnnl_memory_get_engine_call)
#define dnnl_memory_get_memory_desc (*xod_library()->dnnl_memory_get_memory_desc_call)
#define dnnl_post_ops_append_sum (*xod_library()->dnnl_post_ops_append_sum_call)
#define dnnl_post_ops_append_sum_v2 (*xod_library()->dnnl_post_ops_append_sum_v2_call)
#define dnnl_post_ops_create (*xod_library()->dnnl_post_ops_create_call)
#define dnnl_post_ops_destroy (*xod_library()->dnnl_post_ops_destroy_call)
#define dnnl_primitive_attr_create (*xod_library()->dnnl_primitive_attr_create_call)
#define dnnl_primitive_attr_destroy (*xod_library()->dnnl_primitive_attr_destroy_call)
#define dnnl_primitive_attr_set_post_ops (*xod_library()->dnnl_primitive_attr_set_post_ops_call)
#define dnnl_primitive_attr_set_scratchpad_mode \
  (*xod_library()->dnnl_primitive_attr_set_scratchpad_mode_call)
#define dnnl_primitive_create (*xod_library()->dnnl_primitive_create_call)
#define dnnl_primitive_desc_destroy (*xod_library()->dnnl_primitive_desc_destroy_call)
#define dnnl_primitive_desc_iterator_create \
  (*xod_library()->dnnl_primitive_desc_iterator_create_call)
#define dnnl_primitive_desc_iterator_destroy \
  (*xod_library()->dnnl_primitive_desc_iterator_destroy_call)
#define dnnl_primitive_desc_iterator_fetch \
  (*xod_library()->dnnl_primitive_desc_iterator_fetch_call)
#define dnnl_primitive_desc_query (*xod_library()->dnnl_primitive_desc_query_call)
#define dnnl_primitive_desc_query_md (*xod_library()->dnnl_primitive_desc_query_md_call)
#define dnnl_primitive_destroy (*xod_library()->dnnl_primitive_destroy_call)
#define dnnl_primitive_execute (*xod_library()->dnnl_primitive_execute_call)
#define dnnl_reorder_primitive_desc_create (*xod_library()->dnnl_reorder_primitive_desc_create_call)
#define dnnl_stream_create (*xod_library()->dnnl_stream_create_call)
#define dnnl_stream_destroy (*xod_library()->dnnl_stream_destroy_call)
#define dnnl_stream_wait (*xod_library()->dnnl_stream_wait_call)
#define dnnl_version (*xod_library()->dnnl_version_call)

#include <oneapi/dnnl/dnnl.hpp>

#endif
