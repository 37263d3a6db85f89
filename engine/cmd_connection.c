/* PING, ECHO, HELLO, CLIENT, RESET, QUIT. */
#include <string.h>

#include "engine/config.h"
#include "engine/number.h"
#include "engine/pubsub.h"
#include "engine/rule.h"
#include "engine/session.h"
#include "engine/subcommand.h"
#include "engine/text.h"

/* ---- PING, ECHO, QUIT, RESET */

ttl_status ping_command(struct call *call) {
    if (call->argc > 2) return reply_wrong_arity(call);
    if (pubsub_holds(call->session)) {
        reply_array(call, 2);
        reply_bulk(call, ttl_bytes_of("pong"));
        return reply_bulk(call, call->argc == 2 ? call->argv[1] : ttl_bytes_of(""));
    }
    if (call->argc == 2) return reply_bulk(call, call->argv[1]);
    ttl_reply_add_status(call->reply, "PONG");
    return TTL_OK;
}

ttl_status echo_command(struct call *call) {
    return reply_bulk(call, call->argv[1]);
}

ttl_status quit_command(struct call *call) {
    call->session->closing = true;
    return reply_ok(call);
}

/* ---- what a session says of itself */

/* Replaces a text that the session owns; an empty one needs no memory. */
static ttl_status session_say(ttl_session *session, ttl_bytes *what, ttl_bytes value) {
    struct memory *memory = &session->engine->session_memory;
    ttl_bytes copy;
    if (memory_copy_bytes(memory, value, &copy) != TTL_OK) return TTL_NO_MEMORY;
    memory_give_bytes(memory, what);
    *what = copy;
    return TTL_OK;
}

/* Visible ASCII only, so that a name cannot break the lines of CLIENT LIST. */
static bool is_presentable(const struct call *call, ttl_bytes text) {
    RULE("client.setname-checks");
    bool stops_at_nul = call_has(call, TRAIT_CLIENT_NAME_ENDS_AT_NUL);
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '\0' && stops_at_nul) return true;
        if (text.data[i] < '!' || text.data[i] > '~') return false;
    }
    return true;
}

static ttl_status reply_not_presentable(struct call *call, ttl_bytes what) {
    ttl_bytes parts[] = {ttl_bytes_of("ERR "), what,
                         ttl_bytes_of(" cannot contain spaces, newlines or special characters.")};
    return reply_error_parts(call, parts, 3);
}

ttl_status reset_command(struct call *call) {
    ttl_session *session = call->session;
    RULE("reset.ends-transaction");
    session_leave_multi(session);
    pubsub_unsubscribe_all(session);
    session->selected = 0;
    session->protocol = 2;
    session_say(session, &session->name, (ttl_bytes){NULL, 0});
    ttl_reply_add_status(call->reply, "RESET");
    return TTL_OK;
}

/* ---- HELLO */

/* What HELLO was asked for, as far as it has been read. */
struct hello {
    int64_t protocol; /* 0: none was given */
    bool authenticates_badly;
    const ttl_bytes *name; /* NULL: none was given */
};

static bool hello_read_protocol(struct call *call, struct hello *hello) {
    RULE("hello.without-version");
    bool optional = call_has(call, TRAIT_HELLO_WITHOUT_VERSION);
    if (call->argc < 2) return true;
    if (!argument_integer(call->argv[1], &hello->protocol)) {
        reply_error(call, optional ? "ERR Protocol version is not an integer or out of range"
                                   : "NOPROTO unsupported protocol version");
        return false;
    }
    if (hello->protocol == 2 || hello->protocol == 3) return true;
    reply_error(call, "NOPROTO unsupported protocol version");
    return false;
}

static ttl_status reply_wrong_password(struct call *call) {
    return reply_error(call, call_has(call, TRAIT_HELLO_WITHOUT_VERSION)
                                 ? "WRONGPASS invalid username-password pair or user is disabled."
                                 : "WRONGPASS invalid username-password pair");
}

/* There are no passwords: the user "default" may have any, and there is no other user. */
static bool is_known_user(ttl_bytes user) {
    return ttl_bytes_equal(user, ttl_bytes_of("default"));
}

/* Reads one option at `index`; returns how many arguments it takes, 0 when it answered an error. */
static size_t hello_read_option(struct call *call, size_t index, struct hello *hello) {
    size_t more = call->argc - 1 - index;
    if (call_is_word(call, index, "auth") && more >= 2) {
        hello->authenticates_badly = !is_known_user(call->argv[index + 1]);
        return 3;
    }
    if (call_is_word(call, index, "setname") && more >= 1) {
        hello->name = &call->argv[index + 1];
        if (is_presentable(call, *hello->name)) return 2;
        reply_not_presentable(call, ttl_bytes_of("Client names"));
        return 0;
    }
    ttl_bytes parts[] = {ttl_bytes_of("ERR Syntax error in HELLO option '"), call->argv[index],
                         ttl_bytes_of("'")};
    reply_error_parts(call, parts, 3);
    return 0;
}

/* Does what was read so far; false: an error was answered, or `status` says why. */
static bool hello_take_effect(struct call *call, struct hello *hello, ttl_status *status) {
    if (hello->authenticates_badly) {
        reply_wrong_password(call);
        return false;
    }
    if (hello->name != NULL)
        *status = session_say(call->session, &call->session->name, *hello->name);
    hello->name = NULL;
    return *status == TTL_OK;
}

