/* The programs of a scenario's clients: steps become instructions, blocks and loops become jumps,
 * procedures are written out where they are called. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario_loading.h"
#include "conformance/text.h"

/* A program that grows. */
typedef struct program {
    scenario_loading *loading;
    scenario_instruction *code;
    size_t length;
    const cJSON *calls[SCENARIO_CALLS]; /* the procedures that it is in */
    size_t call_count;
    size_t loop_count; /* loops that it is in */
    size_t breaks[64]; /* jumps out of loops that wait for their end, and of which loop they are */
    size_t break_loops[64];
    size_t break_count;
    bool is_too_long;
} program;

static uint64_t read_steps(program *self, const cJSON *steps);

/* ---- instructions */

static scenario_instruction *emit(program *self, const cJSON *at, scenario_verb verb) {
    loading *base = &self->loading->base;
    if (self->length == SCENARIO_LENGTH_MAX) {
        if (!self->is_too_long)
            loading_error(base, at, "the program gets longer than %d steps", SCENARIO_LENGTH_MAX);
        self->is_too_long = true;
        self->length--;
    }
    scenario_instruction *one = &self->code[self->length++];
    *one = (scenario_instruction){.verb = verb,
                                  .pointer = json_pointer(base->document, at, &base->set->arena)};
    return one;
}

/* The variable that a field names; 0: there is no such field. */
static size_t variable_of(program *self, const cJSON *step, const char *field) {
    const cJSON *name = loading_field(step, field);
    if (name == NULL || !cJSON_IsString(name)) return 0; /* told when names were gathered */
    size_t variable =
        scenario_variable(self->loading, name->valuestring, strlen(name->valuestring));
    return variable == SCENARIO_VARIABLES ? 0 : variable;
}

static void read_timeout(program *self, const cJSON *step, scenario_instruction *one) {
    const cJSON *timeout = loading_field(step, "timeout"),
                *retries = loading_field(step, "retries");
    int64_t number = 0;
    one->timeout_ms = 1000;
    if (timeout != NULL)
        scenario_read_whole(self->loading, timeout, 1, SCENARIO_MS_MAX, "milliseconds",
                            &one->timeout_ms);
    if (retries != NULL && scenario_read_whole(self->loading, retries, 0, 100, "times", &number))
        one->retries = (unsigned)number;
}

static uint64_t read_do(program *self, const cJSON *step) {
    scenario_instruction *one = emit(self, step, SCENARIO_DO);
    scenario_read_command(self->loading, step, one);
    one->into = variable_of(self, step, "reply");
    one->sent = variable_of(self, step, "sent");
    read_timeout(self, step, one);
    return 1 + one->retries;
}

static uint64_t read_await(program *self, const cJSON *step) {
    scenario_instruction *one = emit(self, step, SCENARIO_AWAIT);
    one->into = variable_of(self, step, "await");
    read_timeout(self, step, one);
    return 1;
}

static uint64_t read_wait(program *self, const cJSON *step) {
    const cJSON *wait = loading_field(step, "wait");
    scenario_instruction *one = emit(self, step, SCENARIO_WAIT);
    int64_t low = 0, high = 0;
    if (!cJSON_IsArray(wait)) {
        scenario_read_expression(self->loading, wait, &one->low);
    } else if (cJSON_GetArraySize(wait) != 2) {
        loading_expected(&self->loading->base, wait, "the shortest and the longest wait");
    } else {
        const cJSON *longest = wait->child->next;
        if (scenario_read_whole(self->loading, wait->child, 0, SCENARIO_MS_MAX,
                                "the shortest wait in milliseconds", &low) &&
            scenario_read_whole(self->loading, longest, low, SCENARIO_MS_MAX,
                                "the longest wait in milliseconds", &high)) {
            scenario_read_expression(self->loading, wait->child, &one->low);
            scenario_read_expression(self->loading, longest, &one->high);
        }
    }
    return 1;
}

static uint64_t read_wait_until(program *self, const cJSON *step) {
    scenario_instruction *one = emit(self, step, SCENARIO_WAIT_UNTIL);
    scenario_read_expression(self->loading, loading_field(step, "wait-until"), &one->low);
    return 1;
}

static uint64_t read_set(program *self, const cJSON *step) {
    scenario_instruction *one = emit(self, step, SCENARIO_SET);
    const cJSON *to = loading_field(step, "to");
    one->into = variable_of(self, step, "set");
    if (to == NULL)
        loading_error(&self->loading->base, step, "expected a field \"to\": what it becomes");
    else scenario_read_expression(self->loading, to, &one->low);
    return 1;
}

