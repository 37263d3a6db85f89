/* What the files of a crew share. Nobody else includes this.
 *
 *      crew.c           the loop: what is due, and what goes to the judge
 *      crew_order.c     who may begin, and when
 *      crew_hand.c      one vector on its way through its steps
 *      crew_await.c     replies that may not come
 *      crew_links.c     connections: the pool, and those of the crew's own
 */
#ifndef CONFORMANCE_CREW_INSIDE_H
#define CONFORMANCE_CREW_INSIDE_H

#include "conformance/crew.h"
#include "conformance/link.h"

/* What a vector waits for, in the order in which they are looked at. Only the first of each may
 * begin. */
typedef enum crew_queue {
    CREW_WAITING,            /* nothing, and it sleeps: the sooner the better */
    CREW_OWN_DATABASE,       /* a database that nobody else uses */
    CREW_DEBUG,              /* it switches the active cycle off: all above are over or asleep */
    CREW_DEBUG_OWN_DATABASE, /* both */
    CREW_SILENT,             /* it looks at the whole server: nothing else stirs */
    CREW_SILENT_DEBUG,       /* the same */
    CREW_INSTANT,            /* nothing, and it is over in no time: it fills the gaps */
    CREW_LAST, /* it was missed: all above are over or sleep for longer, and few are beside it */
    CREW_QUEUES,
} crew_queue;

typedef struct crew_line {
    size_t count, next;
    crew_task *tasks;
} crew_line;

enum { CREW_JUDGED_AT_ONCE = 16 };

/* One vector at work. */
typedef struct crew_hand {
    attempt turn;
    size_t number, serial; /* the caller's; that of the keys */
    bool waits;            /* it is not among the busy */
    bool is_last;          /* it began when it was quiet */
    bool is_polling;       /* asks again and again, until the reply turns */
    int64_t began_us;      /* T0 on our clock */
    int64_t phase_us;      /* how far into its millisecond a step is sent */
    int64_t due_us;
    size_t next;       /* the first step that was not sent */
    bool is_asleep;    /* until due_us, and */
    int64_t stirs_us;  /* until then none of its keys dies either; 0: it is not known */
    bool has_database; /* of its own, or two */
    bool keeps_links;  /* the connections are its own until it ends */
    live_link *own[TARGET_CONNECTIONS_MAX];
    live_link *leased;
    int protocols[TARGET_CONNECTIONS_MAX];
    size_t event_count; /* of the step that was answered last */
    bool awaits_events;
    bool awaits_reply; /* of a command that may wait on the server; then: */
    /* When it counts as pending. INT64_MAX: once the server has come to rest, */
    int64_t pending_us;
    int pings;      /* which it has when so many were answered */
    bool is_parked; /* others still need what its next step ends */
    bool may_switch_on;
    int64_t ended_us;
    bool is_covered; /* the clock was read after it ended */
    void *decided;   /* by the judge, for the caller */
} crew_hand;

struct crew {
    crew_options options;
    uv_loop_t loop;
    uv_timer_t tick;
    uv_idle_t idle;
    uv_poll_t alarm;
    int alarm_fd;
    bool is_closing; /* interrupted: nothing begins any more */

    crew_line lines[CREW_QUEUES];
    size_t left;             /* in the lines */
    crew_hand *silent;       /* at work, and looks at the whole server; NULL: none does */
    int64_t silence_ends_us; /* when another stirs */
    bool holds_instants;     /* for one that is to be silent */
    bool used_debug;         /* somebody left who may have left the active cycle off */
    bool is_database_taken[TARGET_DATABASES_MAX];
    size_t hand_count; /* at work, done or before the judge, not yet handed over */
    size_t busy;       /* of those at work: the ones that never wait, */
    size_t polling;    /* the ones that poll just now, */
    size_t last_count; /* and those in their last turn */
    size_t lost;       /* in a row, that could not begin */
    size_t serial;
    int64_t next_t0_us;   /* of the server's clock: where the next vector that waits may begin */
    int64_t next_poll_us; /* the same for one that polls */
    int64_t second_us;    /* the same for those that begin with a second, and */
    size_t second_slots;  /* how many do with this one */
    size_t asleep_count;
    crew_hand **asleep;
    size_t working_count; /* all that are not done */
    crew_hand **working;
    size_t waiting_count; /* for a link */
    crew_hand **waiting;
    size_t done_count;
    crew_hand **done;
    size_t judging_count; /* in the judge's thread, and touched by nobody else; 0: it rests */
    crew_hand *judging[CREW_JUDGED_AT_ONCE];
    uv_work_t judging_work;

