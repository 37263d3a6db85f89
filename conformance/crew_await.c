/* Replies that may not come: those of commands that wait on the server.
 *
 *      BLPOP       --->  server    on a link of the vector's own
 *      PING, PING  <-->  server    on the crew's watch, one after the other
 *
 * By the answer to the second PING the server has said what it had to say before the first. Where
 * no reply has come by then, it is pending, and what comes later stays unread until the vector asks
 * for it. A reply that must come is waited for instead: servers look at timeouts ten times a
 * second.
 */
#include "conformance/crew_inside.h"

enum { MUST_COME_US = 1000000, PINGS = 2 };

live_link *crew_link_of(const crew_hand *hand, size_t step) {
    return hand->keeps_links ? hand->own[hand->turn.vector->steps[step].connection] : hand->leased;
}

static void fail_to_ask(crew *self, crew_hand *hand) {
    crew_hand_break(self, hand, "could not be asked whether it had come to rest");
}

/* If the watch breaks under it, the vector has been told already. */
static void ask_rest(crew *self, crew_hand *hand) {
    size_t serial = hand->serial;
    if (!crew_ask_rest(self, serial) && crew_hand_find(self, serial) == hand)
        fail_to_ask(self, hand);
}

/* Sends the step's command, or looks for the reply of one that was sent before. */
void crew_await(crew *self, crew_hand *hand, size_t index) {
    bool is_await = hand->turn.vector->steps[index].action == VECTOR_AWAIT;
    attempt_step *step = &hand->turn.steps[index];
    live_link *link = crew_link_of(hand, index);
    size_t serial = hand->serial;
    int64_t now_us = live_now_us();
    step->moments.sent_us = now_us - hand->began_us;
    hand->awaits_reply = link->is_patient = true;
    bool must_come = attempt_step_must_be_answered(step);
    hand->pending_us = must_come ? now_us + MUST_COME_US : INT64_MAX;
    hand->pings = 0;
    if (is_await) {
        live_link_look(link);
    } else {
        live_link_send(link, index, step->argc, step->argv);
        live_link_flush(link);
    }
    bool goes_on = crew_hand_find(self, serial) == hand && hand->awaits_reply;
    if (goes_on && hand->pending_us == INT64_MAX) ask_rest(self, hand);
}

/* Nothing has come: what the vector does next, it does without. */
static void leave_pending(crew *self, crew_hand *hand) {
    size_t index = hand->next - 1;
    attempt_step *step = &hand->turn.steps[index];
    live_link_leave_unread(crew_link_of(hand, index));
    ttl_reply_clear(&step->reply);
    ttl_reply_add_node(&step->reply, TTL_REPLY_PENDING, 0);
    step->moments.received_us = live_now_us() - hand->began_us;
    step->protocol = hand->protocols[hand->turn.vector->steps[index].connection];
    crew_hand_end_step(self, hand);
}

void crew_await_ping(crew *self, size_t serial) {
    crew_hand *hand = crew_hand_find(self, serial);
    if (hand == NULL || !hand->awaits_reply || hand->pending_us != INT64_MAX) return;
    if (++hand->pings < PINGS) {
        ask_rest(self, hand);
        return;
    }
    live_link_look(crew_link_of(hand, hand->next - 1));
    hand = crew_hand_find(self, serial);
    if (hand != NULL && hand->awaits_reply) leave_pending(self, hand);
}

void crew_await_late(crew *self) {
    int64_t now_us = live_now_us();
    for (size_t i = self->working_count; i-- > 0;) {
        if (i >= self->working_count) continue;
        crew_hand *hand = self->working[i];
        bool is_waited_for = hand->awaits_reply && hand->pending_us != INT64_MAX;
        if (is_waited_for && (self->is_closing || hand->pending_us <= now_us))
            leave_pending(self, hand);
    }
}

/* Nobody tells any more when the server has come to rest. */
void crew_await_lost(crew *self) {
    for (size_t i = self->working_count; i-- > 0;)
        if (i < self->working_count && self->working[i]->awaits_reply &&
            self->working[i]->pending_us == INT64_MAX)
            fail_to_ask(self, self->working[i]);
}
