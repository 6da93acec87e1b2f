#ifndef XLING_CTOML_H
#define XLING_CTOML_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Reads `count` bytes of TOML. Returns the tree as JSON, or as normalized TOML where `as_toml`, ended
/// by a zero, for xling_toml_free; else NULL, with the place (from 1, columns in code points; 0 when
/// there is none) and the reason in `reason`, of `room` bytes, ended by a zero. Dates, times, infinities
/// and NaN are refused: no card has them.
char *xling_toml_read(const char *bytes, int64_t count, int as_toml, int64_t *line, int64_t *column,
                      char *reason, int64_t room);

void xling_toml_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
