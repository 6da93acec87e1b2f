#define _GNU_SOURCE
#include "CArchive.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include <archive.h>
#include <archive_entry.h>

struct xling_archive {
  struct archive *reader;
  locale_t locale;
  const char *message;
};

static const char *text(struct archive *reader) {
  const char *message = archive_error_string(reader);
  return message != NULL ? message : "damaged";
}

static void take_tar(struct archive *reader) {
  // One by one: "all" includes filters that start other programs.
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_bzip2(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_lzma(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_format_tar(reader);
}

static void take_zip(struct archive *reader) {
  archive_read_support_format_zip_seekable(reader);
}

static xling_archive *open_as(void (*take)(struct archive *), const char *path, char *message,
                              size_t room) {
  xling_archive *archive = calloc(1, sizeof *archive);
  struct archive *reader = archive == NULL ? NULL : archive_read_new();
  if (reader == NULL) {
    free(archive);
    snprintf(message, room, "out of memory");
    return NULL;
  }
  archive->reader = reader;
  // Names in pax headers are UTF-8 and are lost in the locale "C", which a process begins with.
  archive->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  take(reader);
  if (archive_read_open_filename(reader, path, 1 << 16) < ARCHIVE_WARN) {
    snprintf(message, room, "%s", text(reader));
    xling_archive_close(archive);
    return NULL;
  }
  return archive;
}

xling_archive *xling_archive_open(const char *path, char *message, size_t room) {
  return open_as(take_tar, path, message, room);
}

xling_archive *xling_archive_open_zip(const char *path, char *message, size_t room) {
  return open_as(take_zip, path, message, room);
}

void xling_archive_close(xling_archive *archive) {
  archive_read_free(archive->reader);
  if (archive->locale != (locale_t)0) freelocale(archive->locale);
  free(archive);
}

static int next(xling_archive *archive, const char **name, int64_t *size) {
  for (;;) {
    struct archive_entry *entry = NULL;
    int status = archive_read_next_header(archive->reader, &entry);
    if (status == ARCHIVE_EOF) return 0;
    // ARCHIVE_WARN: a name that is no UTF-8, say; ARCHIVE_RETRY would step over damage in silence.
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
      archive->message = text(archive->reader);
      return -1;
    }
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != NULL) continue;
    *name = archive_entry_pathname(entry);
    *size = archive_entry_size(entry);
    if (*name == NULL || *size < 0) {
      archive->message = *name == NULL ? "a member has no name" : "a member has a negative size";
      return -1;
    }
    return 1;
  }
}

int xling_archive_next(xling_archive *archive, const char **name, int64_t *size) {
  if (archive->locale == (locale_t)0) return next(archive, name, size);
  locale_t before = uselocale(archive->locale);
  int status = next(archive, name, size);
  uselocale(before);
  return status;
}

int64_t xling_archive_read(xling_archive *archive, uint8_t *bytes, size_t room) {
  la_ssize_t count = archive_read_data(archive->reader, bytes, room);
  if (count >= 0) return count;
  archive->message = text(archive->reader);
  return -1;
}

int64_t xling_archive_unpacked(const xling_archive *archive) {
  return archive_filter_bytes(archive->reader, 0);
}

const char *xling_archive_message(const xling_archive *archive) {
  return archive->message != NULL ? archive->message : "damaged";
}
