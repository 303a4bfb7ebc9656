/*
 * Template: see template.h.
 */
#include "describe/template.h"

#include <string.h>

/* A stranger's types may contain each other in many ways, which would never end. */
#define DEEPEST 16
#define LONGEST (1 << 20)

typedef struct cmd_template {
    const nm_schema_message *path[DEEPEST];
    size_t depth;
    nm_buffer *text;
} cmd_template;

/* What JSON has in place of some messages. */
static const struct {
    const char *name;
    const char *json;
} well_known[] = {
    {"google.protobuf.Timestamp", "\"1970-01-01T00:00:00Z\""},
    {"google.protobuf.Duration", "\"0s\""},
    {"google.protobuf.FieldMask", "\"\""},
    {"google.protobuf.Struct", "{}"},
    {"google.protobuf.Value", "null"},
    {"google.protobuf.ListValue", "[]"},
    {"google.protobuf.Any", "{\"@type\": \"\"}"},
    {"google.protobuf.Empty", "{}"},
    {"google.protobuf.DoubleValue", "0"},
    {"google.protobuf.FloatValue", "0"},
    {"google.protobuf.Int64Value", "\"0\""},
    {"google.protobuf.UInt64Value", "\"0\""},
    {"google.protobuf.Int32Value", "0"},
    {"google.protobuf.UInt32Value", "0"},
    {"google.protobuf.BoolValue", "false"},
    {"google.protobuf.StringValue", "\"\""},
    {"google.protobuf.BytesValue", "\"\""},
};

static const char *json_of(const nm_schema_message *message)
{
    for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++) {
        if (strcmp(well_known[i].name, message->full_name) == 0)
            return well_known[i].json;
    }
    return NULL;
}

static void write_message(cmd_template *template, const nm_schema_message *message, size_t indent);

static void new_line(cmd_template *template, size_t indent)
{
    nm_buffer_append_string(template->text, "\n");
    for (size_t i = 0; i < indent; i++)
        nm_buffer_append_string(template->text, "  ");
}

static const char *scalar_of(const nm_schema_field *field)
{
    switch (field->type) {
    case NM_FIELD_STRING:
    case NM_FIELD_BYTES:
        return "\"\"";
    case NM_FIELD_BOOL:
        return "false";
    case NM_FIELD_INT64:
    case NM_FIELD_UINT64:
    case NM_FIELD_FIXED64:
    case NM_FIELD_SFIXED64:
    case NM_FIELD_SINT64:
        return "\"0\"";
    default:
        return "0";
    }
}

static void write_value(cmd_template *template, const nm_schema_field *field, size_t indent)
{
    if (field->message != NULL)
        write_message(template, field->message, indent);
    else if (field->enumeration != NULL && field->enumeration->n_values > 0)
        nm_buffer_append_format(template->text, "\"%s\"", field->enumeration->values[0].name);
    else
        nm_buffer_append_string(template->text, scalar_of(field));
}

static void write_map(cmd_template *template, const nm_schema_field *field, size_t indent)
{
    const nm_schema_field *key = &field->message->fields[0];
    const char *shown = key->type == NM_FIELD_STRING ? "key"
                        : key->type == NM_FIELD_BOOL ? "false"
                                                     : "0";
    nm_buffer_append_format(template->text, "{\"%s\": ", shown);
    write_value(template, &field->message->fields[1], indent);
    nm_buffer_append_string(template->text, "}");
}

static void write_field(cmd_template *template, const nm_schema_field *field, size_t indent)
{
    nm_buffer_append_format(template->text, "\"%s\": ", field->json_name);
    if (field->is_map) {
        write_map(template, field, indent);
        return;
    }
    if (field->is_repeated)
        nm_buffer_append_string(template->text, "[");
    write_value(template, field, indent);
    if (field->is_repeated)
        nm_buffer_append_string(template->text, "]");
}

/* Whether an earlier field of its oneof was written. */
static bool is_alternative(const nm_schema_message *message, size_t index)
{
    for (size_t i = 0; message->fields[index].oneof >= 0 && i < index; i++) {
        if (message->fields[i].oneof == message->fields[index].oneof)
            return true;
    }
    return false;
}

static bool is_on_path(const cmd_template *template, const nm_schema_message *message)
{
    for (size_t i = 0; i < template->depth; i++) {
        if (template->path[i] == message)
            return true;
    }
    return false;
}

static void write_message(cmd_template *template, const nm_schema_message *message, size_t indent)
{
    const char *json = json_of(message);
    if (template->depth == DEEPEST || template->text->length > LONGEST ||
        is_on_path(template, message))
        json = "null";
    if (json != NULL) {
        nm_buffer_append_string(template->text, json);
        return;
    }
    template->path[template->depth++] = message;
    nm_buffer_append_string(template->text, "{");
    bool begun = false;
    for (size_t i = 0; i < message->n_fields; i++) {
        if (message->fields[i].type == NM_FIELD_GROUP || is_alternative(message, i))
            continue;
        if (begun)
            nm_buffer_append_string(template->text, ",");
        begun = true;
        new_line(template, indent + 1);
        write_field(template, &message->fields[i], indent + 1);
    }
    if (begun)
        new_line(template, indent);
    nm_buffer_append_string(template->text, "}");
    template->depth--;
}

void cmd_write_template(const nm_schema_message *message, nm_buffer *text)
{
    cmd_template template = {.text = text};
    write_message(&template, message, 0);
}
