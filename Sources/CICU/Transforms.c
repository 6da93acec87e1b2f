#include "CICU.h"

#include <string.h>

#include <unicode/ustring.h>
#include <unicode/utrans.h>

int32_t xling_uppercase(const char *locale, const uint16_t *text, int32_t length, uint16_t *output,
                        int32_t capacity) {
  UErrorCode error = U_ZERO_ERROR;
  int32_t needed = u_strToUpper((UChar *)output, capacity, (const UChar *)text, length, locale,
                                &error);
  if (error == U_BUFFER_OVERFLOW_ERROR || U_SUCCESS(error)) return needed;
  return -(int32_t)error;
}

void *xling_transform_open(const uint16_t *identifier, int32_t length, int32_t *error) {
  UErrorCode status = U_ZERO_ERROR;
  UTransliterator *transform =
      utrans_openU((const UChar *)identifier, length, UTRANS_FORWARD, NULL, 0, NULL, &status);
  *error = U_FAILURE(status) ? (int32_t)status : 0;
  return transform;
}

void xling_transform_close(void *transform) { utrans_close((UTransliterator *)transform); }

int32_t xling_transform_apply(const void *transform, uint16_t *text, int32_t length,
                              int32_t capacity) {
  UErrorCode error = U_ZERO_ERROR;
  int32_t limit = length;
  utrans_transUChars((const UTransliterator *)transform, (UChar *)text, &length, capacity, 0,
                     &limit, &error);
  if (error == U_BUFFER_OVERFLOW_ERROR) return length > capacity ? length : capacity + 1;
  return U_FAILURE(error) ? -(int32_t)error : length;
}
