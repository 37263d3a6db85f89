/* A link: one connection to a live server on an event loop, which waits for no reply.
 *
 *      send, send, flush  ---->  server        sent_us: before the first byte of a flush leaves
 *      on_reply(1), (2)   <----                received_us: when the bytes of a reply are here
 *
 * It is hiredis without its asynchronous interface: a context that does not block and whose reader
 * we drive. The asynchronous interface of 0.14 loses what a subscribed connection is answered, and
 * it writes a turn of the loop later than it is told to, which would widen every bracket.
 *
 * Replies come in the order of the commands; each is handed out with the `tag` of its command. The
 * first ones are those of AUTH and SELECT, which the link keeps to itself. A link that breaks says
 * so once, through on_broken, and is of no more use; nothing is handed out afterwards.
 *
 * Cost: two system calls for a flush and its replies. Ownership: a link belongs to whoever opened
 * it, until link_close; the address must outlive it.
 */
#ifndef CONFORMANCE_LINK_H
#define CONFORMANCE_LINK_H

#include <uv.h>

#include "conformance/live.h"
#include "conformance/target.h"

typedef struct live_link live_link;

/* The tag of a message on a subscribed link, which answers no command. */
#define LIVE_LINK_MESSAGE (SIZE_MAX - 1)

typedef struct live_link_events {
    void (*on_reply)(void *owner, live_link *link, size_t tag, const redisReply *reply,
                     target_moments moments);
    void (*on_broken)(void *owner, live_link *link);
    /* All that was there has been read and handed out. */
    void (*on_rest)(void *owner);
} live_link_events;

typedef struct live_link_pending {
    size_t tag;
    int64_t sent_us;
} live_link_pending;

struct live_link {
    uv_poll_t poll; /* first: the handle's data leads back here */
    redisContext *context;
    const live_link_events *events;
    void *owner;  /* told of everything */
    void *tenant; /* the owner's: whose commands these are; NULL: nobody's */
    size_t begin, count, capacity;
    live_link_pending *pending; /* those that wait for a reply, a ring */
    size_t unsent;              /* how many of the last ones have not been flushed */
    size_t greetings;           /* replies that are the link's own */
    bool is_open, is_broken;
    bool is_patient; /* the owner's: a reply may be as late as it likes */
    char error[TARGET_ERROR_SIZE];
};

/* NULL: `error` has the sentence. */
live_link *live_link_open(uv_loop_t *loop, const live_address *address,
                          const live_link_events *events, void *owner, char *error);
/* Nothing is handed out any more. The memory goes when the loop has let go of it. NULL is fine. */
void live_link_close(live_link *link);

/* Keeps a command for the next flush. */
void live_link_send(live_link *link, size_t tag, size_t argc, const ttl_bytes *argv);
/* Sends a command whose reply the link keeps to itself; an error breaks it. */
void live_link_greet(live_link *link, size_t argc, const ttl_bytes *argv);
/* Sends what was kept. */
void live_link_flush(live_link *link);
/* Has something been waiting for a reply since before this moment, and should not have? */
bool live_link_is_late(const live_link *link, int64_t since_us);
/* Leaves what comes where it is: nothing is handed out until the next look, or flush. */
void live_link_leave_unread(live_link *link);
/* Hands out what has come, and listens again. */
void live_link_look(live_link *link);
/* Breaks it as if the server had: `reason` is the sentence. */
void live_link_break(live_link *link, const char *reason);

#endif
