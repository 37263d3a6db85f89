#include "sim/play_story.h"

#include <inttypes.h>

#include "sim/text.h"

struct story {
    FILE *out; /* NULL: only counted */
    const scenario *script;
    size_t count, told_first, told_from; /* those in between are left out */
};

static void put_command(FILE *out, const play_moment *moment) {
    for (size_t i = 0; i < moment->argc; i++)
        fprintf(out, "%s%.*s", i == 0 ? "" : " ", (int)moment->argv[i].length,
                moment->argv[i].data);
}

static void put_span(FILE *out, int64_t us) {
    if (us % 1000 == 0) fprintf(out, "%" PRId64 " ms", us / 1000);
    else fprintf(out, "%" PRId64 ".%03d ms", us / 1000, (int)(us % 1000));
}

/* What happened to a server. False: it happened to a client. */
static bool put_servers(FILE *out, const play_moment *moment) {
    switch (moment->kind) {
    case PLAY_SERVER_PAUSE:
        fputs("stands still for ", out);
        put_span(out, moment->amount_us);
        return true;
    case PLAY_CLOCK_JUMP:
        fprintf(out, "its clock is set %s by ", moment->amount_us < 0 ? "back" : "ahead");
        put_span(out, moment->amount_us < 0 ? -moment->amount_us : moment->amount_us);
        return true;
    case PLAY_FAILOVER:
        fprintf(out, "fails, and the replica takes over; %" PRId64 " change%s lost",
                moment->amount_us, moment->amount_us == 1 ? " is" : "s are");
        return true;
    default: return false;
    }
}

static void put_clients(FILE *out, const play_moment *moment) {
    char reply[SIM_REPLY_TEXT];
    switch (moment->kind) {
    case PLAY_COMMAND:
        put_command(out, moment);
        sim_text_reply(moment->reply, reply);
        fprintf(out, " -> %s%s%s", reply, moment->asks_replica ? ", said the replica" : "",
                moment->is_late ? ", too late: it was given up" : "");
        break;
    case PLAY_MESSAGE: fprintf(out, "is told of %s", moment->name); break;
    case PLAY_ENTER: fprintf(out, "enters \"%s\"", moment->name); break;
    case PLAY_LEAVE: fprintf(out, "leaves \"%s\"", moment->name); break;
    case PLAY_MARK:
        fprintf(out, "marks \"%s\"%s%s", moment->name, moment->of[0] == '\0' ? "" : " of ",
                moment->of);
        break;
    case PLAY_PAUSE:
        fputs("stands still for ", out);
        put_span(out, moment->amount_us);
        break;
    case PLAY_CRASH: fputs("ends for good", out); break;
    case PLAY_COMMAND_LOST:
        put_command(out, moment);
        fputs(" is lost with its connection", out);
        break;
    case PLAY_REPLY_LOST: fputs("loses the reply with its connection", out); break;
    case PLAY_MESSAGE_LOST: fputs("loses a message", out); break;
    default: fputs("gets no reply in time, and gives its connection up", out);
    }
}

static void put_moment(void *context, const play_moment *moment) {
    struct story *story = context;
    size_t number = story->count++;
    FILE *out = story->out;
    if (out == NULL) return;
    if (number == story->told_first && number < story->told_from)
        fprintf(out, "  ... %zu more\n", story->told_from - story->told_first);
    if (number >= story->told_first && number < story->told_from) return;
    bool is_servers = moment->kind >= PLAY_SERVER_PAUSE;
    char name[PLAY_NAME_SIZE] = "server";
    if (!is_servers) play_client_name_of(story->script, moment->client, name);
    fprintf(out, "  %10" PRId64 ".%03d ms  %-12s ", moment->at_us / 1000,
            (int)(moment->at_us % 1000), name);
    if (!put_servers(out, moment)) put_clients(out, moment);
    putc('\n', out);
}

static void act(struct story *story, const play_schedule *schedule) {
    play *one = play_new(&(play_options){
        .scenario = story->script, .given = schedule, .observe = put_moment, .context = story});
    while (play_step(one)) continue;
    play_free(one);
}

/* Clocks that are wrong from the beginning. */
static void put_clocks(FILE *out, const scenario *script, const play_schedule *schedule) {
    for (size_t i = 0; i < schedule->choices.count; i++) {
        const choice *one = &schedule->choices.choices[i];
        char name[PLAY_NAME_SIZE] = "server";
        bool is_ahead = one->value > 0;
        if (one->who != CHOICE_SERVER) play_client_name_of(script, one->who, name);
        if (one->kind == CHOICE_DRIFT)
            fprintf(out,
                    "                      %-12s its clock runs too %s: %" PRId64 " millionths\n",
                    name, is_ahead ? "fast" : "slow", is_ahead ? one->value : -one->value);
        if (one->kind == CHOICE_OFFSET)
            fprintf(out, "                      %-12s its wall clock is %" PRId64 " ms %s\n", name,
                    (is_ahead ? one->value : -one->value) / 1000, is_ahead ? "ahead" : "behind");
    }
}

size_t play_story_write(FILE *out, const scenario *script, const play_schedule *schedule,
                        size_t lines) {
    struct story counted = {.script = script}, story = {.out = out, .script = script};
    act(&counted, schedule);
    if (out != NULL) put_clocks(out, script, schedule);
    story.told_first = story.told_from = counted.count;
    if (lines > 0 && counted.count > lines) {
        story.told_first = lines / 2;
        story.told_from = counted.count - lines / 2;
    }
    act(&story, schedule);
    return counted.count;
}