    server_clock clock;
    size_t link_count; /* all that are open, the crew's own too */
    live_link **links;
    size_t pool_count; /* of those: leased, idle and kept */
    size_t kept_count;
    size_t idle_count;
    live_link **idle_links;
    live_link *watch, *janitor, *subscriber;
    bool reads_clock;
    size_t watch_failures; /* in a row */
    bool is_blind;         /* the clock cannot be read any more */
    bool is_cleaning;
    bool hears; /* the subscription was confirmed */
    size_t subscriber_failures;
    char deaf[TARGET_ERROR_SIZE]; /* why keyspace events will never be heard; "": they may be */
};

/* crew.c */
void crew_sleep(crew *self, crew_hand *hand, int64_t due_us);
void crew_look_around(crew *self);

/* crew_order.c */
bool crew_waits(const vector *what);
/* Does what a connection is told by it last, or is not one reply for one command? */
bool crew_needs_own_links(const vector *what);
void crew_line_up(crew *self, const crew_task *tasks, size_t count);
void crew_forget_queues(crew *self);
/* The next that may begin now. */
bool crew_next(crew *self, crew_task *task, bool *is_silent);
/* The next, whether it may or not. */
bool crew_take_any(crew *self, crew_task *task);
/* The number of a database that nobody uses; there must be one. */
int crew_take_database(crew *self);
/* All are free but those of vectors at work. */
void crew_give_back_databases(crew *self);

/* crew_hand.c */
crew_hand *crew_hand_new(crew *self, const crew_task *task);
void crew_hand_free(crew *self, crew_hand *hand);
void crew_hand_begin(crew *self, crew_hand *hand, bool is_silent);
/* Its moment has come. */
void crew_hand_work(crew *self, crew_hand *hand);
/* The target broke for it. */
void crew_hand_fail(crew *self, crew_hand *hand, const char *error);
/* Forgets it, because the run is interrupted. */
void crew_hand_drop(crew *self, crew_hand *hand);
void crew_hand_reply(crew *self, crew_hand *hand, size_t step, const redisReply *reply,
                     target_moments moments);
/* The step that was sent last is over: its reply is there, or is left pending. */
void crew_hand_end_step(crew *self, crew_hand *hand);
/* All events until its last reply have come. */
void crew_hand_event(crew_hand *hand, const redisReply *message);
void crew_cover(crew *self);
/* Its link broke, wherever it was. */
void crew_hand_break(crew *self, crew_hand *hand, const char *error);
void crew_hand_events_are_in(crew *self, crew_hand *hand);
bool crew_clock_covers(crew *self, crew_hand *hand);
crew_hand *crew_hand_find(crew *self, size_t serial);

/* crew_await.c */
/* Takes the step on which the vector may have to wait. */
void crew_await(crew *self, crew_hand *hand, size_t step);
/* What crew_ask_rest asked was answered. */
void crew_await_ping(crew *self, size_t serial);
/* Those that were waited for long enough. */
void crew_await_late(crew *self);
/* The watch broke: what was asked of it will not be answered. */
void crew_await_lost(crew *self);
/* The link on which a step is sent. */
live_link *crew_link_of(const crew_hand *hand, size_t step);

/* crew_links.c */
bool crew_hand_fits(const crew *self, const vector *what);
/* True when the hand has a link for this connection; else it waits in line for one, or failed. */
bool crew_lease(crew *self, crew_hand *hand);
bool crew_open_own(crew *self, crew_hand *hand, char *error);
/* Gives back what it leased, closes what it kept. */
void crew_release(crew *self, crew_hand *hand);
void crew_give_back(crew *self, crew_hand *hand);
void crew_serve_waiting(crew *self);
void crew_drop_waiting(crew *self);
void crew_break_late_links(crew *self);
void crew_read_clock(crew *self);
bool crew_ask_events(crew *self, crew_hand *hand);
/* The same of crew_await_ping: asks the server whether it is done with what it was doing. */
bool crew_ask_rest(crew *self, size_t serial);
/* Can keyspace events be heard? When that cannot be known yet it will be asked for. */
bool crew_hears(crew *self);
void crew_clean(crew *self, crew_hand *hand);
void crew_finish_cleaning(crew *self);
void crew_close_links(crew *self);

#endif
