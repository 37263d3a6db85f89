#include "sim/play_story.h"

#include <inttypes.h>
#include <string.h>

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

/* Of whom it says so only where that is somebody else. */
static void put_mark(FILE *out, const scenario *script, const play_moment *moment) {
    char own[PLAY_NAME_SIZE];
    play_client_name_of(script, moment->client, own);
    bool is_own = moment->of[0] == '\0' || strcmp(moment->of, own) == 0;
    fprintf(out, "marks \"%s\"%s%s", moment->name, is_own ? "" : " of ", is_own ? "" : moment->of);
}

static void put_clients(FILE *out, const scenario *script, const play_moment *moment) {
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
    case PLAY_MARK: put_mark(out, script, moment); break;
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

void play_story_words(FILE *out, const scenario *script, const play_moment *moment) {
    if (!put_servers(out, moment)) put_clients(out, script, moment);
}

static void put_moment(void *context, const play_moment *moment) {
    struct story *story = context;
    size_t number = story->count++;
    FILE *out = story->out;
    if (out == NULL) return;
    if (number == story->told_first && number < story->told_from)
        fprintf(out, "  ... %zu more\n", story->told_from - story->told_first);
    if (number >= story->told_first && number < story->told_from) return;
    char name[PLAY_NAME_SIZE] = "server";
    if (moment->kind < PLAY_SERVER_PAUSE) play_client_name_of(story->script, moment->client, name);
    fprintf(out, "  %10" PRId64 ".%03d ms  %-12s ", moment->at_us / 1000,
            (int)(moment->at_us % 1000), name);
    play_story_words(out, story->script, moment);
    putc('\n', out);
}

static void act(struct story *story, const play_schedule *schedule) {
    play *one = play_new(&(play_options){
        .scenario = story->script, .given = schedule, .observe = put_moment, .context = story});
    while (play_step(one)) continue;
    play_free(one);
}

bool play_story_is_clock(const choice *one) {
    return one->kind == CHOICE_DRIFT || one->kind == CHOICE_OFFSET;
}

void play_story_clock_words(FILE *out, const choice *one) {
    bool is_ahead = one->value > 0;
    int64_t off = is_ahead ? one->value : -one->value;
    if (one->kind == CHOICE_DRIFT)
        fprintf(out, "its clock runs too %s: %" PRId64 " millionths", is_ahead ? "fast" : "slow",
                off);
    else
        fprintf(out, "its wall clock is %" PRId64 " ms %s", off / 1000,
                is_ahead ? "ahead" : "behind");
}

static void put_clocks(FILE *out, const scenario *script, const play_schedule *schedule) {
    for (size_t i = 0; i < schedule->choices.count; i++) {
        const choice *one = &schedule->choices.choices[i];
        char name[PLAY_NAME_SIZE] = "server";
        if (!play_story_is_clock(one)) continue;
        if (one->who != CHOICE_SERVER) play_client_name_of(script, one->who, name);
        fprintf(out, "                      %-12s ", name);
        play_story_clock_words(out, one);
        putc('\n', out);
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
