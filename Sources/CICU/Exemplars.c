#include "CICU.h"

#include <unicode/ulocdata.h>
#include <unicode/uset.h>
#include <unicode/utf16.h>

// The characters of a set's strings ({ch} of Czech, a letter with a mark) one by one.
static void add_all(USet *to, const USet *from) {
  UErrorCode error = U_ZERO_ERROR;
  UChar text[64];
  for (int32_t i = 0; i < uset_getItemCount(from); i++) {
    UChar32 start, end;
    error = U_ZERO_ERROR;
    int32_t length = uset_getItem(from, i, &start, &end, text, 64, &error);
    if (U_FAILURE(error)) continue;
    if (length == 0) {
      uset_addRange(to, start, end);
      continue;
    }
    for (int32_t at = 0; at < length;) {
      UChar32 scalar;
      U16_NEXT(text, at, length, scalar);
      uset_add(to, scalar);
    }
  }
}

int32_t xling_exemplars(const char *locale, uint32_t *bounds, int32_t capacity) {
  UErrorCode error = U_ZERO_ERROR;
  ULocaleData *data = ulocdata_open(locale, &error);
  if (U_FAILURE(error)) return -(int32_t)error;
  USet *letters = uset_openEmpty(), *found = uset_openEmpty();
  const ULocaleDataExemplarSetType kinds[] = {ULOCDATA_ES_STANDARD, ULOCDATA_ES_AUXILIARY};
  for (int kind = 0; kind < 2; kind++) {
    error = U_ZERO_ERROR;
    uset_clear(found);
    ulocdata_getExemplarSet(data, found, 0, kinds[kind], &error);
    // A locale may have no further letters; what the root says belongs to no language.
    if (U_SUCCESS(error) && error != U_USING_DEFAULT_WARNING) add_all(letters, found);
  }
  ulocdata_close(data);
  if (!uset_isEmpty(letters)) {
    uset_clear(found);
    uset_addAll(found, letters);
    uset_closeOver(found, USET_ADD_CASE_MAPPINGS);
    add_all(letters, found);
  }
  int32_t count = 0;
  for (int32_t i = 0; i < uset_getItemCount(letters); i++) {
    UChar32 start, end;
    error = U_ZERO_ERROR;
    if (uset_getItem(letters, i, &start, &end, NULL, 0, &error) != 0 || U_FAILURE(error)) continue;
    if (count < capacity) {
      bounds[2 * count] = (uint32_t)start;
      bounds[2 * count + 1] = (uint32_t)end;
    }
    count++;
  }
  uset_close(letters);
  uset_close(found);
  return count;
}