static void read_place(program *self, const cJSON *step, const char *field,
                       scenario_instruction *one) {
    one->name = loading_id(&self->loading->base, step, field, false);
    if (one->name != NULL)
        one->place = scenario_place(self->loading, loading_field(step, field), one->name);
}

static uint64_t read_enter(program *self, const cJSON *step) {
    scenario_instruction *one = emit(self, step, SCENARIO_ENTER);
    const cJSON *until = loading_field(step, "until");
    read_place(self, step, "enter", one);
    one->has_limit = until != NULL;
    if (until != NULL) scenario_read_expression(self->loading, until, &one->low);
    return 1;
}

static uint64_t read_leave(program *self, const cJSON *step) {
    read_place(self, step, "leave", emit(self, step, SCENARIO_LEAVE));
    return 1;
}

static uint64_t read_mark(program *self, const cJSON *step) {
    scenario_instruction *one = emit(self, step, SCENARIO_MARK);
    const cJSON *of = loading_field(step, "of");
    one->name = loading_id(&self->loading->base, step, "mark", false);
    if (of == NULL) return 1;
    if (cJSON_IsString(of)) scenario_read_template(self->loading, of, of->valuestring, &one->of);
    else loading_expected(&self->loading->base, of, "a text such as \"{me}\"");
    return 1;
}

/* ---- blocks */

static uint64_t read_if(program *self, const cJSON *step) {
    size_t unless = self->length;
    const cJSON *otherwise = loading_field(step, "else");
    scenario_read_condition(self->loading, loading_field(step, "if"),
                            &emit(self, step, SCENARIO_UNLESS)->condition);
    uint64_t most = read_steps(self, loading_list(&self->loading->base, step, "then", true));
    if (otherwise == NULL) {
        self->code[unless].target = self->length;
        return 1 + most;
    }
    size_t jump = self->length;
    emit(self, step, SCENARIO_JUMP);
    self->code[unless].target = self->length;
    uint64_t other = read_steps(self, loading_list(&self->loading->base, step, "else", true));
    self->code[jump].target = self->length;
    return 2 + (most > other ? most : other);
}

/* COUNT; again: AGAIN -> end; UNLESS condition -> end; steps; JUMP again; end. */
static uint64_t read_loop(program *self, const cJSON *step, const char *times) {
    loading *base = &self->loading->base;
    const cJSON *rounds = loading_field(step, times), *condition = loading_field(step, "while");
    size_t loop = self->loop_count, again = self->length + 1, unless = 0;
    int64_t most = 1;
    if (loop == SCENARIO_LOOPS) {
        loading_error(base, step, "expected at most %d loops in one another", SCENARIO_LOOPS);
        return 1;
    }
    if (rounds == NULL)
        loading_error(base, step,
                      "an endless program: expected a field \"%s\" with the most rounds that the "
                      "loop may do",
                      times);
    else
        scenario_read_whole(self->loading, rounds, 1, SCENARIO_ROUNDS_MAX,
                            "how often, because a program has to end", &most);
    self->loop_count++;
    scenario_instruction *count = emit(self, step, SCENARIO_COUNT);
    count->loop = loop;
    count->rounds = condition == NULL ? most : 0;
    emit(self, step, SCENARIO_AGAIN)->loop = loop;
    self->code[again].rounds = most;
    if (condition != NULL) {
        unless = self->length;
        scenario_read_condition(self->loading, condition,
                                &emit(self, step, SCENARIO_UNLESS)->condition);
    }
    uint64_t cost = read_steps(self, loading_list(base, step, "steps", true));
    emit(self, step, SCENARIO_JUMP)->target = again;
    self->code[again].target = self->length;
    if (unless != 0) self->code[unless].target = self->length;
    size_t kept = 0;
    for (size_t i = 0; i < self->break_count; i++) {
        if (self->break_loops[i] == loop) self->code[self->breaks[i]].target = self->length;
        else self->breaks[kept] = self->breaks[i], self->break_loops[kept++] = self->break_loops[i];
    }
    self->break_count = kept;
    self->loop_count--;
    if (cost > UINT32_MAX) cost = UINT32_MAX; /* too much is too much */
    return (cost + 3) * (uint64_t)most;
}

static uint64_t read_repeat(program *self, const cJSON *step) {
    return read_loop(self, step, "repeat");
}

static uint64_t read_while(program *self, const cJSON *step) {
    return read_loop(self, step, "at-most");
}

