/* How the commands about deadlines of fields name fields, and what may stand before them.
 *
 *      HTTL key FIELDS n field ...             the fields, and nothing else
 *      HEXPIRE key time [NX] FIELDS n field ...
 *      HGETEX key [EX time | PERSIST] FIELDS n field ...
 *      HSETEX key [FNX] [EX time | KEEPTTL] FIELDS n field value ...
 *
 * Redis since 8.4 takes the parts in any order. Each function answers what is wrong, and then
 * returns false. */
#ifndef ENGINE_FIELD_OPTIONS_H
#define ENGINE_FIELD_OPTIONS_H

#include "engine/deadline.h"
#include "engine/expire_options.h"

/* argv[first], argv[first + step] ... are fields. */
struct field_list {
    size_t first, count, step;
};

static inline ttl_bytes field_at(const struct call *call, const struct field_list *list, size_t i) {
    return call->argv[list->first + i * list->step];
}

/* HTTL and its kin, HPERSIST, HGETDEL. `are_counted`: Valkey complains of a wrong number as such,
 * not as of the syntax. */
bool field_list_parse(struct call *call, bool are_counted, struct field_list *list);

/* HEXPIRE and its kin. */
bool field_expire_parse(struct call *call, struct deadline_spelling spelling,
                        struct expire_options *options, ttl_instant *deadline,
                        struct field_list *list);
/* HGETEX and HSETEX. */
struct field_options {
    struct field_list list;
    bool only_new, only_present;               /* NX and XX, of the key */
    bool only_new_fields, only_present_fields; /* FNX and FXX */
    bool keep_deadline, persist;
    size_t time_index; /* the argument with the time; 0: no time was given */
    struct deadline_spelling spelling;
    bool has_deadline; /* field_options_read_deadline has read it */
    ttl_instant deadline;
};

/* Redis reads the time on the way. */
bool field_options_parse(struct call *call, bool of_hsetex, struct field_options *options);
/* Reads the time, if there is one and nobody has read it yet. */
bool field_options_read_deadline(struct call *call, struct field_options *options);

#endif
