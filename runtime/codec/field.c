/*
 * Field: see field.h.
 */
#include "codec/field.h"

#include <inttypes.h>
#include <stdio.h>

const char *nm_field_name(const ProtobufCFieldDescriptor *field, char buffer[NM_FIELD_NUMBER_SIZE])
{
    if (field->name != NULL)
        return field->name;
    snprintf(buffer, NM_FIELD_NUMBER_SIZE, "%" PRIu32, field->id);
    return buffer;
}