static void hello_answer(struct call *call) {
    char room[CONFIG_VALUE_ROOM];
    const ttl_dialect *dialect = &call->engine->dialect;
    ttl_reply_add_node(call->reply, TTL_REPLY_MAP, 14);
    reply_bulk(call, ttl_bytes_of("server"));
    reply_bulk(call, ttl_bytes_of(ttl_family_name(dialect->family)));
    reply_bulk(call, ttl_bytes_of("version"));
    reply_bulk(call, config_version(dialect, room));
    reply_bulk(call, ttl_bytes_of("proto"));
    reply_integer(call, call->session->protocol);
    reply_bulk(call, ttl_bytes_of("id"));
    reply_integer(call, (int64_t)call->session->id);
    reply_bulk(call, ttl_bytes_of("mode"));
    reply_bulk(call, ttl_bytes_of("standalone"));
    reply_bulk(call, ttl_bytes_of("role"));
    reply_bulk(call, ttl_bytes_of("master"));
    reply_bulk(call, ttl_bytes_of("modules"));
    reply_array(call, 0);
}

ttl_status hello_command(struct call *call) {
    struct hello hello = {0, false, NULL};
    ttl_status status = TTL_OK;
    RULE("hello.options-together");
    bool at_once = call_has(call, TRAIT_HELLO_ALL_AT_ONCE);
    if (!hello_read_protocol(call, &hello)) return TTL_OK;
    for (size_t i = 2; i < call->argc;) {
        size_t taken = hello_read_option(call, i, &hello);
        if (taken == 0) return TTL_OK;
        i += taken;
        if (!at_once && !hello_take_effect(call, &hello, &status)) return status;
    }
    if (!hello_take_effect(call, &hello, &status)) return status;
    if (hello.protocol != 0) call->session->protocol = (int)hello.protocol;
    hello_answer(call);
    return TTL_OK;
}

/* ---- CLIENT */

ttl_status client_command(struct call *call) {
    return subcommand_run(call);
}

ttl_status client_id(struct call *call) {
    return reply_integer(call, (int64_t)call->session->id);
}

ttl_status client_setname(struct call *call) {
    if (!is_presentable(call, call->argv[2]))
        return reply_not_presentable(call, ttl_bytes_of("Client names"));
    if (session_say(call->session, &call->session->name, call->argv[2]) != TTL_OK)
        return TTL_NO_MEMORY;
    return reply_ok(call);
}

ttl_status client_getname(struct call *call) {
    if (call->session->name.length == 0) return reply_nil(call);
    return reply_bulk(call, call->session->name);
}

ttl_status client_setinfo(struct call *call) {
    ttl_session *session = call->session;
    bool is_name = call_is_word(call, 2, "lib-name");
    if (!is_name && !call_is_word(call, 2, "lib-ver")) {
        ttl_bytes parts[] = {ttl_bytes_of("ERR Unrecognized option '"), call->argv[2],
                             ttl_bytes_of("'")};
        return reply_error_parts(call, parts, 3);
    }
    if (!is_presentable(call, call->argv[3])) return reply_not_presentable(call, call->argv[2]);
    ttl_bytes *what = is_name ? &session->library_name : &session->library_version;
    if (session_say(session, what, call->argv[3]) != TTL_OK) return TTL_NO_MEMORY;
    return reply_ok(call);
}

static void info_integer(struct text *text, const char *name, int64_t value) {
    text_add(text, name);
    text_add_integer(text, value);
}

static void info_bytes(struct text *text, const char *name, ttl_bytes value) {
    text_add(text, name);
    text_add_bytes(text, value);
}

/* What the engine knows of a session: it has no addresses, buffers or ages. */
static void client_describe(const struct call *call, struct text *text) {
    const ttl_session *session = call->session;
    bool in_exec = session->queue_count > 0;
    bool subscribed = pubsub_count(session) > 0;
    info_integer(text, "id=", (int64_t)session->id);
    info_bytes(text, " name=", session->name);
    text_add(text, " flags=");
    RULE("client.info-flags");
    text_add(text, subscribed ? "P" : "");
    text_add(text, in_exec ? "x" : "");
    text_add(text, subscribed || in_exec ? "" : "N");
    info_integer(text, " db=", session->selected);
    info_integer(text, " sub=", (int64_t)session->channel_count);
    info_integer(text, " psub=", (int64_t)session->pattern_count);
    if (call_has(call, TRAIT_PUBSUB_SHARDS)) text_add(text, " ssub=0");
    info_integer(text, " multi=", in_exec ? (int64_t)session->queue_count : -1);
    RULE("client.info-watch");
    if (call_has(call, TRAIT_CLIENT_WATCH))
        info_integer(text, " watch=", (int64_t)session->watch_count);
    text_add(text, " cmd=");
    text_add(text, in_exec ? "exec" : subcommand_full_name(call));
    text_add(text, " user=default redir=-1");
    if (call_has(call, TRAIT_SUBCOMMANDS)) info_integer(text, " resp=", session->protocol);
    if (subcommand_find(&call->engine->dialect, call->command, ttl_bytes_of("setinfo")) != NULL) {
        info_bytes(text, " lib-name=", session->library_name);
        info_bytes(text, " lib-ver=", session->library_version);
    }
    text_add(text, "\n");
}

ttl_status client_info(struct call *call) {
    struct text text = {.memory = &call->engine->session_memory};
    client_describe(call, &text);
    ttl_status status = text.failed ? TTL_NO_MEMORY : TTL_OK;
    if (status == TTL_OK) ttl_reply_add_text(call->reply, TTL_REPLY_VERBATIM, text_bytes(&text));
    text_free(&text);
    return status;
}
