#ifndef XLING_CDIGEST_H
#define XLING_CDIGEST_H

#include <stddef.h>
#include <stdint.h>

/// SHA-256 of a byte stream through OpenSSL's libcrypto. All functions return 0 on success.
typedef struct xling_sha256 xling_sha256;
xling_sha256 *xling_sha256_new(void);
int xling_sha256_update(xling_sha256 *state, const void *bytes, size_t count);
int xling_sha256_finish(xling_sha256 *state, uint8_t digest[32]);
void xling_sha256_free(xling_sha256 *state);

#endif
