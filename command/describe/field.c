/*
 * Field: see field.h.
 */
#include "describe/field.h"

#include <inttypes.h>
#include <string.h>

static const char *const scalars[] = {
    [NM_FIELD_DOUBLE] = "double",     [NM_FIELD_FLOAT] = "float",
    [NM_FIELD_INT64] = "int64",       [NM_FIELD_UINT64] = "uint64",
    [NM_FIELD_INT32] = "int32",       [NM_FIELD_FIXED64] = "fixed64",
    [NM_FIELD_FIXED32] = "fixed32",   [NM_FIELD_BOOL] = "bool",
    [NM_FIELD_STRING] = "string",     [NM_FIELD_BYTES] = "bytes",
    [NM_FIELD_UINT32] = "uint32",     [NM_FIELD_SFIXED32] = "sfixed32",
    [NM_FIELD_SFIXED64] = "sfixed64", [NM_FIELD_SINT32] = "sint32",
    [NM_FIELD_SINT64] = "sint64"};

/* ---- types ---- */

void cmd_write_type_name(const nm_schema_file *file, const char *full_name, nm_buffer *text)
{
    size_t length = strlen(file->package);
    bool same =
        length > 0 && strncmp(full_name, file->package, length) == 0 && full_name[length] == '.';
    nm_buffer_append_string(text, same ? full_name + length + 1 : full_name);
}

static void write_type(const nm_schema_file *file, const nm_schema_field *field, nm_buffer *text)
{
    if (field->message != NULL)
        cmd_write_type_name(file, field->message->full_name, text);
    else if (field->enumeration != NULL)
        cmd_write_type_name(file, field->enumeration->full_name, text);
    else
        nm_buffer_append_string(text, scalars[field->type]);
}

static void write_map_type(const nm_schema_file *file, const nm_schema_field *field,
                           nm_buffer *text)
{
    nm_buffer_append_string(text, "map<");
    write_type(file, &field->message->fields[0], text);
    nm_buffer_append_string(text, ", ");
    write_type(file, &field->message->fields[1], text);
    nm_buffer_append_string(text, ">");
}

/* ---- options ---- */

/* Whether the JSON name is the one that protoc makes: "maybe_int" to "maybeInt". */
static bool is_default_json_name(const nm_schema_field *field)
{
    const char *json = field->json_name;
    bool upper = false;
    for (const char *at = field->name; *at != '\0'; at++) {
        if (*at == '_') {
            upper = true;
            continue;
        }
        char expected = upper && *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
        if (*json++ != expected)
            return false;
        upper = false;
    }
    return *json == '\0';
}

static bool can_be_packed(const nm_schema_field *field)
{
    return field->is_repeated && field->message == NULL && field->type != NM_FIELD_STRING &&
           field->type != NM_FIELD_BYTES;
}

static void write_option(nm_buffer *text, bool *begun, const char *name, const char *value,
                         const char *quote)
{
    nm_buffer_append_format(text, "%s%s = %s%s%s", *begun ? ", " : " [", name, quote, value, quote);
    *begun = true;
}

static void write_options(const nm_schema_file *file, const nm_schema_field *field, nm_buffer *text)
{
    bool begun = false;
    if (field->default_text != NULL)
        write_option(text, &begun, "default", field->default_text,
                     field->type == NM_FIELD_STRING || field->type == NM_FIELD_BYTES ? "\"" : "");
    if (can_be_packed(field) && field->is_packed != file->is_proto3)
        write_option(text, &begun, "packed", field->is_packed ? "true" : "false", "");
    if (!is_default_json_name(field))
        write_option(text, &begun, "json_name", field->json_name, "\"");
    if (begun)
        nm_buffer_append_string(text, "]");
}

/* ---- the field ---- */

static const char *label_of(const nm_schema_file *file, const nm_schema_message *message,
                            const nm_schema_field *field)
{
    if (field->is_map)
        return "";
    if (field->is_repeated)
        return "repeated ";
    if (field->is_required)
        return "required ";
    if (field->oneof >= 0 && !message->oneofs[field->oneof].is_synthetic)
        return "";
    return field->is_optional || !file->is_proto3 ? "optional " : "";
}

void cmd_write_field(const nm_schema_message *message, const nm_schema_field *field,
                     const char *indent, nm_buffer *text)
{
    const nm_schema_file *file = message->file;
    nm_buffer_append_format(text, "%s%s", indent, label_of(file, message, field));
    if (field->is_map)
        write_map_type(file, field, text);
    else
        write_type(file, field, text);
    nm_buffer_append_format(text, " %s = %" PRIu32, field->name, field->number);
    write_options(file, field, text);
    nm_buffer_append_string(text, field->type == NM_FIELD_GROUP ? ";  // a group\n" : ";\n");
}
