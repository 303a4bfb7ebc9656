/*
 * Defaults: reads the default value of a field of proto2, which a descriptor has as text.
 */
#ifndef NM_SCHEMA_DEFAULTS_H
#define NM_SCHEMA_DEFAULTS_H

#include "schema/types.h"

/* The member that the field's type uses. */
typedef union nm_schema_default {
    int32_t i32; /* int32, sint32, sfixed32, enum */
    int64_t i64;
    uint32_t u32; /* uint32, fixed32 */
    uint64_t u64;
    float f32;
    double f64;
    bool truth;
} nm_schema_default;

/*
 * Reads the default of a field of numbers, a bool or an enum, whose default_text is not NULL.
 * Returns false if the text is none of its type.
 */
bool nm_schema_read_default(const nm_schema_field *field, nm_schema_default *value);

/*
 * Reads the default of bytes, which the text has escaped as in C. `to` has room for as many bytes
 * as the text is long. Returns false if the text is malformed.
 */
bool nm_schema_read_default_bytes(const nm_schema_field *field, uint8_t *to, size_t *length);

#endif
