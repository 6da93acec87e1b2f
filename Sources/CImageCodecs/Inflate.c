#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "CImageCodecs.h"

int xling_inflate(const uint8_t *data, size_t count, uint8_t *bytes, size_t room,
                  int whole, xling_inflated *result) {
  memset(result, 0, sizeof *result);
  z_stream stream = {0};
  if (inflateInit(&stream) != Z_OK) {
    snprintf(result->message, sizeof result->message, "out of memory");
    return result->code = XLING_IMAGE_NO_MEMORY;
  }
  int status = Z_OK;
  size_t used = 0;
  uint8_t more;
  while (status == Z_OK && (result->count < room || whole)) {
    // zlib counts in 32 bits.
    size_t left = count - used, space = room - result->count;
    uInt in = left > UINT32_MAX ? UINT32_MAX : (uInt)left;
    // The end and its checksum are only read when there is room for what may not come.
    uInt out = space == 0 ? 1 : space > UINT32_MAX ? UINT32_MAX : (uInt)space;
    stream.next_in = (Bytef *)data + used;
    stream.avail_in = in;
    stream.next_out = space == 0 ? &more : bytes + result->count;
    stream.avail_out = out;
    status = inflate(&stream, Z_NO_FLUSH);
    used += in - stream.avail_in;
    if (space == 0 && stream.avail_out == 0) {
      status = Z_DATA_ERROR;
      stream.msg = "more than its header says";
    } else if (space > 0) {
      result->count += out - stream.avail_out;
    }
  }
  if (status != Z_STREAM_END && (result->count < room || whole)) {
    const char *text = stream.msg != NULL ? stream.msg : "the data end early";
    snprintf(result->message, sizeof result->message, "%s", text);
    result->code = XLING_IMAGE_CORRUPT;
  }
  inflateEnd(&stream);
  return result->code;
}
