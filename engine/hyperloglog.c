#include "engine/hyperloglog.h"

#include <math.h>
#include <string.h>

#include "engine/require.h"

enum {
    INDEX_BITS = 14,
    RANK_BITS = 64 - INDEX_BITS, /* of the hash, in which the first bit that is set is looked for */
    REGISTER_BITS = 6,
    REGISTER_MOST = 63,
    SPARSE_MOST = 3000,
    ENCODING = 4,     /* the byte that says dense (0) or sparse (1) */
    CACHED = 8,       /* the first byte of the count */
    CACHED_LAST = 15, /* its last one has the bit that says that it does not hold */
    STALE = 0x80,
};

/* ---- runs of a sparse one
 *
 *      00llllll            so many registers that are zero, up to 64
 *      01llllll llllllll   the same, up to 16384
 *      1vvvvvll            so many of value v, up to 4, of values up to 32
 *
 * Lengths and values are kept less one. */

enum { ZERO_MOST = 64, VALUE_MOST = 32, RUN_MOST = 4 };

struct run {
    size_t bytes, length;
    unsigned value; /* 0: zeros */
};

static struct run run_at(const unsigned char *at) {
    if ((at[0] & 0x80) != 0) return (struct run){1, (at[0] & 3U) + 1U, ((at[0] >> 2) & 31U) + 1U};
    if ((at[0] & 0x40) == 0) return (struct run){1, (at[0] & 63U) + 1U, 0};
    return (struct run){2, ((size_t)(at[0] & 63U) << 8 | at[1]) + 1, 0};
}

/* Writes a run; returns how many bytes it has. */
static size_t run_put(unsigned char *at, unsigned value, size_t length) {
    if (length == 0) return 0;
    if (value > 0) {
        at[0] = (unsigned char)(0x80U | (value - 1) << 2 | (unsigned)(length - 1));
        return 1;
    }
    if (length <= ZERO_MOST) {
        at[0] = (unsigned char)(length - 1);
        return 1;
    }
    at[0] = (unsigned char)(0x40U | (unsigned)((length - 1) >> 8));
    at[1] = (unsigned char)((length - 1) & 255U);
    return 2;
}

/* ---- the whole */

void hll_clear(struct hyperloglog *hll) {
    memset(hll->bytes, 0, HLL_HEAD);
    memcpy(hll->bytes, "HYLL", 4);
    hll->bytes[ENCODING] = 1;
    hll->length = HLL_HEAD + run_put(hll->bytes + HLL_HEAD, 0, HLL_REGISTERS);
}

bool hll_is_dense(const struct hyperloglog *hll) {
    return hll->bytes[ENCODING] == 0;
}

bool hll_read(struct hyperloglog *hll, ttl_bytes from) {
    if (from.length < HLL_HEAD || memcmp(from.data, "HYLL", 4) != 0) return false;
    bool is_dense = from.data[ENCODING] == 0, is_sparse = from.data[ENCODING] == 1;
    if (is_dense ? from.length != HLL_DENSE_LENGTH : !is_sparse) return false;
    if (from.length > HLL_LENGTH_MOST) return false;
    memcpy(hll->bytes, from.data, from.length);
    hll->bytes[from.length] = 0;
    hll->length = from.length;
    return true;
}

bool hll_cached(const struct hyperloglog *hll, uint64_t *count) {
    *count = 0;
    for (int i = CACHED_LAST; i >= CACHED; i--) *count = *count << 8 | hll->bytes[i];
    return (hll->bytes[CACHED_LAST] & STALE) == 0;
}

void hll_cache(struct hyperloglog *hll, uint64_t count) {
    for (int i = CACHED; i <= CACHED_LAST; i++, count >>= 8)
        hll->bytes[i] = (unsigned char)(count & 255U);
}

void hll_forget_cached(struct hyperloglog *hll) {
    hll->bytes[CACHED_LAST] |= STALE;
}

/* ---- dense */

static unsigned dense_get(const struct hyperloglog *hll, size_t index) {
    const unsigned char *at = hll->bytes + HLL_HEAD + index * REGISTER_BITS / 8;
    unsigned shift = index * REGISTER_BITS % 8;
    return ((unsigned)at[0] | (unsigned)at[1] << 8) >> shift & REGISTER_MOST;
}

static int dense_raise(struct hyperloglog *hll, size_t index, unsigned value) {
    unsigned char *at = hll->bytes + HLL_HEAD + index * REGISTER_BITS / 8;
    unsigned shift = index * REGISTER_BITS % 8;
    if (dense_get(hll, index) >= value) return 0;
    unsigned both = (unsigned)at[0] | (unsigned)at[1] << 8;
    both = (both & ~((unsigned)REGISTER_MOST << shift)) | value << shift;
    at[0] = (unsigned char)(both & 255U);
    at[1] = (unsigned char)(both >> 8 & 255U);
    return 1;
}

bool hll_densify(struct hyperloglog *hll) {
    unsigned char registers[HLL_REGISTERS] = {0};
    if (hll_is_dense(hll)) return true;
    if (!hll_merge(hll, registers)) return false;
    memset(hll->bytes + HLL_HEAD, 0, sizeof hll->bytes - HLL_HEAD);
    hll->bytes[ENCODING] = 0;
    hll->length = HLL_DENSE_LENGTH;
    for (size_t i = 0; i < HLL_REGISTERS; i++)
        if (registers[i] > 0) dense_raise(hll, i, registers[i]);
    return true;
}

/* ---- sparse */

/* Joins runs of one value that are next to each other, as far as servers do: five runs from `from`
 * on are looked at. */
