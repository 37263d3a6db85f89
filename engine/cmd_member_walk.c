/* Sets and sorted sets: members drawn at random, or scanned. */
#include "engine/member_walk.h"

ttl_status srandmember_command(struct call *call) {
    return call->argc > 3 ? reply_syntax_error(call) : draw_members(call, VALUE_SET, "");
}

ttl_status zrandmember_command(struct call *call) {
    return draw_members(call, VALUE_ZSET, "WITHSCORES");
}

ttl_status sscan_command(struct call *call) {
    return scan_members(call, VALUE_SET);
}

ttl_status zscan_command(struct call *call) {
    return scan_members(call, VALUE_ZSET);
}
