/* SPDX-License-Identifier: Apache-2.0 */
/* The numeric floor from plain C: known codes, round trips, scales of every geometry, products
   against plain loops, and arguments that cannot be. */
#include <math.h>

#include "check.h"

enum { kRows = 70, kCols = 203, kTokens = 3 };

static uint32_t state = 12345;
static uint32_t next_bits(void) {
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

static int64_t bytes_of(int32_t dtype, int64_t n) {
  switch (dtype) {
    case OTTOBIT_F32:
      return 4 * n;
    case OTTOBIT_F16:
    case OTTOBIT_BF16:
      return 2 * n;
    case OTTOBIT_E2M1:
    case OTTOBIT_INT4:
      return (n + 1) / 2;
    default:
      return n;
  }
}

static void known_codes(ottobit_runtime* rt) {
  static const unsigned char e4m3[] = {0x00, 0x01, 0x08, 0x38, 0x7E, 0xFE, 0x80};
  static const float e4m3_values[] = {0, 0x1p-9f, 0x1p-6f, 1, 448, -448, -0.0f};
  static const unsigned char e2m1[] = {0x10, 0x32, 0x54, 0x76, 0x9F};
  static const float e2m1_values[] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -6};
  static const unsigned char e8m0[] = {0, 1, 127, 128, 254};
  static const float e8m0_values[] = {0x1p-127f, 0x1p-126f, 1, 2, 0x1p127f};
  static const unsigned char int4[] = {0x80, 0xF7};
  static const float int4_values[] = {-8, 0, -1, 7};
  static const unsigned char e5m2[] = {0x01, 0x3C, 0x7B, 0x7C, 0xFC};
  static const float e5m2_values[] = {0x1p-16f, 1, 57344, INFINITY, -INFINITY};
  float out[16];
  unsigned char codes[16];
  ottobit_error* e = NULL;
#define CASE(dtype, in, values)                                                                    \
  do {                                                                                             \
    const size_t n = sizeof(values) / sizeof((values)[0]);                                         \
    check_ok("decode", ottobit_decode(rt, dtype, in, n, out, &e), &e);                             \
    CHECK(memcmp(out, values, sizeof(values)) == 0);                                               \
    check_ok("encode", ottobit_encode(rt, dtype, values, n, codes, &e), &e);                       \
    if (dtype != OTTOBIT_E2M1 && dtype != OTTOBIT_E5M2) CHECK(memcmp(codes, in, sizeof(in)) == 0); \
  } while (0)
  CASE(OTTOBIT_E4M3, e4m3, e4m3_values);
  CASE(OTTOBIT_E2M1, e2m1, e2m1_values);
  CHECK(codes[0] == 0x10 && codes[4] == 0x0F); /* the last half byte is 0 */
  CASE(OTTOBIT_INT4, int4, int4_values);
  CASE(OTTOBIT_E8M0, e8m0, e8m0_values);
  CASE(OTTOBIT_E5M2, e5m2, e5m2_values);
  CHECK(codes[3] == 0x7B && codes[4] == 0xFB); /* infinities clamp */
#undef CASE
}

/* All codes of the 8-bit formats survive decode and encode, but NaN's payloads and E5M2's
 * infinities. */
static void round_trips(ottobit_runtime* rt) {
  static const int32_t formats[] = {OTTOBIT_E4M3, OTTOBIT_E5M2, OTTOBIT_E8M0, OTTOBIT_E2M1,
                                    OTTOBIT_INT4};
  unsigned char codes[256];
  unsigned char back[256];
  float values[512];
  size_t f;
  int i;
  for (i = 0; i < 256; ++i) codes[i] = (unsigned char)i;
  for (f = 0; f < 5; ++f) {
    const size_t n = bytes_of(formats[f], 2) == 1 ? 512 : 256;
    ottobit_error* e = NULL;
    check_ok("decode", ottobit_decode(rt, formats[f], codes, n, values, &e), &e);
    check_ok("encode", ottobit_encode(rt, formats[f], values, n, back, &e), &e);
    for (i = 0; i < 256; ++i) {
      if (n == 512 || isfinite(values[i])) CHECK(back[i] == codes[i]);
    }
  }
}

typedef struct geometry {
  int32_t dtype, scale_dtype, block_rows, block_cols, inverse, matrix_inverse;
  float matrix_scale;
} geometry;

