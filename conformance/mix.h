/* The finalizer of splitmix64: spreads each bit of a number over all of them, one to one. For
 * hashes, and for streams of numbers whose state only counts. Pure; a few instructions. */
#ifndef CONFORMANCE_MIX_H
#define CONFORMANCE_MIX_H

#include <stdint.h>

static inline uint64_t mix_bits(uint64_t value) {
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

#endif
