#include "color.h"

#include <math.h>

void color_rgb(int index, uint8_t rgb[3])
{
    static const uint8_t first[16][3] = {
        {0, 0, 0},       {205, 0, 0},   {0, 205, 0},   {205, 205, 0},
        {0, 0, 238},     {205, 0, 205}, {0, 205, 205}, {229, 229, 229},
        {127, 127, 127}, {255, 0, 0},   {0, 255, 0},   {255, 255, 0},
        {92, 92, 255},   {255, 0, 255}, {0, 255, 255}, {255, 255, 255},
    };
    static const uint8_t steps[6] = {0, 95, 135, 175, 215, 255};
    const int i = index < 0 ? 0 : index > 255 ? 255 : index;
    if (i < 16) {
        for (int c = 0; c < 3; c++)
            rgb[c] = first[i][c];
    } else if (i < 232) {
        rgb[0] = steps[(i - 16) / 36];
        rgb[1] = steps[(i - 16) / 6 % 6];
        rgb[2] = steps[(i - 16) % 6];
    } else {
        rgb[0] = rgb[1] = rgb[2] = (uint8_t)(8 + 10 * (i - 232));
    }
}

/* IEC 61966-2-1 */
static double linear(uint8_t channel)
{
    const double c = channel / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

double color_luminance(const uint8_t rgb[3])
{
    return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

static double lab_f(double t)
{
    return t > 216.0 / 24389.0 ? cbrt(t) : (24389.0 / 27.0 * t + 16.0) / 116.0;
}

void color_lab(const uint8_t rgb[3], double lab[3])
{
    const double r = linear(rgb[0]);
    const double g = linear(rgb[1]);
    const double b = linear(rgb[2]);
    const double x = lab_f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    const double y = lab_f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    const double z = lab_f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
    lab[0] = 116 * y - 16;
    lab[1] = 500 * (x - y);
    lab[2] = 200 * (y - z);
}

int color_nearest(const uint8_t rgb[3])
{
    double wanted[3];
    color_lab(rgb, wanted);
    int best = 16;
    double best_distance = INFINITY;
    for (int i = 16; i < 256; i++) {
        uint8_t candidate[3];
        double lab[3];
        color_rgb(i, candidate);
        color_lab(candidate, lab);
        double distance = 0;
        for (int c = 0; c < 3; c++)
            distance += (lab[c] - wanted[c]) * (lab[c] - wanted[c]);
        if (distance < best_distance) {
            best = i;
            best_distance = distance;
        }
    }
    return best;
}

int color_on(int index)
{
    uint8_t rgb[3];
    color_rgb(index, rgb);
    return color_luminance(rgb) > 0.179 ? 16 : 231; /* equal contrast to both at 0.179 */
}