/* Element (r, c) by the definition in the header. */
static double element(ottobit_runtime* rt, const ottobit_matrix* w, int64_t r, int64_t c) {
  const unsigned char* row = (const unsigned char*)w->data + r * w->row_bytes;
  const int64_t br = w->block_rows == 0 ? w->rows : w->block_rows;
  const int64_t bc = w->block_cols == 0 ? w->cols : w->block_cols;
  float pair[2];
  float scale[1];
  double value;
  if (bytes_of(w->dtype, 2) == 1) {
    CHECK(ottobit_decode(rt, w->dtype, row + c / 2, 2, pair, NULL) == OTTOBIT_OK);
    value = (double)pair[c % 2];
  } else {
    CHECK(ottobit_decode(rt, w->dtype, row + bytes_of(w->dtype, c), 1, pair, NULL) == OTTOBIT_OK);
    value = (double)pair[0];
  }
  if (w->scale_dtype == 0) return value;
  CHECK(ottobit_decode(rt, w->scale_dtype,
                       (const unsigned char*)w->scales + r / br * w->scale_row_bytes +
                           bytes_of(w->scale_dtype, c / bc),
                       1, scale, NULL) == OTTOBIT_OK);
  if (w->matrix_scale != 0) {
    scale[0] = w->matrix_scale_inverse ? scale[0] / w->matrix_scale : scale[0] * w->matrix_scale;
  }
  return w->scale_inverse ? value / (double)scale[0] : value * (double)scale[0];
}

static void one_geometry(ottobit_runtime* rt, const geometry* g) {
  static unsigned char data[kRows * (4 * kCols + 1) + 64];
  static unsigned char scales[kRows * kCols * 4];
  static float source[kRows * kCols];
  static float dequantised[kRows * (kCols + 2)];
  static float x[kTokens * kCols];
  static float y[kTokens * (kRows + 1)];
  ottobit_matrix w;
  ottobit_error* e = NULL;
  const int64_t grid_rows = g->block_rows == 0 ? 1 : (kRows + g->block_rows - 1) / g->block_rows;
  const int64_t grid_cols = g->block_cols == 0 ? 1 : (kCols + g->block_cols - 1) / g->block_cols;
  int64_t r, c, t;
  memset(&w, 0, sizeof w);
  w.struct_size = sizeof w;
  w.dtype = g->dtype;
  w.rows = kRows;
  w.cols = kCols;
  w.row_bytes = bytes_of(g->dtype, kCols) + 1; /* rows at odd addresses */
  w.data = data + 1;
  for (r = 0; r < kRows * kCols; ++r) source[r] = ((float)(next_bits() % 2001) - 1000) / 250;
  for (r = 0; r < kRows; ++r) {
    CHECK(ottobit_encode(rt, g->dtype, source + r * kCols, kCols, data + 1 + r * w.row_bytes,
                         NULL) == OTTOBIT_OK);
  }
  if (g->scale_dtype != 0) {
    static float values[kRows * kCols];
    w.scale_dtype = g->scale_dtype;
    w.scale_inverse = g->inverse;
    w.matrix_scale = g->matrix_scale;
    w.matrix_scale_inverse = g->matrix_inverse;
    w.block_rows = g->block_rows;
    w.block_cols = g->block_cols;
    w.scale_row_bytes = bytes_of(g->scale_dtype, grid_cols);
    w.scales = scales;
    for (r = 0; r < grid_rows * grid_cols; ++r) {
      values[r] = (float)(1 + next_bits() % 7) * (next_bits() % 2 ? 0.125f : 0.5f);
    }
    CHECK(ottobit_encode(rt, g->scale_dtype, values, (size_t)(grid_rows * grid_cols), scales,
                         NULL) == OTTOBIT_OK);
  }
  check_ok("dequantize", ottobit_dequantize(rt, &w, dequantised, 4 * (kCols + 2), &e), &e);
  for (r = 0; r < kRows; ++r) {
    for (c = 0; c < kCols; ++c) {
      if (g->dtype == OTTOBIT_E8M0 && source[r * kCols + c] < 0) continue; /* NaN */
      CHECK(dequantised[r * (kCols + 2) + c] == (float)element(rt, &w, r, c));
    }
  }
  if (g->dtype == OTTOBIT_E8M0) return;
  for (r = 0; r < kTokens * kCols; ++r) x[r] = ((float)(next_bits() % 2001) - 1000) / 500;
  for (t = 1; t <= kTokens; t += 2) {
    check_ok("matmul",
             ottobit_matmul(rt, t, OTTOBIT_F32, x, 4 * kCols, &w, y, 4 * (kRows + 1), NULL, &e),
             &e);
    for (r = 0; r < t * kRows; ++r) {
      const float* row = dequantised + r % kRows * (kCols + 2);
      double sum = 0, size = 0;
      for (c = 0; c < kCols; ++c) {
        const double product = (double)row[c] * (double)x[r / kRows * kCols + c];
        sum += product;
        size += fabs(product);
      }
      /* One rounding for each of kCols terms and the scale, at the worst. */
      CHECK(fabs((double)y[r / kRows * (kRows + 1) + r % kRows] - sum) <=
            (kCols + 4) * 0x1p-24 * size);
    }
  }
}

