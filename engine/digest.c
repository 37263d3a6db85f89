#include "engine/digest.h"

#include <stdint.h>
#include <string.h>

enum { BLOCK = 64, WORDS = 5, LENGTH_ROOM = 8 };

static uint32_t rotate(uint32_t value, unsigned bits) {
    return value << bits | value >> (32 - bits);
}

static void digest_block(uint32_t state[WORDS], const unsigned char block[BLOCK]) {
    uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t mixed, constant;
        if (i < 20) mixed = (b & c) | (~b & d), constant = 0x5a827999;
        else if (i < 40) mixed = b ^ c ^ d, constant = 0x6ed9eba1;
        else if (i < 60) mixed = (b & c) | (b & d) | (c & d), constant = 0x8f1bbcdc;
        else mixed = b ^ c ^ d, constant = 0xca62c1d6;
        uint32_t next = rotate(a, 5) + mixed + e + constant + w[i];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

/* The end of the text: a one, zeros, and the number of bits. */
static void digest_tail(uint32_t state[WORDS], ttl_bytes tail, uint64_t total) {
    unsigned char last[2 * BLOCK] = {0};
    size_t size = tail.length + 1 + LENGTH_ROOM > BLOCK ? 2 * BLOCK : BLOCK;
    if (tail.length > 0) memcpy(last, tail.data, tail.length);
    last[tail.length] = 0x80;
    for (size_t i = 0; i < LENGTH_ROOM; i++)
        last[size - 1 - i] = (unsigned char)(total * 8 >> 8 * i);
    for (size_t at = 0; at < size; at += BLOCK) digest_block(state, last + at);
}

void digest_of(ttl_bytes text, char digest[TTL_DIGEST_LENGTH + 1]) {
    uint32_t state[WORDS] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    size_t at = 0;
    for (; text.length - at >= BLOCK; at += BLOCK)
        digest_block(state, (const unsigned char *)text.data + at);
    digest_tail(state, (ttl_bytes){text.data + at, text.length - at}, text.length);
    for (size_t i = 0; i < TTL_DIGEST_LENGTH; i++)
        digest[i] = "0123456789abcdef"[state[i / 8] >> (28 - 4 * (i % 8)) & 15];
    digest[TTL_DIGEST_LENGTH] = '\0';
}
