#include "CDigest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

// SHA-256 alone asks nothing of the machine's configuration of OpenSSL, which takes longer to read than
// the program to start. The call does nothing after the first, and waits for another thread's first.
xling_sha256 *xling_sha256_new(void) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
    EVP_MD_CTX_free(context);
    return NULL;
  }
  return (xling_sha256 *)context;
}

int xling_sha256_update(xling_sha256 *state, const void *bytes, size_t count) {
  return EVP_DigestUpdate((EVP_MD_CTX *)state, bytes, count) == 1 ? 0 : -1;
}

int xling_sha256_finish(xling_sha256 *state, uint8_t digest[32]) {
  unsigned int length = 0;
  return EVP_DigestFinal_ex((EVP_MD_CTX *)state, digest, &length) == 1 && length == 32 ? 0 : -1;
}

void xling_sha256_free(xling_sha256 *state) { EVP_MD_CTX_free((EVP_MD_CTX *)state); }
