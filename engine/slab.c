#include "engine/slab.h"

#include <string.h>

#include "engine/require.h"

enum { PAGES_FIRST = 16, PAGES_LIMIT = 1 << (32 - SLAB_UNIT_BITS) };

void slab_init(struct slab *slab, struct memory *memory) {
    *slab = (struct slab){.memory = memory};
}

void slab_reset(struct slab *slab) {
    for (uint32_t i = 1; i < slab->page_count; i++) {
        struct slab_page *page = &slab->pages[i];
        if (page->blocks == NULL) continue;
        size_t size = page->block_size <= SLAB_SMALL ? (size_t)SLAB_PAGE : page->block_size;
        memory_give(slab->memory, page->blocks, size);
    }
    memory_give(slab->memory, slab->pages, slab->page_capacity * sizeof *slab->pages);
    slab_init(slab, slab->memory);
}

/* An index for a new page, its entry empty. 0: there is no memory, or no handle left. */
static uint32_t slab_page_index(struct slab *slab) {
    if (slab->free_page != 0) {
        uint32_t index = slab->free_page;
        slab->free_page = (uint32_t)slab->pages[index].block_size;
        return index;
    }
    if (slab->page_count == slab->page_capacity) {
        uint32_t capacity = slab->page_capacity == 0 ? PAGES_FIRST : slab->page_capacity * 2;
        if (capacity > PAGES_LIMIT) return 0;
        struct slab_page *pages =
            memory_resize(slab->memory, slab->pages, slab->page_capacity * sizeof *pages,
                          capacity * sizeof *pages);
        if (pages == NULL) return 0;
        slab->pages = pages;
        slab->page_capacity = capacity;
        if (slab->page_count == 0) slab->pages[slab->page_count++] = (struct slab_page){0};
    }
    return slab->page_count++;
}

static void slab_page_forget(struct slab *slab, uint32_t index) {
    slab->pages[index] = (struct slab_page){NULL, slab->free_page};
    slab->free_page = index;
}

static uint32_t slab_page_new(struct slab *slab, size_t page_size, size_t block_size) {
    uint32_t index = slab_page_index(slab);
    if (index == 0) return 0;
    char *blocks = memory_take(slab->memory, page_size);
    if (blocks == NULL) {
        slab_page_forget(slab, index);
        return 0;
    }
    slab->pages[index] = (struct slab_page){blocks, block_size};
    return index;
}

static slab_handle slab_take_large(struct slab *slab, size_t size) {
    return slab_page_new(slab, size, size) << SLAB_UNIT_BITS;
}

slab_handle slab_take(struct slab *slab, size_t size) {
    require(size > 0);
    if (size > SLAB_SMALL) return slab_take_large(slab, size);
    size_t units = (size + SLAB_UNIT - 1) / SLAB_UNIT;
    struct slab_class *class = &slab->classes[units - 1];
    if (class->free != SLAB_NONE) {
        slab_handle handle = class->free;
        memcpy(&class->free, slab_at(slab, handle), sizeof class->free);
        return handle;
    }
    if (class->fresh_count == 0) {
        uint32_t index = slab_page_new(slab, SLAB_PAGE, units * SLAB_UNIT);
        if (index == 0) return SLAB_NONE;
        class->fresh = index << SLAB_UNIT_BITS;
        class->fresh_count = (uint32_t)((1u << SLAB_UNIT_BITS) / units);
    }
    slab_handle handle = class->fresh;
    class->fresh += (slab_handle)units;
    class->fresh_count--;
    return handle;
}

void slab_give(struct slab *slab, slab_handle handle) {
    size_t size = slab_block_size(slab, handle);
    if (size > SLAB_SMALL) {
        uint32_t index = handle >> SLAB_UNIT_BITS;
        memory_give(slab->memory, slab->pages[index].blocks, size);
        slab_page_forget(slab, index);
        return;
    }
    struct slab_class *class = &slab->classes[size / SLAB_UNIT - 1];
    memcpy(slab_at(slab, handle), &class->free, sizeof class->free);
    class->free = handle;
}
