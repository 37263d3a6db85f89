#include "engine/change.h"

#include "engine/number.h"
#include "engine/rule.h"
#include "engine/subcommand.h"

static void tell(ttl_engine *engine, int database, size_t argc, const ttl_bytes *argv) {
    if (engine->on_change != NULL) engine->on_change(engine->change_context, database, argc, argv);
}

void change_tell(struct call *call, size_t argc, const ttl_bytes *argv) {
    call->is_told = true;
    tell(call->engine, call->db->id, argc, argv);
}

void change_tell_short(struct call *call, const char *command, ttl_bytes name) {
    change_tell(call, 2, (const ttl_bytes[]){ttl_bytes_of(command), name});
}

/* Are the command's own words right for a replica, too? */
static bool is_told_as_given(const struct call *call) {
    RULE("replica.deadlines-are-moments");
    return call->engine->on_change == NULL || !call_has(call, TRAIT_REPLICA_TOLD_MOMENTS);
}

/* Tells the words; the one at `place` is the moment. */
static void tell_moment(struct call *call, size_t argc, ttl_bytes *argv, size_t place,
                        ttl_instant deadline) {
    char digits[NUMBER_INTEGER_ROOM];
    if (is_told_as_given(call)) return;
    argv[place] = (ttl_bytes){digits, number_format_integer(deadline.ms, digits)};
    change_tell(call, argc, argv);
}

void change_tell_set(struct call *call, ttl_bytes name, ttl_bytes value, ttl_instant deadline) {
    ttl_bytes argv[5] = {ttl_bytes_of("SET"), name, value, ttl_bytes_of("PXAT")};
    tell_moment(call, 5, argv, 4, deadline);
}

/* Its conditions held, so a replica need not ask them. A time that was given twice is told once:
 * Redis 8.6 leaves the first one in, and its replica refuses the two. */
void change_tell_many(struct call *call, ttl_bytes *words, size_t count, ttl_instant deadline) {
    words[count] = ttl_bytes_of("PXAT");
    tell_moment(call, count + 2, words, count + 1, deadline);
}

void change_tell_deadline(struct call *call, ttl_bytes name, ttl_instant deadline) {
    ttl_bytes argv[3] = {ttl_bytes_of("PEXPIREAT"), name};
    tell_moment(call, 3, argv, 2, deadline);
}

/* What is in its way here is in its way there. */
void change_tell_restored(struct call *call, ttl_bytes name, ttl_bytes payload,
                          ttl_instant deadline) {
    ttl_bytes argv[6] = {ttl_bytes_of("RESTORE"), name,
                         ttl_bytes_of(""),        payload,
                         ttl_bytes_of("REPLACE"), ttl_bytes_of("ABSTTL")};
    tell_moment(call, 6, argv, 2, deadline);
}

/* Valkey says UNLINK, which is the same to who receives it. */
void change_tell_expired(ttl_engine *engine, int database, ttl_bytes name) {
    RULE("replica.told-of-deaths");
    tell(engine, database, 2, (const ttl_bytes[]){ttl_bytes_of("DEL"), name});
}

void change_tell_field(struct call *call, const char *command, ttl_bytes field) {
    change_tell(call, 3, (const ttl_bytes[]){ttl_bytes_of(command), call->argv[1], field});
}

void change_tell_persisted(struct call *call, ttl_bytes field) {
    const ttl_bytes argv[] = {ttl_bytes_of("HPERSIST"), call->argv[1], ttl_bytes_of("FIELDS"),
                              ttl_bytes_of("1"), field};
    change_tell(call, 5, argv);
}

void change_tell_field_deadline(struct call *call, ttl_bytes field, ttl_instant deadline) {
    ttl_bytes argv[] = {ttl_bytes_of("HPEXPIREAT"), call->argv[1],     ttl_bytes_of(""),
                        ttl_bytes_of("FIELDS"),     ttl_bytes_of("1"), field};
    tell_moment(call, 6, argv, 2, deadline);
}

void change_tell_field_value(struct call *call, ttl_bytes field, ttl_bytes value,
                             const ttl_instant *deadline) {
    if (deadline == NULL) {
        change_tell(call, 4,
                    (const ttl_bytes[]){ttl_bytes_of("HSET"), call->argv[1], field, value});
        return;
    }
    ttl_bytes argv[] = {ttl_bytes_of("HSETEX"),
                        call->argv[1],
                        ttl_bytes_of("PXAT"),
                        ttl_bytes_of(""),
                        ttl_bytes_of("FIELDS"),
                        ttl_bytes_of("1"),
                        field,
                        value};
    tell_moment(call, 8, argv, 3, *deadline);
}

void change_tell_field_expired(ttl_engine *engine, int database, ttl_bytes name, ttl_bytes field) {
    tell(engine, database, 3, (const ttl_bytes[]){ttl_bytes_of("HDEL"), name, field});
}

void change_tell_rest(struct call *call, uint64_t changes) {
    if (call->is_told || call->engine->changes == changes) return;
    if ((subcommand_flags(call) & COMMAND_WRITE) == 0) return;
    tell(call->engine, call->db->id, call->argc, call->argv);
}