static void sparse_join(struct hyperloglog *hll, size_t from) {
    for (int looks = 5; from < hll->length && looks > 0; looks--) {
        unsigned char *at = hll->bytes + from;
        struct run run = run_at(at);
        if (run.value > 0 && from + 1 < hll->length) {
            struct run next = run_at(at + 1);
            if (next.value == run.value && run.length + next.length <= RUN_MOST) {
                run_put(at + 1, run.value, run.length + next.length);
                memmove(at, at + 1, hll->length - from - 1);
                hll->length--;
                continue;
            }
        }
        from += run.bytes;
    }
}

static int promote(struct hyperloglog *hll, size_t index, unsigned value) {
    return hll_densify(hll) ? dense_raise(hll, index, value) : -1;
}

/* The run at `at` becomes up to three: what is before the register, the register, what is after. */
static int sparse_split(struct hyperloglog *hll, size_t at, size_t before, struct run run,
                        unsigned value, size_t index) {
    unsigned char runs[5];
    size_t length = run_put(runs, run.value, before);
    length += run_put(runs + length, value, 1);
    length += run_put(runs + length, run.value, run.length - before - 1);
    if (length > run.bytes && hll->length + length - run.bytes > SPARSE_MOST)
        return promote(hll, index, value);
    memmove(hll->bytes + at + length, hll->bytes + at + run.bytes, hll->length - at - run.bytes);
    memcpy(hll->bytes + at, runs, length);
    hll->length = hll->length + length - run.bytes;
    return 1;
}

static int sparse_raise(struct hyperloglog *hll, size_t index, unsigned value) {
    size_t at = HLL_HEAD, previous = HLL_HEAD, first = 0;
    struct run run = {0, 0, 0};
    if (value > VALUE_MOST) return promote(hll, index, value);
    for (; at < hll->length; at += run.bytes) {
        run = run_at(hll->bytes + at);
        if (index < first + run.length) break;
        first += run.length;
        previous = at;
    }
    if (at >= hll->length) return -1;
    if (run.value >= value) return 0;
    int raised = sparse_split(hll, at, index - first, run, value, index);
    if (raised != 1 || hll_is_dense(hll)) return raised;
    sparse_join(hll, previous);
    hll_forget_cached(hll);
    return 1;
}

/* ---- both */

int hll_raise(struct hyperloglog *hll, size_t index, unsigned value) {
    return hll_is_dense(hll) ? dense_raise(hll, index, value) : sparse_raise(hll, index, value);
}

bool hll_merge(const struct hyperloglog *from, unsigned char registers[HLL_REGISTERS]) {
    size_t index = 0;
    if (hll_is_dense(from)) {
        for (; index < HLL_REGISTERS; index++)
            if (dense_get(from, index) > registers[index])
                registers[index] = (unsigned char)dense_get(from, index);
        return true;
    }
    for (size_t at = HLL_HEAD; at < from->length;) {
        struct run run = run_at(from->bytes + at);
        if (run.length > HLL_REGISTERS - index) return false;
        for (size_t end = index + run.length; index < end; index++)
            if (run.value > registers[index]) registers[index] = (unsigned char)run.value;
        at += run.bytes;
    }
    return index == HLL_REGISTERS;
}

/* ---- elements */

static uint64_t little_endian(const unsigned char *at, size_t count) {
    uint64_t word = 0;
    while (count-- > 0) word = word << 8 | at[count];
    return word;
}

/* MurmurHash64A, with the servers' seed. */
static uint64_t hash_of(ttl_bytes element) {
    const uint64_t m = UINT64_C(0xc6a4a7935bd1e995);
    const unsigned char *at = (const unsigned char *)element.data;
    size_t rest = element.length;
    uint64_t hash = UINT64_C(0xadc83b19) ^ rest * m;
    for (; rest >= 8; rest -= 8, at += 8) {
        uint64_t word = little_endian(at, 8) * m;
        hash = (hash ^ (word ^ word >> 47) * m) * m;
    }
    if (rest > 0) hash = (hash ^ little_endian(at, rest)) * m;
    hash = (hash ^ hash >> 47) * m;
    return hash ^ hash >> 47;
}

int hll_add(struct hyperloglog *hll, ttl_bytes element) {
    uint64_t hash = hash_of(element);
    size_t index = hash % HLL_REGISTERS;
    hash = hash >> INDEX_BITS | UINT64_C(1) << RANK_BITS;
    unsigned rank = 1;
    for (; (hash & 1) == 0; hash >>= 1) rank++;
    return hll_raise(hll, index, rank);
}

/* ---- counting: O. Ertl, New cardinality estimation algorithms for HyperLogLog sketches (2017) */

static double tau(double x) {
    double before, y = 1, z = 1 - x;
    if (x <= 0 || x >= 1) return 0;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (before != z);
    return z / 3;
}

static double sigma(double x) {
    double before, y = 1, z = x;
    if (x >= 1) return INFINITY;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (before != z);
    return z;
}

uint64_t hll_estimate(const unsigned char registers[HLL_REGISTERS]) {
    static const double alpha = 0.721347520444481703680, m = HLL_REGISTERS;
    int having[REGISTER_MOST + 1] = {0};
    for (size_t i = 0; i < HLL_REGISTERS; i++) having[registers[i]]++;
    double z = m * tau((m - having[RANK_BITS + 1]) / m);
    for (int rank = RANK_BITS; rank >= 1; rank--) z = (z + having[rank]) * 0.5;
    z += m * sigma(having[0] / m);
    return (uint64_t)floor(alpha * m * m / z + 0.5);
}
