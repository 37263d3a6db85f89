#include "conformance/tools/delay_line.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/mix.h"
#include "conformance/text.h"

/* splitmix64: every state is a good one, so seeds may be small and near to one another. */
static uint64_t draw(delay_line *self) {
    self->random += UINT64_C(0x9e3779b97f4a7c15);
    return mix_bits(self->random);
}

void delay_line_init(delay_line *self, uint64_t seed, uint64_t number, int64_t min_us,
                     int64_t max_us) {
    *self = (delay_line){.min_us = min_us, .max_us = max_us, .last_due_us = INT64_MIN};
    self->random = mix_bits(seed) ^ mix_bits(~number);
}

void delay_line_free(delay_line *self) {
    for (delay_chunk *chunk; (chunk = self->first) != NULL;) {
        self->first = chunk->next;
        free(chunk);
    }
    self->last = NULL;
    self->length = 0;
}

void delay_line_add(delay_line *self, const char *data, size_t length, int64_t now_us) {
    delay_chunk *chunk = memory_zeroed(1, sizeof *chunk + length);
    chunk->length = length;
    if (length > 0) memcpy(chunk->data, data, length);
    uint64_t choices = (uint64_t)(self->max_us - self->min_us) + 1;
    chunk->due_us = now_us + self->min_us + (int64_t)(draw(self) % choices);
    if (chunk->due_us < self->last_due_us) chunk->due_us = self->last_due_us;
    self->last_due_us = chunk->due_us;
    if (self->last != NULL) self->last->next = chunk;
    else self->first = chunk;
    self->last = chunk;
    self->length += length;
}

int64_t delay_line_due_us(const delay_line *self) {
    return self->first == NULL ? INT64_MAX : self->first->due_us;
}

delay_chunk *delay_line_take(delay_line *self, int64_t now_us) {
    delay_chunk *chunk = self->first;
    if (chunk == NULL || chunk->due_us > now_us) return NULL;
    self->first = chunk->next;
    if (self->first == NULL) self->last = NULL;
    self->length -= chunk->length;
    return chunk;
}
