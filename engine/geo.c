#include "engine/geo.h"

#include <math.h>
#include <stdint.h>

static const double LONGITUDE_MOST = 180, LATITUDE_MOST = 85.05112878;
static const double HASH_LATITUDE_MOST = 90;
static const double RADIUS_M = 6372797.560856;
static const double RADIANS = 3.14159265358979323846 / 180;

enum { BITS = 26, LETTER_BITS = 5 };
static const double CELLS = 1 << BITS;

bool geo_is_on_map(struct geo_point point) {
    return fabs(point.longitude) <= LONGITUDE_MOST && fabs(point.latitude) <= LATITUDE_MOST;
}

/* The bits of a number, each followed by a 0. */
static uint64_t bits_spread(uint32_t bits) {
    uint64_t spread = 0;
    for (int i = 0; i < 32; i++) spread |= (uint64_t)(bits >> i & 1) << 2 * i;
    return spread;
}

static uint32_t bits_gather(uint64_t spread) {
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++) bits |= (uint32_t)(spread >> 2 * i & 1) << i;
    return bits;
}

static uint64_t point_bits(struct geo_point point, double latitude_most) {
    double x = (point.longitude + LONGITUDE_MOST) / (2 * LONGITUDE_MOST) * CELLS;
    double y = (point.latitude + latitude_most) / (2 * latitude_most) * CELLS;
    return bits_spread((uint32_t)y) | bits_spread((uint32_t)x) << 1;
}

double geo_score(struct geo_point point) {
    return (double)point_bits(point, LATITUDE_MOST);
}

static double cell_middle(uint32_t cell, double most) {
    double least = -most + cell / CELLS * (2 * most);
    double end = -most + (cell + 1.0) / CELLS * (2 * most);
    return fmin((least + end) / 2, most);
}

/* The whole number in the score; where none fits into 64 bits, what servers make of it. */
static uint64_t score_bits(double score) {
    if (score >= (double)INT64_MAX) return 0;
    if (score < (double)INT64_MIN) return UINT64_C(1) << 63;
    return (uint64_t)(int64_t)score;
}

bool geo_is_in_cell(double score) {
    return score >= 0 && score < CELLS * CELLS;
}

struct geo_point geo_of_score(double score) {
    uint64_t bits = score_bits(score);
    return (struct geo_point){.longitude = cell_middle(bits_gather(bits >> 1), LONGITUDE_MOST),
                              .latitude = cell_middle(bits_gather(bits), LATITUDE_MOST)};
}

double geo_latitude_distance_m(double a, double b) {
    return RADIUS_M * fabs(b * RADIANS - a * RADIANS);
}

double geo_distance_m(struct geo_point a, struct geo_point b) {
    double v = sin((b.longitude * RADIANS - a.longitude * RADIANS) / 2);
    if (v == 0) return geo_latitude_distance_m(a.latitude, b.latitude);
    double a_latitude = a.latitude * RADIANS, b_latitude = b.latitude * RADIANS;
    double u = sin((b_latitude - a_latitude) / 2);
    return 2 * RADIUS_M * asin(sqrt(u * u + cos(a_latitude) * cos(b_latitude) * v * v));
}

void geo_hash(struct geo_point point, char text[GEO_HASH_LENGTH]) {
    static const char letters[] = "0123456789bcdefghjkmnpqrstuvwxyz";
    uint64_t bits = point_bits(point, HASH_LATITUDE_MOST);
    for (int i = 0; i < GEO_HASH_LENGTH - 1; i++)
        text[i] = letters[bits >> (2 * BITS - (i + 1) * LETTER_BITS) & 31];
    text[GEO_HASH_LENGTH - 1] = letters[0];
}
