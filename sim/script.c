#include "sim/script.h"

const char *const sim_script_texts[SIM_SCRIPTS] = {
    "return redis.call('PTTL', KEYS[1])",
    "if redis.call('PTTL', KEYS[1]) < 0 then return 0 end "
    "return redis.call('PEXPIRE', KEYS[1], ARGV[1])",
    "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end "
    "return redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])",
    "redis.call('SELECT', '1') return redis.call('SET', KEYS[1], ARGV[2])",
};

int64_t sim_script_integer(int64_t integer) {
    double number = (double)integer;
    return number < 0x1p63 ? (int64_t)number : INT64_MIN;
}

struct run {
    const ttl_script *script;
    ttl_reply *reply;
    bool has_failed;
};

static ttl_reply *call(struct run *run, ttl_reply *into, size_t argc, const ttl_bytes *argv) {
    if (run->script->call(run->script->context, argc, argv, into) != TTL_CALLED)
        run->has_failed = true;
    return into;
}

static int64_t call_integer(struct run *run, const char *command) {
    ttl_reply one;
    ttl_reply_init(&one, run->script->allocator);
    call(run, &one, 2, (const ttl_bytes[]){ttl_bytes_of(command), run->script->keys[0]});
    int64_t integer = one.node_count > 0 ? one.nodes[0].is.integer : 0;
    ttl_reply_free(&one);
    return integer;
}

/* The last command, whose reply is that of the script. */
static void call_last(struct run *run, size_t argc, const ttl_bytes *argv) {
    ttl_reply one;
    ttl_reply_init(&one, run->script->allocator);
    call(run, &one, argc, argv);
    if (one.node_count > 0 && one.nodes[0].type == TTL_REPLY_INTEGER)
        one.nodes[0].is.integer = sim_script_integer(one.nodes[0].is.integer);
    ttl_reply_add_copy(run->reply, &one, 0);
    ttl_reply_free(&one);
}

static sim_script find(ttl_bytes text) {
    int number = 0;
    while (number < SIM_SCRIPTS && !ttl_bytes_equal(text, ttl_bytes_of(sim_script_texts[number])))
        number++;
    return (sim_script)number;
}

static ttl_status script_run(const ttl_script *script, ttl_reply *reply) {
    struct run run = {script, reply, false};
    const ttl_bytes key = script->keys[0], time = script->arguments[0],
                    value = script->arguments[1];
    const ttl_bytes tell[] = {ttl_bytes_of("PTTL"), key};
    const ttl_bytes arm[] = {ttl_bytes_of("PEXPIRE"), key, time};
    const ttl_bytes set[] = {ttl_bytes_of("SET"), key, value, ttl_bytes_of("PX"), time};
    const ttl_bytes go[] = {ttl_bytes_of("SELECT"), ttl_bytes_of("1")};
    ttl_reply aside;
    switch (find(script->text)) {
    case SIM_SCRIPT_TELLS: call_last(&run, 2, tell); break;
    case SIM_SCRIPT_EXTENDS:
        if (call_integer(&run, "PTTL") < 0) ttl_reply_add_integer(reply, 0);
        else call_last(&run, 3, arm);
        break;
    case SIM_SCRIPT_TAKES:
        if (call_integer(&run, "EXISTS") == 1) ttl_reply_add_integer(reply, 0);
        else call_last(&run, 5, set);
        break;
    case SIM_SCRIPT_SELECTS:
        ttl_reply_init(&aside, script->allocator);
        call(&run, &aside, 2, go);
        ttl_reply_free(&aside);
        call_last(&run, 3, set);
        break;
    default: run.has_failed = true;
    }
    return run.has_failed ? TTL_NO_MEMORY : TTL_OK;
}

static ttl_status script_check(const ttl_script *script, bool *is_sound, ttl_reply *reply) {
    (void)script, (void)reply;
    *is_sound = true;
    return TTL_OK;
}

const ttl_scripting sim_scripting = {script_check, script_run};
