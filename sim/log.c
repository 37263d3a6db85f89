#include "sim/log.h"

#include <stdlib.h>
#include <string.h>

void sim_log_free(sim_log *log) {
    free(log->units);
    free(log->bytes);
    free(log->keys);
    *log = (sim_log){0};
}

static void *grown(void *block, size_t *capacity, size_t wanted, size_t size) {
    if (wanted <= *capacity) return block;
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    if (*capacity < wanted) *capacity = wanted;
    block = realloc(block, *capacity * size);
    if (block == NULL) abort();
    return block;
}

static void add_bytes(sim_log *log, const void *data, size_t length) {
    log->bytes = grown(log->bytes, &log->byte_capacity, log->byte_count + length, 1);
    if (length > 0) memcpy(log->bytes + log->byte_count, data, length);
    log->byte_count += length;
}

void sim_log_add_change(sim_log *log, const sim_change *change) {
    const uint8_t head[2] = {(uint8_t)change->database, (uint8_t)change->argc};
    add_bytes(log, head, sizeof head);
    for (size_t i = 0; i < change->argc; i++) {
        uint32_t length = (uint32_t)change->argv[i].length;
        add_bytes(log, &length, sizeof length);
        add_bytes(log, change->argv[i].data, length);
    }
}

void sim_log_add_key(sim_log *log, uint8_t slot, const sim_model_key *key) {
    log->keys = grown(log->keys, &log->key_capacity, log->key_count + 1, sizeof *log->keys);
    log->keys[log->key_count++] = (struct sim_logged_key){slot, *key};
}

void sim_log_end_unit(sim_log *log) {
    log->units = grown(log->units, &log->capacity, log->count + 1, sizeof *log->units);
    log->units[log->count++] = (struct sim_unit){log->byte_count, log->key_count};
}

void sim_log_cut(sim_log *log, size_t count) {
    log->count = count;
    log->byte_count = count == 0 ? 0 : log->units[count - 1].bytes;
    log->key_count = count == 0 ? 0 : log->units[count - 1].keys;
}

bool sim_log_read(const sim_log *log, size_t unit, size_t *at, sim_change *change) {
    if (*at == 0 && unit > 0) *at = log->units[unit - 1].bytes;
    if (*at >= log->units[unit].bytes) return false;
    const char *bytes = log->bytes + *at;
    change->database = (uint8_t)*bytes++;
    change->argc = (uint8_t)*bytes++;
    for (size_t i = 0; i < change->argc; i++) {
        uint32_t length;
        memcpy(&length, bytes, sizeof length);
        bytes += sizeof length;
        change->argv[i] = (ttl_bytes){bytes, length};
        bytes += length;
    }
    *at = (size_t)(bytes - log->bytes);
    return true;
}

void sim_log_apply_keys(const sim_log *log, size_t unit, sim_model *model) {
    size_t first = unit == 0 ? 0 : log->units[unit - 1].keys;
    for (size_t i = first; i < log->units[unit].keys; i++) {
        const sim_model_key *key = &log->keys[i].key;
        model->keys[log->keys[i].slot] = *key;
        if (model->armings <= key->arming) model->armings = key->arming + 1;
        if (model->births < key->born) model->births = key->born;
    }
}
