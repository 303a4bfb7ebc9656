/*
 * Options: reads the few options that matter to a schema out of serialized …Options messages, and
 * passes over those of strangers, groups among them.
 */
#ifndef NM_SCHEMA_OPTIONS_H
#define NM_SCHEMA_OPTIONS_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads the bool of a number; *value stays as it is if it is not set. Returns what is wrong with
 * the bytes, or NULL.
 */
const char *nm_options_read_bool(nm_bytes options, uint32_t number, bool *value);

#endif
