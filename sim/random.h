/* Randomness of a world: one 64-bit seed, and a stream of numbers for each concern.
 *
 * A stream is named by what it decides ("network", 3): it depends on nothing but the seed, its name
 * and its index, so that a new draw in one part of the world never shifts another part. Only
 * integers: the same numbers on every machine, with every compiler.
 *
 * Cost: a draw is a few additions and shifts. A stream is a value; copy it to remember a place.
 */
#ifndef TTLSPEC_SIM_RANDOM_H
#define TTLSPEC_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sim_random {
    uint64_t state[4];
} sim_random;

/* The finalizer of splitmix64: spreads each bit over all. */
static inline uint64_t sim_random_mix(uint64_t z) {
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

sim_random sim_random_stream(uint64_t seed, const char *name, uint64_t index);
uint64_t sim_random_next(sim_random *stream);
/* 0 to bound - 1; the bound is never zero. */
uint64_t sim_random_below(sim_random *stream, uint64_t bound);
/* low to high, both included; they lie less than 2^63 apart. */
int64_t sim_random_between(sim_random *stream, int64_t low, int64_t high);
/* True `times` out of `of`. */
bool sim_random_chance(sim_random *stream, uint64_t times, uint64_t of);

/* A digest is a number that everything which happens is mixed into, in order. */
static inline void sim_digest_mix(uint64_t *digest, uint64_t value) {
    uint64_t mixed = (*digest ^ value) * UINT64_C(0x9fb21c651e98df25);
    *digest = mixed ^ mixed >> 32;
}

/* Eight bytes as they lie in memory: the same number on every machine. */
static inline uint64_t sim_little_endian(uint64_t bytes) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(bytes);
#else
    return bytes;
#endif
}

#endif
