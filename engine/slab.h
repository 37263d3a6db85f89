/* Slabs: blocks of memory of many sizes behind 32-bit handles.
 *
 *      handle   page (19 bits) | unit (13 bits)            unit: 8 bytes
 *
 *      page     64 KiB of blocks of one size class          classes 8, 16, 24 ... 512 bytes
 *               or one larger block alone
 *
 * A handle is half a pointer and survives nothing but its block: blocks never move. Small blocks
 * cost no header; a page stays with its class until slab_reset, so what a stale handle reaches is
 * always a block boundary, or a page that is gone (slab_at answers NULL).
 *
 * Cost: take and give are O(1); at most 7 bytes of a block are lost to rounding.
 * Limits: 2^19 pages, 32 GiB of small blocks.
 * Ownership: the slab owns its pages; what lies in the blocks is the caller's.
 */
#ifndef ENGINE_SLAB_H
#define ENGINE_SLAB_H

#include <stddef.h>
#include <stdint.h>

#include "engine/memory.h"

enum {
    SLAB_UNIT = 8,
    SLAB_UNIT_BITS = 13,
    SLAB_PAGE = SLAB_UNIT << SLAB_UNIT_BITS,
    SLAB_CLASSES = 64,
    SLAB_SMALL = SLAB_UNIT * SLAB_CLASSES, /* the largest block that shares a page */
    SLAB_NONE = 0,                         /* no block: page 0 is never used */
};

typedef uint32_t slab_handle;

struct slab_page {
    char *blocks;
    size_t block_size;
};

struct slab_class {
    slab_handle free;  /* blocks given back, linked through their first bytes */
    slab_handle fresh; /* the first block of the newest page that was never taken */
    uint32_t fresh_count;
};

struct slab {
    struct memory *memory;
    struct slab_page *pages;
    uint32_t page_count, page_capacity;
    uint32_t free_page; /* index of a page that is gone, linked through block_size; 0: none */
    struct slab_class classes[SLAB_CLASSES];
};

void slab_init(struct slab *slab, struct memory *memory);
/* Gives every page back: all handles are void. */
void slab_reset(struct slab *slab);
/* SLAB_NONE: there is no memory. The block's bytes are undefined. */
slab_handle slab_take(struct slab *slab, size_t size);
void slab_give(struct slab *slab, slab_handle handle);

/* The block behind a handle; NULL when its page is gone. */
static inline void *slab_at(const struct slab *slab, slab_handle handle) {
    const struct slab_page *page = &slab->pages[handle >> SLAB_UNIT_BITS];
    if (page->blocks == NULL) return NULL;
    return page->blocks + (size_t)(handle & ((1u << SLAB_UNIT_BITS) - 1)) * SLAB_UNIT;
}

/* Bytes of a block, rounding included. */
static inline size_t slab_block_size(const struct slab *slab, slab_handle handle) {
    return slab->pages[handle >> SLAB_UNIT_BITS].block_size;
}

#endif
