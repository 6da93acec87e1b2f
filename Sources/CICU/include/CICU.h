#ifndef XLING_CICU_H
#define XLING_CICU_H

#include <stdint.h>

// ICU behind plain types: its own headers clash with those that Foundation carries, so none may
// be seen by Swift. Text is UTF-16 with explicit lengths. Functions that write text return the
// length it needs (which may exceed `capacity`: grow and call again), or minus an ICU error code.

/// ICU's own name for an error code, for example "U_ILLEGAL_ARGUMENT_ERROR".
const char *xling_icu_error_name(int32_t code);

/// ICU's version, four numbers.
void xling_icu_version(uint8_t version[4]);

/// Makes the root locale ICU's default in this process. Otherwise a locale without data takes that
/// of the user's LANG. Returns 0 or minus an error code; call before anything with a locale.
int32_t xling_default_to_root(void);
/// 1 when ICU has data of its own for the language (two or three letters).
int32_t xling_has_language(const char *language);

/// A list formatter of type AND, width WIDE; null and an ICU error code in `*error` on failure.
void *xling_list_open(const char *locale, int32_t *error);
void xling_list_close(void *formatter);
/// `text` holds the items one behind the other, `lengths` their lengths.
int32_t xling_list_join(const void *formatter, const uint16_t *text, const int32_t *lengths,
                        int32_t count, uint16_t *output, int32_t capacity);

/// The name of `language` in the words of `locale`.
int32_t xling_display_language(const char *language, const char *locale, uint16_t *output,
                               int32_t capacity);
/// The ISO 639 language part of a locale, empty when it has none.
int32_t xling_locale_language(const char *locale, char *output, int32_t capacity);

/// Lower-case by the rules of a locale ("" is the root: no language's own rules).
int32_t xling_lowercase(const char *locale, const uint16_t *text, int32_t length,
                        uint16_t *output, int32_t capacity);

/// form: 0 NFC, 1 NFD, 2 NFKC, 3 NFKD.
int32_t xling_normalize(int32_t form, const uint16_t *text, int32_t length, uint16_t *output,
                        int32_t capacity);
/// 1 when the text is in the form for sure, 0 when it is not or may not be, minus an error code.
int32_t xling_is_normalized(int32_t form, const uint16_t *text, int32_t length);

/// The general category of a code point, in the order of ICU's UCharCategory (0 is Cn).
int32_t xling_general_category(uint32_t scalar);
/// The name of a code point's script, "Latin"; "Unknown" for what ICU does not know.
const char *xling_script_name(uint32_t scalar);
/// The Script property, in ICU's numbers (UScriptCode).
int32_t xling_script(uint32_t scalar);
/// The first number of the Unicode version that added the code point; 0 for the unassigned.
int32_t xling_age(uint32_t scalar);
/// 1 when the code point has the White_Space property.
int32_t xling_is_white_space(uint32_t scalar);
/// The canonical combining class.
int32_t xling_combining_class(uint32_t scalar);
/// The full canonical decomposition; -1 when the code point is its own.
int32_t xling_decomposition(uint32_t scalar, uint16_t output[64]);

/// The scalar that two compose to canonically, negative when they do not.
int32_t xling_composition(uint32_t first, uint32_t second);
/// 1 when the code point never joins with what stands before it in the form.
int32_t xling_boundary_before(int32_t form, uint32_t scalar);
/// Traits of all 0x110000 code points, bits: 1 changes in simple lower-casing, 2 decomposes
/// canonically or has a combining class, 4 its presence leaves NFC in doubt, 8 the same for NFKC.
/// Returns 0 or minus an error code.
int32_t xling_scalar_traits(uint8_t *table);
/// The simple, context-free lower-case mapping.
uint32_t xling_simple_lowercase(uint32_t scalar);

/// 1 when ICU has the locale ("zh_Hant") itself.
int32_t xling_locale_is_available(const char *locale);
/// ISO 639-3 of a locale's language; empty when ICU has none.
const char *xling_locale_iso639_3(const char *locale);
/// ISO 15924 of the script that a locale is likely in; empty when ICU knows none.
const char *xling_locale_script(const char *locale);
/// 1 when the locale's likely script is written from right to left.
int32_t xling_locale_is_right_to_left(const char *locale);
/// 1 when ICU knows a script of that code, "Latn".
int32_t xling_is_script(const char *name);

/// Upper-case by the rules of a locale ("" is the root).
int32_t xling_uppercase(const char *locale, const uint16_t *text, int32_t length,
                        uint16_t *output, int32_t capacity);

/// A transform by its identifier ("Any-Latin"); null and an ICU error code in `*error` on failure.
void *xling_transform_open(const uint16_t *identifier, int32_t length, int32_t *error);
void xling_transform_close(void *transform);
/// In place. Returns the new length; more than `capacity` when that was too little, and `text` is then
/// not to be used; or minus an error code.
int32_t xling_transform_apply(const void *transform, uint16_t *text, int32_t length,
                              int32_t capacity);

/// The four letters of ISO 15924 of a code point's script, "Latn"; "Zzzz" for what ICU does not know.
const char *xling_script_code(uint32_t scalar);

/// A word break iterator (UAX #29, dictionaries for Thai, Chinese, Japanese and the like) with its buffers,
/// for one thread; null and an ICU error code in `*error` on failure.
void *xling_words_open(const char *locale, int32_t *error);
void xling_words_close(void *words);
/// The words of well-formed UTF-8: segments of rule status 100 and above, so no spaces and punctuation.
/// Start and end in bytes, pair by pair, lie at `*bounds` until the next call. Returns the number of words
/// or minus an ICU error code.
int32_t xling_words_find(void *words, const uint8_t *text, int32_t length, const int32_t **bounds);

/// The characters that CLDR says a locale's language is written with, main and auxiliary ones, capitals and
/// small letters: first and last of each range, at most `capacity` of them. Returns how many ranges there
/// are, 0 where CLDR does not say, or minus an ICU error code.
int32_t xling_exemplars(const char *locale, uint32_t *bounds, int32_t capacity);

#endif