static void geometries(ottobit_runtime* rt) {
  static const geometry table[] = {{OTTOBIT_E4M3, OTTOBIT_F32, 128, 128, 0},
                                   {OTTOBIT_E4M3, OTTOBIT_BF16, 128, 128, 0},
                                   {OTTOBIT_E4M3, OTTOBIT_F16, 32, 64, 0},
                                   {OTTOBIT_E4M3, OTTOBIT_E8M0, 1, 32, 0},
                                   {OTTOBIT_E4M3, OTTOBIT_F32, 1, 0, 0},
                                   {OTTOBIT_E4M3, OTTOBIT_F32, 0, 0, 1},
                                   {OTTOBIT_E4M3, 0, 0, 0, 0},
                                   {OTTOBIT_E5M2, OTTOBIT_F32, 7, 13, 0},
                                   {OTTOBIT_E5M2, 0, 0, 0, 0},
                                   {OTTOBIT_E2M1, OTTOBIT_E8M0, 1, 32, 0},
                                   {OTTOBIT_E2M1, OTTOBIT_F32, 5, 3, 1},
                                   {OTTOBIT_E2M1, OTTOBIT_E4M3, 1, 16, 0, 0, 0.3f},
                                   {OTTOBIT_E2M1, OTTOBIT_E4M3, 1, 16, 0, 1, 1300.0f},
                                   {OTTOBIT_E2M1, 0, 0, 0, 0},
                                   {OTTOBIT_INT4, OTTOBIT_BF16, 1, 32, 0},
                                   {OTTOBIT_INT4, 0, 0, 0, 0},
                                   {OTTOBIT_BF16, 0, 0, 0, 0},
                                   {OTTOBIT_BF16, OTTOBIT_F32, 128, 128, 0},
                                   {OTTOBIT_F16, OTTOBIT_F32, 1, 1, 0},
                                   {OTTOBIT_F32, 0, 0, 0, 0},
                                   {OTTOBIT_F32, OTTOBIT_F32, 64, 64, 1},
                                   {OTTOBIT_E8M0, 0, 0, 0, 0}};
  size_t i;
  for (i = 0; i < sizeof table / sizeof table[0]; ++i) one_geometry(rt, &table[i]);
}

/* x in every format, any number of threads: the bits of the product do not change. */
static void same_bits(void) {
  static unsigned char data[300 * 256];
  static float x[2 * 256], first[2 * 300], y[2 * 300];
  static const int32_t threads[] = {1, 2, 3, 7};
  ottobit_matrix w;
  size_t i;
  memset(&w, 0, sizeof w);
  w.struct_size = sizeof w;
  w.dtype = OTTOBIT_E4M3;
  w.rows = 300;
  w.cols = w.row_bytes = 256;
  w.data = data;
  for (i = 0; i < sizeof data; ++i) data[i] = (unsigned char)(next_bits() % 120);
  for (i = 0; i < 512; ++i) x[i] = (float)(next_bits() % 100) / 64;
  for (i = 0; i < 4; ++i) {
    ottobit_runtime* rt = make_runtime(threads[i]);
    unsigned char narrow[2 * 2 * 256];
    ottobit_error* e = NULL;
    check_ok("matmul", ottobit_matmul(rt, 2, OTTOBIT_F32, x, 1024, &w, y, 1200, NULL, &e), &e);
    if (i == 0) memcpy(first, y, sizeof y);
    CHECK(memcmp(first, y, sizeof y) == 0);
    CHECK(ottobit_encode(rt, OTTOBIT_BF16, x, 512, narrow, NULL) == OTTOBIT_OK); /* x fits */
    check_ok("matmul", ottobit_matmul(rt, 2, OTTOBIT_BF16, narrow, 512, &w, y, 1200, NULL, &e), &e);
    CHECK(memcmp(first, y, sizeof y) == 0);
    CHECK(ottobit_runtime_park(rt) == OTTOBIT_OK);
    ottobit_runtime_release(rt);
  }
}

