/* The 256 colours of xterm, as light: luminance, CIELAB, and the nearest of them. */
#ifndef UI_COLOR_H
#define UI_COLOR_H

#include <stdint.h>

/* sRGB of index 0–255 (0–15 as xterm has them; a terminal may differ there). */
void color_rgb(int index, uint8_t rgb[3]);
/* CIELAB under D65: L* 0 … 100, a*, b*. */
void color_lab(const uint8_t rgb[3], double lab[3]);
/* WCAG relative luminance, 0 … 1. */
double color_luminance(const uint8_t rgb[3]);
/* Index of 16–255 that is nearest in CIELAB. */
int color_nearest(const uint8_t rgb[3]);
/* 16 (black) or 231 (white), whichever reads better on this index. */
int color_on(int index);

#endif
