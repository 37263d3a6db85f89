/* The options that SET, MSETEX, GETEX and, in Valkey, HGETEX and HSETEX share: conditions,
 * deadlines, KEEPTTL, PERSIST, GET. */
#ifndef ENGINE_SET_OPTIONS_H
#define ENGINE_SET_OPTIONS_H

#include "engine/command.h"
#include "engine/deadline.h"

enum options_of { OPTIONS_OF_SET, OPTIONS_OF_GETEX, OPTIONS_OF_MSETEX, OPTIONS_OF_HSETEX };

/* IFEQ and IFNE: what the present value is compared for. */
enum set_comparison { COMPARE_NOTHING, COMPARE_EQUAL, COMPARE_UNEQUAL };

struct set_options {
    bool only_new;                             /* NX */
    bool only_present;                         /* XX */
    bool only_new_fields, only_present_fields; /* FNX, FXX: HSETEX */
    enum set_comparison comparison;
    ttl_bytes comparand;
    bool get;              /* GET */
    bool keep_deadline;    /* KEEPTTL */
    bool persist;          /* PERSIST */
    size_t time_index;     /* the argument with the time; 0: no time was given */
    const char *time_word; /* EX, PX, EXAT or PXAT */
    struct deadline_spelling spelling;
    bool has_deadline; /* set_options_read_deadline has read it */
    ttl_instant deadline;
};

/* Is this argument EX, PX, EXAT or PXAT? Then `*spelling` says how its time is spelt. */
bool set_options_is_time(const struct call *call, size_t index, struct deadline_spelling *spelling);

/* Reads the options from argument `first` on; answers a syntax error and returns false where they
 * contradict each other or are none. The time is only looked at later: servers differ in when. */
bool set_options_parse(struct call *call, size_t first, enum options_of whose,
                       struct set_options *options);
/* Reads the time, if there is one; answers its error and returns false where it is none. */
bool set_options_read_deadline(struct call *call, struct set_options *options);

#endif
