#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "CImageCodecs.h"

// libjpeg hands back the error manager; the jump target lies behind it.
typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  int truncated;
  int code;
  char message[JMSG_LENGTH_MAX];
} errors;

static void fail(j_common_ptr info) {
  errors *state = (errors *)info->err;
  info->err->format_message(info, state->message);
  int code = info->err->msg_code;
  state->code = code == JERR_OUT_OF_MEMORY                     ? XLING_IMAGE_NO_MEMORY
                : code == JERR_INPUT_EOF || state->truncated ? XLING_IMAGE_TRUNCATED
                                                               : XLING_IMAGE_CORRUPT;
  longjmp(state->escape, 1);
}

// libjpeg invents an end marker when the data stop early and fills the rest with grey: only this
// warning counts; the others are ignored, as in Pillow.
static void warn(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) ((errors *)info->err)->truncated = 1;
}

static void say_nothing(j_common_ptr info) { (void)info; }

static void prepare(errors *state) {
  memset(state, 0, sizeof *state);
  jpeg_std_error(&state->base);
  state->base.error_exit = fail;
  state->base.emit_message = warn;
  state->base.output_message = say_nothing;
}

// CMYK as Adobe stores it (inverted) to RGB with Pillow's integer formula.
static void rgb_from_cmyk(const uint8_t *cmyk, uint8_t *rgb, size_t width) {
  for (size_t x = 0; x < width; x++) {
    unsigned light = cmyk[4 * x + 3];  // 255 - K
    for (int c = 0; c < 3; c++) {
      unsigned product = (255u - cmyk[4 * x + c]) * light + 128;
      rgb[3 * x + c] = (uint8_t)(light - (((product >> 8) + product) >> 8));
    }
  }
}

static void read_rows(struct jpeg_decompress_struct *info, uint8_t *pixels) {
  size_t width = info->output_width;
  if (info->output_components == 3) {
    while (info->output_scanline < info->output_height) {
      JSAMPROW row = pixels + (size_t)info->output_scanline * width * 3;
      jpeg_read_scanlines(info, &row, 1);
    }
    return;
  }
  // The pool of `info` frees this buffer, also after a jump.
  JSAMPARRAY row = info->mem->alloc_sarray((j_common_ptr)info, JPOOL_IMAGE, (JDIMENSION)width * 4, 1);
  while (info->output_scanline < info->output_height) {
    uint8_t *target = pixels + (size_t)info->output_scanline * width * 3;
    jpeg_read_scanlines(info, row, 1);
    rgb_from_cmyk(row[0], target, width);
  }
}

int xling_jpeg_size(const uint8_t *data, size_t count, xling_image *image) {
  errors state;
  struct jpeg_decompress_struct info;
  memset(image, 0, sizeof *image);
  prepare(&state);
  memset(&info, 0, sizeof info);
  info.err = &state.base;
  if (setjmp(state.escape) == 0) {
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, data, count);
    jpeg_read_header(&info, TRUE);
    image->width = info.image_width;
    image->height = info.image_height;
  }
  jpeg_destroy_decompress(&info);
  snprintf(image->message, sizeof image->message, "%s", state.message);
  return image->code = state.code;
}

// Decodes with the settings that libjpeg starts with, which are also Pillow's: the slow integer
// DCT, triangular chroma upsampling, block smoothing.
static void decode(struct jpeg_decompress_struct *info, errors *state, const uint8_t *data,
                   size_t count, int policy, uint8_t *pixels) {
  jpeg_create_decompress(info);
  jpeg_mem_src(info, data, count);
  jpeg_read_header(info, TRUE);
  int four = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
  info->out_color_space = four ? JCS_CMYK : JCS_RGB;
  // What no row reaches is zero in the file's colours: no ink is white.
  if (policy == XLING_IMAGE_LENIENT)
    memset(pixels, four ? 255 : 0, (size_t)info->image_width * info->image_height * 3);
  jpeg_start_decompress(info);
  read_rows(info, pixels);
  if (state->truncated) {
    snprintf(state->message, sizeof state->message, "the data end before the end marker");
    state->code = XLING_IMAGE_TRUNCATED;
  }
}

int xling_jpeg_decode(const uint8_t *data, size_t count, int policy, uint8_t *pixels,
                      xling_image *image) {
  errors state;
  struct jpeg_decompress_struct info;
  prepare(&state);
  memset(&info, 0, sizeof info);
  info.err = &state.base;
  if (setjmp(state.escape) == 0) decode(&info, &state, data, count, policy, pixels);
  jpeg_destroy_decompress(&info);
  snprintf(image->message, sizeof image->message, "%s", state.message);
  int forgiven = policy == XLING_IMAGE_LENIENT && state.code != XLING_IMAGE_NO_MEMORY;
  return image->code = forgiven ? XLING_IMAGE_OK : state.code;
}

int xling_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int quality,
                      int chroma, xling_file *file) {
  errors state;
  struct jpeg_compress_struct info;
  // Volatile: libjpeg writes through these addresses between setjmp and a jump.
  struct {
    unsigned char *bytes;
    unsigned long count;
  } volatile target = {NULL, 0};
  memset(file, 0, sizeof *file);
  prepare(&state);
  memset(&info, 0, sizeof info);
  info.err = &state.base;
  if (setjmp(state.escape)) {
    jpeg_destroy_compress(&info);
    free(target.bytes);
    snprintf(file->message, sizeof file->message, "%s", state.message);
    return file->code = state.code;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, (unsigned char **)&target.bytes, (unsigned long *)&target.count);
  info.image_width = width;
  info.image_height = height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  info.dct_method = JDCT_ISLOW;
  info.optimize_coding = TRUE;
  info.comp_info[0].h_samp_factor = chroma;
  info.comp_info[0].v_samp_factor = chroma;
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)info.next_scanline * width * 3);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  file->bytes = target.bytes;
  file->count = target.count;
  return file->code;
}
