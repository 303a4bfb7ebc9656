/*
 * Proto: see proto.h. Messages and enums are printed with the outermost one that they are in.
 */
#include "describe/proto.h"

#include "describe/field.h"

#include <inttypes.h>
#include <string.h>

#define DEEPEST_INDENT 40

typedef struct cmd_printer {
    const cmd_types *types;
    bool *messages;                 /* by index: are to be printed */
    bool *enums;                    /* the same */
    const nm_schema_message **open; /* those whose fields are not yet looked at */
    size_t n_open;
    size_t *first_enums; /* by a message's index: its first enum, if it has any; others follow */
    nm_buffer *text;
} cmd_printer;

/* ---- what is needed ---- */

static bool is_well_known(const nm_schema_file *file)
{
    return strcmp(file->package, "google.protobuf") == 0;
}

static void need_message(cmd_printer *printer, const nm_schema_message *message)
{
    if (is_well_known(message->file))
        return;
    while (message->parent != NULL)
        message = message->parent;
    if (printer->messages[message->index])
        return;
    printer->messages[message->index] = true;
    printer->open[printer->n_open++] = message;
}

static void need_enum(cmd_printer *printer, const nm_schema_enum *enumeration)
{
    if (enumeration->parent != NULL)
        need_message(printer, enumeration->parent);
    else if (!is_well_known(enumeration->file))
        printer->enums[enumeration->index] = true;
}

static bool is_inside(const nm_schema_message *message, const nm_schema_message *outer)
{
    while (message != NULL && message != outer)
        message = message->parent;
    return message != NULL;
}

/* Whether the message of this index is inside; those that are follow the outer one. */
static bool is_there(const nm_schema *schema, size_t index, const nm_schema_message *outer)
{
    return index < nm_schema_n_messages(schema) &&
           is_inside(nm_schema_message_at(schema, index), outer);
}

static void need_fields(cmd_printer *printer, const nm_schema_message *message)
{
    for (size_t i = 0; i < message->n_fields; i++) {
        if (message->fields[i].message != NULL)
            need_message(printer, message->fields[i].message);
        else if (message->fields[i].enumeration != NULL)
            need_enum(printer, message->fields[i].enumeration);
    }
}

static void need_all(cmd_printer *printer)
{
    const nm_schema *schema = printer->types->schema;
    while (printer->n_open > 0) {
        const nm_schema_message *outer = printer->open[--printer->n_open];
        for (size_t i = outer->index; is_there(schema, i, outer); i++)
            need_fields(printer, nm_schema_message_at(schema, i));
    }
}

/* ---- printing ---- */

static const char *indent_of(size_t depth)
{
    static const char spaces[] = "                                                                "
                                 "                ";
    size_t columns = 2 * (depth < DEEPEST_INDENT ? depth : DEEPEST_INDENT);
    return spaces + sizeof(spaces) - 1 - columns;
}

static void print_enum(cmd_printer *printer, const nm_schema_enum *enumeration, size_t depth)
{
    const char *indent = indent_of(depth);
    nm_buffer_append_format(printer->text, "%senum %s {\n", indent, enumeration->name);
    for (size_t i = 0; i < enumeration->n_values; i++)
        nm_buffer_append_format(printer->text, "%s  %s = %" PRId32 ";\n", indent,
                                enumeration->values[i].name, enumeration->values[i].number);
    nm_buffer_append_format(printer->text, "%s}\n", indent);
}

/* A oneof stands where its first member would. */
static void print_fields(cmd_printer *printer, const nm_schema_message *message, size_t depth)
{
    for (size_t i = 0; i < message->n_fields; i++) {
        const nm_schema_field *field = &message->fields[i];
        if (field->oneof < 0 || message->oneofs[field->oneof].is_synthetic) {
            cmd_write_field(message, field, indent_of(depth), printer->text);
            continue;
        }
        size_t first = 0;
        while (message->fields[first].oneof != field->oneof)
            first++;
        if (first < i)
            continue;
        nm_buffer_append_format(printer->text, "%soneof %s {\n", indent_of(depth),
                                message->oneofs[field->oneof].name);
        for (size_t k = i; k < message->n_fields; k++) {
            if (message->fields[k].oneof == field->oneof)
                cmd_write_field(message, &message->fields[k], indent_of(depth + 1), printer->text);
        }
        nm_buffer_append_format(printer->text, "%s}\n", indent_of(depth));
    }
}

static void print_message(cmd_printer *printer, const nm_schema_message *message, size_t depth);

static void print_inner(cmd_printer *printer, const nm_schema_message *message, size_t depth)
{
    const nm_schema *schema = printer->types->schema;
    for (size_t i = printer->first_enums[message->index]; i < nm_schema_n_enums(schema); i++) {
        if (nm_schema_enum_at(schema, i)->parent != message)
            break;
        print_enum(printer, nm_schema_enum_at(schema, i), depth);
    }
    for (size_t i = message->index + 1; is_there(schema, i, message); i++) {
        const nm_schema_message *inner = nm_schema_message_at(schema, i);
        if (inner->parent == message && !inner->is_map_entry)
            print_message(printer, inner, depth);
    }
}

