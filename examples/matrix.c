/* SPDX-License-Identifier: Apache-2.0 */
/* A weight matrix without any model: made in NVFP4 (4-bit codes, an E4M3 scale per 16 columns, one
   scale of the whole matrix), expanded again, and multiplied as it is stored. The other formats
   differ in the fields of ottobit_matrix only:

     FP8, DeepSeek V3    dtype E4M3, scale_dtype F32,  block_rows 128, block_cols 128
     FP8 per row         dtype E4M3, scale_dtype F32,  block_rows 1,   block_cols 0
     MXFP8, MXFP4        dtype E4M3 or E2M1, scale_dtype E8M0, block_rows 1, block_cols 32
     INT4 in groups      dtype INT4, scale_dtype BF16, block_rows 1,   block_cols 32
     BF16                dtype BF16, scale_dtype 0 */
#include <stdio.h>

#include "ottobit.h"

#define ROWS 3
#define COLS 32
#define GROUP 16
#define GROUPS (COLS / GROUP)

static float weights[ROWS * COLS];
static float scales[ROWS * GROUPS];
static unsigned char codes[ROWS * COLS / 2];
static unsigned char scale_codes[ROWS * GROUPS];

static float larger(float a, float b) {
  const float size = b < 0 ? -b : b;
  return a < size ? size : a;
}

/* The makers' recipe: the largest of a group becomes 6, the largest scale 448. */
static int quantise(ottobit_runtime* rt, ottobit_matrix* w, ottobit_error** e) {
  float scaled[ROWS * COLS];
  float largest = 0;
  for (int i = 0; i < ROWS * COLS; ++i) {
    weights[i] = (float)(i * 37 % 101 - 50) * (i % COLS < GROUP ? 0.02f : 0.0002f);
    largest = larger(largest, weights[i]);
  }
  w->matrix_scale = largest / (6 * 448);
  for (int g = 0; g < ROWS * GROUPS; ++g) {
    float most = 0;
    for (int i = 0; i < GROUP; ++i) most = larger(most, weights[g * GROUP + i]);
    scales[g] = most / 6 / w->matrix_scale;
  }
  /* Divide by the scales as they are after rounding. */
  if (ottobit_encode(rt, OTTOBIT_E4M3, scales, ROWS * GROUPS, scale_codes, e) != OTTOBIT_OK ||
      ottobit_decode(rt, OTTOBIT_E4M3, scale_codes, ROWS * GROUPS, scales, e) != OTTOBIT_OK) {
    return 0;
  }
  for (int i = 0; i < ROWS * COLS; ++i) {
    scaled[i] = weights[i] / (scales[i / GROUP] * w->matrix_scale);
  }
  return ottobit_encode(rt, OTTOBIT_E2M1, scaled, ROWS * COLS, codes, e) == OTTOBIT_OK;
}

int main(void) {
  ottobit_runtime* rt = NULL;
  ottobit_error* e = NULL;
  ottobit_matrix w = {0};
  float expanded[ROWS * COLS];
  float x[COLS];
  float y[ROWS];

  w.struct_size = sizeof w;
  w.dtype = OTTOBIT_E2M1;
  w.rows = ROWS;
  w.cols = COLS;
  w.row_bytes = COLS / 2;
  w.data = codes;
  w.scale_dtype = OTTOBIT_E4M3;
  w.scale_row_bytes = GROUPS;
  w.block_rows = 1;
  w.block_cols = GROUP;
  w.scales = scale_codes;
  for (int k = 0; k < COLS; ++k) x[k] = (float)(k % 5 - 2);

  if (ottobit_runtime_create(NULL, &rt, &e) == OTTOBIT_OK && quantise(rt, &w, &e) &&
      ottobit_dequantize(rt, &w, expanded, sizeof(float) * COLS, &e) == OTTOBIT_OK &&
      ottobit_matmul(rt, 1, OTTOBIT_F32, x, sizeof x, &w, y, sizeof y, NULL, &e) == OTTOBIT_OK) {
    printf("%d x %d weights in %d bytes\n", ROWS, COLS,
           (int)(sizeof codes + sizeof scale_codes + 4));
    for (int k = 0; k < 4; ++k) {
      printf("%8.5f is stored as %8.5f\n", (double)weights[k], (double)expanded[k]);
    }
    for (int r = 0; r < ROWS; ++r) {
      double exact = 0;
      for (int k = 0; k < COLS; ++k) exact += (double)weights[r * COLS + k] * (double)x[k];
      printf("y[%d] = %8.5f; before quantisation %8.5f\n", r, (double)y[r], exact);
    }
  }
  const int failed = e != NULL;
  if (failed) {
    fprintf(stderr, "%s\n", ottobit_error_message(e));
  }
  ottobit_error_release(e);
  ottobit_runtime_release(rt);
  return failed;
}
