/* HyperLogLogs: strings that count distinct elements by 16384 registers of 6 bits.
 *
 *      "HYLL" | encoding | 3 unused | cached count, 8 bytes | registers, dense or as runs
 *
 * A string is read into a `struct hyperloglog`, changed there, and put back by the caller; what
 * comes out is, byte for byte, what servers make of it.
 * Invariants: a sparse one grows to SPARSE_MOST bytes at most, and no register in it is above 32.
 * Cost: setting a register of a sparse one is linear in its length.
 * Ownership: it holds all its bytes itself; nothing is allocated. */
#ifndef ENGINE_HYPERLOGLOG_H
#define ENGINE_HYPERLOGLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ttlspec/bytes.h"

enum {
    HLL_REGISTERS = 16384,
    HLL_HEAD = 16,
    HLL_DENSE_LENGTH = HLL_HEAD + HLL_REGISTERS * 6 / 8,
    HLL_LENGTH_MOST = HLL_HEAD + HLL_REGISTERS * 2, /* a run of two bytes for each register */
};

struct hyperloglog {
    size_t length;
    unsigned char bytes[HLL_LENGTH_MOST + 1]; /* a register may be read with the byte behind it */
};

/* Of no elements. */
void hll_clear(struct hyperloglog *hll);
/* Reads a string; false: it is none. */
bool hll_read(struct hyperloglog *hll, ttl_bytes from);
static inline ttl_bytes hll_bytes(const struct hyperloglog *hll) {
    return (ttl_bytes){(const char *)hll->bytes, hll->length};
}
bool hll_is_dense(const struct hyperloglog *hll);

/* Adds an element: 1 when a register changed, 0 when none did, -1 when the bytes are broken. */
int hll_add(struct hyperloglog *hll, ttl_bytes element);
/* The same of one register, which has this value at least from now on. */
int hll_raise(struct hyperloglog *hll, size_t index, unsigned value);
/* Raises each of the registers to that of the HyperLogLog; false: its bytes are broken. */
bool hll_merge(const struct hyperloglog *from, unsigned char registers[HLL_REGISTERS]);
/* Becomes dense, if it is not; false: its bytes are broken. */
bool hll_densify(struct hyperloglog *hll);

/* The count that is kept in it; false: it has to be worked out. */
bool hll_cached(const struct hyperloglog *hll, uint64_t *count);
void hll_cache(struct hyperloglog *hll, uint64_t count);
void hll_forget_cached(struct hyperloglog *hll);
/* How many distinct elements the registers speak of. */
uint64_t hll_estimate(const unsigned char registers[HLL_REGISTERS]);

#endif
