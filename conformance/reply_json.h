/* Replies back from JSON, in the notation of vectors: "v", 7, null, {"status": "OK"} ...
 *
 * expectation_write_reply writes it; what is read back writes the same text again.
 */
#ifndef CONFORMANCE_REPLY_JSON_H
#define CONFORMANCE_REPLY_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "ttlspec/reply.h"

struct cJSON;

/* A JSON string; bytes that are not UTF-8 become U+FFFD. */
void json_write_string(FILE *out, const char *text);
/* Replaces `reply`. False: the JSON is no reply. */
bool reply_read_json(ttl_reply *reply, const struct cJSON *json);

#endif
