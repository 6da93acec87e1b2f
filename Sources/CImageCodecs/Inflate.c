#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "CImageCodecs.h"

static int fail(xling_file *file, int code, const char *text) {
  snprintf(file->message, sizeof file->message, "%s", text);
  return file->code = code;
}

int xling_inflate(const uint8_t *data, size_t count, size_t limit, xling_file *file) {
  memset(file, 0, sizeof *file);
  z_stream stream = {0};
  if (inflateInit(&stream) != Z_OK) return fail(file, XLING_IMAGE_NO_MEMORY, "out of memory");
  size_t capacity = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    if (file->count == capacity) {
      if (capacity == limit) {
        inflateEnd(&stream);
        return fail(file, XLING_IMAGE_CORRUPT, "more than is read");
      }
      capacity = capacity == 0 ? 4 * count + 64 : 2 * capacity;
      if (capacity > limit) capacity = limit;
      uint8_t *grown = realloc(file->bytes, capacity);
      if (grown == NULL) {
        inflateEnd(&stream);
        return fail(file, XLING_IMAGE_NO_MEMORY, "out of memory");
      }
      file->bytes = grown;
    }
    // zlib counts in 32 bits.
    size_t room = capacity - file->count;
    size_t left = count - (size_t)(stream.next_in == NULL ? 0 : stream.next_in - data);
    stream.next_in = (Bytef *)data + (count - left);
    stream.avail_in = left > UINT32_MAX ? UINT32_MAX : (uInt)left;
    stream.avail_out = room > UINT32_MAX ? UINT32_MAX : (uInt)room;
    uInt before = stream.avail_out;
    stream.next_out = file->bytes + file->count;
    status = inflate(&stream, Z_NO_FLUSH);
    file->count += before - stream.avail_out;
  }
  const char *text = stream.msg != NULL ? stream.msg : "the data end early";
  int ended = status == Z_STREAM_END;
  if (!ended) fail(file, XLING_IMAGE_CORRUPT, text);
  inflateEnd(&stream);
  return file->code;
}
