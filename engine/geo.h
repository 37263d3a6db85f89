/* Places on the earth, as sorted sets keep them: longitude and latitude in 26 bits each, bit by bit
 * in turn, as a whole number that is the score.
 *
 * Latitudes end at 85.05112878 degrees, as on web maps. What a score means is the middle of its
 * cell, so a place moves by up to 0.6 m when it is kept.
 * Cost: constant. Owns nothing. */
#ifndef ENGINE_GEO_H
#define ENGINE_GEO_H

#include <stdbool.h>

struct geo_point {
    double longitude, latitude; /* degrees */
};

enum { GEO_HASH_LENGTH = 11 };

bool geo_is_on_map(struct geo_point point);
double geo_score(struct geo_point point);
/* Could the score be that of a place, so that a search meets it? */
bool geo_is_in_cell(double score);
struct geo_point geo_of_score(double score);
/* In metres, on a globe. */
double geo_distance_m(struct geo_point a, struct geo_point b);
/* Of two latitudes, along a meridian. */
double geo_latitude_distance_m(double a, double b);
/* The usual text for a place, of which the last letter is always 0. */
void geo_hash(struct geo_point point, char text[GEO_HASH_LENGTH]);

#endif
