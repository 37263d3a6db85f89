#include "sim/random.h"

/* splitmix64: spreads a seed over the state, so that near seeds give far streams. */
static uint64_t spread(uint64_t *state) {
    return sim_random_mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t rotated(uint64_t value, int bits) {
    return value << bits | value >> (64 - bits);
}

sim_random sim_random_stream(uint64_t seed, const char *name, uint64_t index) {
    uint64_t state = seed;
    for (const char *c = name; *c != '\0'; c++) state = spread(&state) ^ (unsigned char)*c;
    state ^= index * UINT64_C(0xd1342543de82ef95);
    sim_random stream;
    for (int i = 0; i < 4; i++) stream.state[i] = spread(&state);
    return stream;
}

/* xoshiro256**, of Blackman and Vigna. */
uint64_t sim_random_next(sim_random *stream) {
    uint64_t *s = stream->state;
    uint64_t result = rotated(s[1] * 5, 7) * 9, shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotated(s[3], 45);
    return result;
}

/* The remainder favours small numbers by less than bound / 2^64: nothing that a world notices. */
uint64_t sim_random_below(sim_random *stream, uint64_t bound) {
    uint64_t drawn = sim_random_next(stream);
    if (bound <= UINT32_MAX) return (drawn >> 32) * bound >> 32;
    return drawn % bound;
}

int64_t sim_random_between(sim_random *stream, int64_t low, int64_t high) {
    return low + (int64_t)sim_random_below(stream, (uint64_t)(high - low) + 1);
}

bool sim_random_chance(sim_random *stream, uint64_t times, uint64_t of) {
    return sim_random_below(stream, of) < times;
}