static void refusals(ottobit_runtime* rt) {
  float values[4] = {1, 2, 3, 4};
  float out[4];
  ottobit_error* e = NULL;
  ottobit_cancel* c = NULL;
  ottobit_matrix w;
  memset(&w, 0, sizeof w);
  w.struct_size = sizeof w;
  w.dtype = OTTOBIT_F32;
  w.rows = w.cols = 2;
  w.row_bytes = 8;
  w.data = values;
#define REFUSED(status, part, call) check_fails(#call, status, part, call, &e)
  REFUSED(OTTOBIT_E_ARGUMENT, "dtype", ottobit_decode(rt, 9, values, 1, out, &e));
  REFUSED(OTTOBIT_E_ARGUMENT, "dtype", ottobit_encode(rt, 0, values, 1, out, &e));
  REFUSED(OTTOBIT_E_ARGUMENT, "in", ottobit_decode(rt, OTTOBIT_F32, NULL, 1, out, &e));
  REFUSED(OTTOBIT_E_ARGUMENT, "out", ottobit_encode(rt, OTTOBIT_F32, values, 1, NULL, &e));
  REFUSED(OTTOBIT_E_ARGUMENT, "n", ottobit_decode(rt, OTTOBIT_F32, values, SIZE_MAX, out, &e));
  REFUSED(OTTOBIT_E_ARGUMENT, "runtime", ottobit_decode(NULL, OTTOBIT_F32, values, 1, out, &e));
  REFUSED(OTTOBIT_E_ARGUMENT, "matrix", ottobit_dequantize(rt, NULL, out, 8, &e));
  REFUSED(OTTOBIT_E_ARGUMENT, "out_row_bytes", ottobit_dequantize(rt, &w, out, 7, &e));
  REFUSED(OTTOBIT_E_ARGUMENT, "out_row_bytes", ottobit_dequantize(rt, &w, out, 4, &e));
  w.row_bytes = 7;
  REFUSED(OTTOBIT_E_ARGUMENT, "row_bytes", ottobit_dequantize(rt, &w, out, 8, &e));
  w.row_bytes = INT64_MAX;
  REFUSED(OTTOBIT_E_ARGUMENT, "row_bytes", ottobit_dequantize(rt, &w, out, 8, &e));
  w.row_bytes = 8;
  w.rows = -1;
  REFUSED(OTTOBIT_E_ARGUMENT, "rows", ottobit_dequantize(rt, &w, out, 8, &e));
  w.rows = 2;
  w.scale_dtype = OTTOBIT_E5M2;
  w.scales = values;
  REFUSED(OTTOBIT_E_ARGUMENT, "scale_dtype", ottobit_dequantize(rt, &w, out, 8, &e));
  w.scale_dtype = OTTOBIT_F32;
  w.matrix_scale_inverse = 2;
  REFUSED(OTTOBIT_E_ARGUMENT, "matrix_scale_inverse", ottobit_dequantize(rt, &w, out, 8, &e));
  w.matrix_scale_inverse = 0;
  w.block_rows = -1;
  REFUSED(OTTOBIT_E_ARGUMENT, "block_rows", ottobit_dequantize(rt, &w, out, 8, &e));
  w.block_rows = 1;
  REFUSED(OTTOBIT_E_ARGUMENT, "scale_row_bytes", ottobit_dequantize(rt, &w, out, 8, &e));
  w.scales = NULL;
  REFUSED(OTTOBIT_E_ARGUMENT, "scales", ottobit_dequantize(rt, &w, out, 8, &e));
  w.scale_dtype = w.block_rows = 0;
  w.struct_size = 0;
  REFUSED(OTTOBIT_E_STRUCT, "struct_size", ottobit_dequantize(rt, &w, out, 8, &e));
  w.struct_size = sizeof w;
  w.data = NULL;
  REFUSED(OTTOBIT_E_ARGUMENT, "data", ottobit_dequantize(rt, &w, out, 8, &e));
  w.data = values;
  REFUSED(OTTOBIT_E_ARGUMENT, "m",
          ottobit_matmul(rt, -1, OTTOBIT_F32, values, 8, &w, out, 8, NULL, &e));
  REFUSED(OTTOBIT_E_ARGUMENT, "x_row_bytes",
          ottobit_matmul(rt, 2, OTTOBIT_F32, values, 4, &w, out, 8, NULL, &e));
  check_ok("cancel_create", ottobit_cancel_create(&c, &e), &e);
  ottobit_cancel_request(c);
  REFUSED(OTTOBIT_E_CANCELLED, "cancelled",
          ottobit_matmul(rt, 1, OTTOBIT_F32, values, 8, &w, out, 8, c, &e));
  ottobit_cancel_release(c);
#undef REFUSED
  check_ok("nothing", ottobit_decode(rt, OTTOBIT_E4M3, NULL, 0, NULL, &e), &e);
  w.rows = w.cols = 0;
  w.data = NULL;
  check_ok("nothing", ottobit_dequantize(rt, &w, out, 0, &e), &e);
  check_ok("nothing", ottobit_matmul(rt, 0, OTTOBIT_F32, NULL, 0, &w, NULL, 0, NULL, &e), &e);
}

int main(void) {
  ottobit_runtime* rt = make_runtime(2);
  known_codes(rt);
  round_trips(rt);
  geometries(rt);
  same_bits();
  refusals(rt);
  ottobit_runtime_release(rt);
  return report();
}