static void print_message(cmd_printer *printer, const nm_schema_message *message, size_t depth)
{
    const char *indent = indent_of(depth);
    nm_buffer_append_format(printer->text, "%smessage %s {", indent, message->name);
    size_t begin = printer->text->length;
    nm_buffer_append_string(printer->text, "\n");
    print_inner(printer, message, depth + 1);
    print_fields(printer, message, depth + 1);
    if (printer->text->length == begin + 1) {
        printer->text->length = begin;
        indent = "";
    }
    nm_buffer_append_format(printer->text, "%s}\n", indent);
}

static void print_method(cmd_printer *printer, const cmd_method *method)
{
    const nm_schema_method *proto = method->proto;
    const nm_schema_file *file = method->service->file;
    nm_buffer *text = printer->text;
    nm_buffer_append_format(text, "  rpc %s(%s", proto->name,
                            proto->streams_requests ? "stream " : "");
    cmd_write_type_name(file, proto->request->full_name, text);
    nm_buffer_append_format(text, ") returns (%s", proto->streams_responses ? "stream " : "");
    cmd_write_type_name(file, proto->response->full_name, text);
    nm_buffer_append_format(
        text, ");  // %s%s%s\n", method->subject != NULL ? method->subject : "subject unknown",
        method->chunk_field != NULL ? ", chunked" : "", method->json ? ", JSON" : "");
    need_message(printer, proto->request);
    need_message(printer, proto->response);
}

/* Whether the name is the service's, or of its method; NULL is all. */
static bool is_named(const cmd_method *method, const char *name)
{
    return name == NULL || strcmp(method->full_name, name) == 0 ||
           strcmp(method->service->full_name, name) == 0;
}

static void print_services(cmd_printer *printer, const char *name)
{
    const nm_schema_service *service = NULL;
    for (size_t i = 0; i < printer->types->n_methods; i++) {
        const cmd_method *method = &printer->types->methods[i];
        if (!is_named(method, name))
            continue;
        if (service != method->service)
            nm_buffer_append_format(printer->text, "%s// %s\nservice %s {\n",
                                    service != NULL ? "}\n\n" : "", method->service->full_name,
                                    method->service->name);
        service = method->service;
        print_method(printer, method);
    }
    if (service != NULL)
        nm_buffer_append_string(printer->text, "}\n");
}

static void print_types(cmd_printer *printer)
{
    const nm_schema *schema = printer->types->schema;
    for (size_t i = 0; i < nm_schema_n_messages(schema); i++) {
        if (!printer->messages[i])
            continue;
        nm_buffer_append_string(printer->text, printer->text->length > 0 ? "\n" : "");
        print_message(printer, nm_schema_message_at(schema, i), 0);
    }
    for (size_t i = 0; i < nm_schema_n_enums(schema); i++) {
        if (!printer->enums[i])
            continue;
        nm_buffer_append_string(printer->text, printer->text->length > 0 ? "\n" : "");
        print_enum(printer, nm_schema_enum_at(schema, i), 0);
    }
}

static void find_first_enums(cmd_printer *printer)
{
    const nm_schema *schema = printer->types->schema;
    for (size_t i = nm_schema_n_enums(schema); i > 0; i--) {
        const nm_schema_message *parent = nm_schema_enum_at(schema, i - 1)->parent;
        if (parent != NULL)
            printer->first_enums[parent->index] = i - 1;
    }
}

bool cmd_write_proto(gen_pool *pool, const cmd_types *types, const char *name, nm_buffer *text)
{
    const nm_schema *schema = types->schema;
    size_t n_messages = nm_schema_n_messages(schema);
    cmd_printer printer = {
        .types = types,
        .messages = gen_pool_alloc(pool, n_messages, sizeof(bool)),
        .enums = gen_pool_alloc(pool, nm_schema_n_enums(schema), sizeof(bool)),
        .open = gen_pool_alloc(pool, n_messages, sizeof(nm_schema_message *)),
        .first_enums = gen_pool_alloc(pool, n_messages, sizeof(size_t)),
        .text = text,
    };
    find_first_enums(&printer);
    print_services(&printer, name);
    if (name != NULL) {
        const nm_schema_message *message = nm_schema_find_message(schema, name, strlen(name));
        const nm_schema_enum *enumeration = nm_schema_find_enum(schema, name, strlen(name));
        if (message != NULL)
            need_message(&printer, message);
        if (enumeration != NULL)
            need_enum(&printer, enumeration);
    }
    need_all(&printer);
    print_types(&printer);
    return text->length > 0 && !text->failed;
}
