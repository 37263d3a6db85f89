/* OBJECT: how long ago a key was used. How servers encode and share values is not told. */
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/rule.h"
#include "engine/subcommand.h"

ttl_status object_command(struct call *call) {
    return subcommand_run(call);
}

ttl_status object_idletime(struct call *call) {
    struct key key = db_look(call, call->argv[2]);
    if (key.record == NULL) {
        RULE("object.dead-is-nil");
        return reply_nil(call);
    }
    RULE("object.looks-only");
    int64_t used_s = keyspace_used_s(&call->db->keyspace, key);
    int64_t idle_s = (int64_t)deadline_present_s(call->engine) - used_s;
    return reply_integer(call, idle_s < 0 ? 0 : idle_s);
}

ttl_status object_freq(struct call *call) {
    struct key key = db_look(call, call->argv[2]);
    if (key.record == NULL) return reply_nil(call);
    return reply_error(call, "ERR An LFU maxmemory policy is not selected, access frequency not "
                             "tracked. Please note that when switching between policies at runtime "
                             "LRU and LFU data will take some time to adjust.");
}
