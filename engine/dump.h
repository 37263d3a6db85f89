/* The payload of DUMP and RESTORE: a value as bytes, with a version and a checksum behind it.
 *
 *      type 1 | the value | version 2 | CRC-64 8            little-endian
 *
 * What is written is as plain as can be, in version 6: every server there is takes it. What is read
 * is what servers write: strings as integers and compressed (LZF), the old and the packed forms
 * of lists, hashes, sets and sorted sets. A payload says nothing of the key's name or its deadline;
 * those of a hash's fields it does, in a version and a form of the dialect's family.
 *
 * Cost: linear in the payload. Ownership: a value that was read is its reader's, until dump_draft
 * has made it a key's or dump_release has given it back. */
#ifndef ENGINE_DUMP_H
#define ENGINE_DUMP_H

#include "engine/keyspace.h"
#include "engine/object.h"
#include "engine/text.h"
#include "ttlspec/dialect.h"

/* Appends the payload of a key's value. */
void dump_write(struct text *text, const ttl_dialect *dialect, const struct record *record);

/* Is this a payload of a version that the dialect reads, with the right checksum? */
bool dump_is_whole(const ttl_dialect *dialect, ttl_bytes payload);

enum dump_status { DUMP_OK, DUMP_BAD, DUMP_NO_MEMORY };

struct dump_value {
    enum value_type type;
    ttl_bytes string;              /* of a string: owned */
    struct collection *collection; /* of all else */
};

/* Reads the value of a whole payload, which may reach into its footer: no server looks at where it
 * ends. On anything but DUMP_OK there is nothing to release. */
enum dump_status dump_read(struct memory *memory, const ttl_dialect *dialect, ttl_bytes payload,
                           struct dump_value *value);
void dump_release(struct memory *memory, struct dump_value *value);
/* A draft of `name` with this value, which is the key's then. NULL record: there is no memory, and
 * the value is still the caller's. */
struct key dump_draft(struct keyspace *keyspace, ttl_bytes name, struct dump_value *value);

#endif
