#include "CICU.h"

#include <string.h>

#include <unicode/uchar.h>
#include <unicode/uloc.h>
#include <unicode/uscript.h>

int32_t xling_locale_is_available(const char *locale) {
  for (int32_t i = 0; i < uloc_countAvailable(); i++) {
    if (strcmp(uloc_getAvailable(i), locale) == 0) return 1;
  }
  return 0;
}

const char *xling_locale_iso639_3(const char *locale) { return uloc_getISO3Language(locale); }

const char *xling_locale_script(const char *locale) {
  UErrorCode error = U_ZERO_ERROR;
  UScriptCode script;
  // One code for each language: of ja it is Jpan, of ko Kore, if asked for the likely subtags.
  char whole[ULOC_FULLNAME_CAPACITY], name[8];
  uloc_addLikelySubtags(locale, whole, sizeof whole, &error);
  int32_t length = uloc_getScript(whole, name, sizeof name, &error);
  if (U_FAILURE(error) || length != 4) return "";
  script = (UScriptCode)u_getPropertyValueEnum(UCHAR_SCRIPT, name);
  return script < 0 ? "" : uscript_getShortName(script);
}

int32_t xling_locale_is_right_to_left(const char *locale) { return uloc_isRightToLeft(locale); }

int32_t xling_is_script(const char *name) {
  return u_getPropertyValueEnum(UCHAR_SCRIPT, name) != UCHAR_INVALID_CODE;
}
