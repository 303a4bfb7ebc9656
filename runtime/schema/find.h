/*
 * Find: searches in one message, and in one enum. Binary searches; any thread.
 */
#ifndef NM_SCHEMA_FIND_H
#define NM_SCHEMA_FIND_H

#include "schema/types.h"

/* The field of a number; NULL: there is none. */
const nm_schema_field *nm_schema_find_field(const nm_schema_message *message, uint32_t number);

/* The name of an enum's number (of aliases, the first), or NULL. */
const char *nm_schema_enum_name(const nm_schema_enum *enumeration, int32_t number);

/* The value of a name, `length` bytes of it, or NULL. */
const nm_schema_value *nm_schema_enum_value(const nm_schema_enum *enumeration, const char *name,
                                            size_t length);

#endif