static uint64_t read_break(program *self, const cJSON *step) {
    loading *base = &self->loading->base;
    if (!cJSON_IsTrue(loading_field(step, "break")))
        loading_expected(base, loading_field(step, "break"), "true");
    if (self->loop_count == 0) loading_error(base, step, "there is no loop here to break off");
    else if (self->break_count == sizeof self->breaks / sizeof *self->breaks)
        loading_error(base, step, "too many breaks in one loop");
    else {
        self->breaks[self->break_count] = self->length;
        self->break_loops[self->break_count++] = self->loop_count - 1;
    }
    emit(self, step, SCENARIO_JUMP);
    return 1;
}

static uint64_t read_stop(program *self, const cJSON *step) {
    if (!cJSON_IsTrue(loading_field(step, "stop")))
        loading_expected(&self->loading->base, loading_field(step, "stop"), "true");
    emit(self, step, SCENARIO_END);
    return 1;
}

static uint64_t read_call(program *self, const cJSON *step) {
    loading *base = &self->loading->base;
    const cJSON *call = loading_field(step, "call");
    const char *name = cJSON_IsString(call) ? call->valuestring : "";
    const cJSON *body = loading_field(self->loading->instead, name);
    if (body == NULL) body = loading_field(self->loading->procedures, name);
    if (body == NULL) {
        loading_expected(base, call, "the name of one of the procedures");
        return 0;
    }
    for (size_t i = 0; i < self->call_count; i++)
        if (self->calls[i] == body) {
            loading_error(base, call, "an endless program: procedure \"%s\" calls itself", name);
            return 0;
        }
    if (self->call_count == SCENARIO_CALLS) {
        loading_error(base, call, "expected at most %d procedures that call one another",
                      SCENARIO_CALLS);
        return 0;
    }
    if (!cJSON_IsArray(body)) {
        loading_expected(base, body, "an array of steps");
        return 0;
    }
    self->calls[self->call_count++] = body;
    uint64_t cost = read_steps(self, body);
    self->call_count--;
    return cost;
}

/* ---- steps */

typedef struct step_kind {
    const char *name; /* the field that says which kind a step is */
    uint64_t (*read)(program *self, const cJSON *step); /* the most instructions that it may take */
    const char *fields[8];
} step_kind;

static const step_kind kinds[] = {
    {"do", read_do, {"do", "reply", "sent", "timeout", "retries", "on", "about"}},
    {"await", read_await, {"await", "timeout", "about"}},
    {"wait", read_wait, {"wait", "about"}},
    {"wait-until", read_wait_until, {"wait-until", "about"}},
    {"set", read_set, {"set", "to", "about"}},
    {"enter", read_enter, {"enter", "until", "about"}},
    {"leave", read_leave, {"leave", "about"}},
    {"mark", read_mark, {"mark", "of", "about"}},
    {"if", read_if, {"if", "then", "else", "about"}},
    {"repeat", read_repeat, {"repeat", "steps", "about"}},
    {"while", read_while, {"while", "at-most", "steps", "about"}},
    {"break", read_break, {"break", "about"}},
    {"stop", read_stop, {"stop", "about"}},
    {"call", read_call, {"call", "about"}},
};

static uint64_t read_step(program *self, const cJSON *step) {
    loading *base = &self->loading->base;
    if (!cJSON_IsObject(step)) {
        loading_expected(base, step, "a step: an object");
        return 0;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (loading_field(step, kinds[i].name) == NULL) continue;
        loading_check_object(base, step, kinds[i].fields);
        return kinds[i].read(self, step);
    }
    loading_error(base, step,
                  "expected a step with do, await, wait, wait-until, set, enter, leave, mark, if, "
                  "repeat, while, break, stop or call");
    return 0;
}

static uint64_t read_steps(program *self, const cJSON *steps) {
    uint64_t cost = 0;
    if (steps == NULL || self->is_too_long) return 0;
    for (const cJSON *step = steps->child; step != NULL; step = step->next)
        cost += read_step(self, step);
    return cost;
}

void scenario_read_program(scenario_loading *of, const cJSON *steps, scenario_client *client) {
    program self = {.loading = of,
                    .code = memory_zeroed(SCENARIO_LENGTH_MAX + 1, sizeof *self.code)};
    uint64_t cost = read_steps(&self, steps);
    if (cost > SCENARIO_STEPS_MAX)
        loading_error(&of->base, steps,
                      "an endless program: it may take %" PRIu64 " steps, and %d are the most",
                      cost, SCENARIO_STEPS_MAX);
    emit(&self, steps, SCENARIO_END);
    scenario_instruction *code = arena_take_array(&of->base.set->arena, self.length, sizeof *code);
    memcpy(code, self.code, self.length * sizeof *code);
    client->program = code;
    client->length = self.length;
    free(self.code);
}
