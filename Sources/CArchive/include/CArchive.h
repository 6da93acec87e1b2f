#ifndef XLING_CARCHIVE_H
#define XLING_CARCHIVE_H

#include <stddef.h>
#include <stdint.h>

// A tar archive (ustar, pax, GNU), as it is or packed by gzip, bzip2, xz, lzma or zstd, read from the
// front to the back.
typedef struct xling_archive xling_archive;

// NULL when it is no such archive: `message`, of `room` bytes, says why.
xling_archive *xling_archive_open(const char *path, char *message, size_t room);
// The same of a zip archive, its list at the end read first.
xling_archive *xling_archive_open_zip(const char *path, char *message, size_t room);
void xling_archive_close(xling_archive *archive);

// Steps to the next member that is a regular file: 1, or 0 at the end, or -1. `name` is UTF-8 where the
// archive's is, and lives until the next step. `size` is what the archive claims, never negative.
int xling_archive_next(xling_archive *archive, const char **name, int64_t *size);

// The member's next bytes: how many, 0 at its end, -1 when the archive is damaged or ends before.
int64_t xling_archive_read(xling_archive *archive, uint8_t *bytes, size_t room);

// Bytes unpacked so far.
int64_t xling_archive_unpacked(const xling_archive *archive);

// What went wrong last.
const char *xling_archive_message(const xling_archive *archive);

#endif
