/*
 * Config: the configuration of a bucket's stream as JSON: what is asked for, how one that is there
 * differs from that, and what it says of the bucket. Pure functions; members that nobody knows
 * stay as they are.
 */
#ifndef NM_STORE_CONFIG_H
#define NM_STORE_CONFIG_H

#include "base/buffer.h"
#include "store/state.h"

/* The configuration of a bucket that is to be made. NULL: no memory. */
json_t *nm_config_new(const nm_bucket *bucket);

/*
 * The members of a configuration that a bucket's settings name and that are another in `config`,
 * with the value that is asked for. NULL: no memory.
 */
json_t *nm_config_differences(const nm_bucket *bucket, const json_t *config);

/*
 * A copy of a configuration with these members, and what must change with them. NULL: no memory.
 */
json_t *nm_config_with(const json_t *config, const json_t *members);

/*
 * What of a bucket that has just been made or changed is not as asked: such a broker does not know
 * the member. NULL: all is as asked.
 */
const char *nm_config_dropped(const nm_bucket *bucket, const json_t *config);

/* The setting that stands for a member, and the first nats-server that has it. */
typedef struct nm_config_member {
    const char *name;    /* of the member */
    const char *setting; /* in the proto */
    const char *since;   /* "2.10"; NULL: long before any that we use */
} nm_config_member;

const nm_config_member *nm_config_find_member(const char *name);

/* Appends a member of a configuration as a text for people. */
void nm_config_describe(nm_buffer *text, const json_t *config, const char *member);

/* What a configuration says of a bucket. */
nm_bucket_facts nm_config_facts(const nm_bucket *bucket, const json_t *config);

#endif
