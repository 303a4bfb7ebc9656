/*
 * Link: see link.h.
 */
#include "schema/link.h"

#include "schema/defaults.h"
#include "schema/find.h"
#include "schema/names.h"

#include <string.h>

static natsmicro_status fail(nm_schema_build *build, const nm_schema_message *message,
                             const nm_schema_field *field, const char *reason)
{
    return nm_schema_fail(build, message->file->name, "field %s.%s: %s", message->full_name,
                          field->name, reason);
}

/* Copies the pointers of a list to an array. NULL: memory is exhausted. */
static const void **keep_list(nm_schema_build *build, const nm_schema_list *list)
{
    const void **kept = nm_schema_keep(build, list->count, sizeof(kept[0]));
    size_t n = 0;

    if (kept == NULL)
        return NULL;
    for (const nm_schema_item *item = list->first; item != NULL; item = item->next)
        kept[n++] = item->what;
    return kept;
}

static natsmicro_status set_lists(nm_schema_build *build)
{
    nm_schema *schema = build->schema;

    schema->n_messages = build->messages.count;
    schema->messages = (const nm_schema_message **)keep_list(build, &build->messages);
    schema->n_enums = build->enums.count;
    schema->enums = (const nm_schema_enum **)keep_list(build, &build->enums);
    if (schema->messages == NULL || schema->enums == NULL)
        return nm_schema_fail_memory(build);
    return NATSMICRO_OK;
}

static const nm_schema_file *file_of(const nm_symbol *symbol)
{
    switch (symbol->kind) {
    case NM_SYMBOL_MESSAGE:
        return ((const nm_schema_message *)symbol->what)->file;
    case NM_SYMBOL_ENUM:
        return ((const nm_schema_enum *)symbol->what)->file;
    default:
        return ((const nm_schema_service *)symbol->what)->file;
    }
}

static natsmicro_status set_symbols(nm_schema_build *build)
{
    nm_symbols *symbols = &build->schema->symbols;
    const nm_schema *schema = build->schema;
    size_t count = schema->n_messages + schema->n_enums + build->services.count;

    symbols->sorted = nm_schema_keep(build, count, sizeof(symbols->sorted[0]));
    if (symbols->sorted == NULL)
        return nm_schema_fail_memory(build);
    for (size_t i = 0; i < schema->n_messages; i++)
        symbols->sorted[symbols->count++] =
            (nm_symbol){schema->messages[i]->full_name, schema->messages[i], NM_SYMBOL_MESSAGE};
    for (size_t i = 0; i < schema->n_enums; i++)
        symbols->sorted[symbols->count++] =
            (nm_symbol){schema->enums[i]->full_name, schema->enums[i], NM_SYMBOL_ENUM};
    for (const nm_schema_item *item = build->services.first; item != NULL; item = item->next) {
        const nm_schema_service *service = item->what;
        symbols->sorted[symbols->count++] =
            (nm_symbol){service->full_name, service, NM_SYMBOL_SERVICE};
    }
    const nm_symbol *twice = nm_symbols_sort(symbols);
    if (twice != NULL)
        return nm_schema_fail(build, file_of(twice)->name, "%s is declared twice", twice->name);
    return NATSMICRO_OK;
}

/* ---- references ---- */

static bool resolve(const nm_schema_reference *reference, const nm_symbol *symbol)
{
    nm_schema_field *field = reference->field;
    bool is_message = symbol->kind == NM_SYMBOL_MESSAGE;

    if (field == NULL && is_message)
        *reference->message = symbol->what;
    else if (field != NULL && is_message && field->type != NM_FIELD_ENUM)
        field->message = symbol->what;
    else if (field != NULL && symbol->kind == NM_SYMBOL_ENUM && field->type == NM_FIELD_ENUM)
        field->enumeration = symbol->what;
    else
        return false;
    return true;
}

static natsmicro_status resolve_references(nm_schema_build *build)
{
    const nm_symbols *symbols = &build->schema->symbols;

    for (const nm_schema_item *item = build->references.first; item != NULL; item = item->next) {
        const nm_schema_reference *reference = item->what;
        const char *name = reference->type_name + 1; /* after the dot */
        const nm_symbol *symbol = nm_symbols_find(symbols, name, strlen(name));
        if (symbol == NULL)
            return nm_schema_fail(build, reference->file->name,
                                  "%s.%s has a type that is not there: %.200s", reference->owner,
                                  reference->member, name);
        if (!resolve(reference, symbol))
            return nm_schema_fail(build, reference->file->name,
                                  "%s.%s has a type of another kind: %.200s", reference->owner,
                                  reference->member, name);
    }
    return NATSMICRO_OK;
}

/* ---- maps ---- */

static bool may_be_key(nm_field_type type)
{
    return type != NM_FIELD_FLOAT && type != NM_FIELD_DOUBLE && type != NM_FIELD_BYTES &&
           type != NM_FIELD_MESSAGE && type != NM_FIELD_GROUP && type != NM_FIELD_ENUM;
}

static bool is_plain(const nm_schema_field *field, uint32_t number, const char *name)
{
    return field->number == number && strcmp(field->name, name) == 0 && !field->is_repeated &&
           !field->is_required && field->oneof < 0 && field->default_text == NULL;
}

static const char *entry_fault(const nm_schema_message *entry)
{
    const nm_schema_field *key = &entry->fields[0];
    const nm_schema_field *value = &entry->fields[1];

    if (entry->parent == NULL || entry->n_fields != 2 || entry->n_oneofs != 0 ||
        !is_plain(key, 1, "key") || !is_plain(value, 2, "value"))
        return "it is a map entry that has not just a key and a value";
    if (!may_be_key(key->type))
        return "it is a map entry with a key of a type that cannot be one";
    if (value->type == NM_FIELD_GROUP)
        return "it is a map entry with a group as its value";
    if (value->enumeration != NULL && value->enumeration->values[0].number != 0)
        return "it is a map entry with an enum as its value that does not begin with 0";
    return NULL;
}

static const char *map_fault(const nm_schema_message *message, const nm_schema_field *field)
{
    if (!field->is_repeated || field->type != NM_FIELD_MESSAGE ||
        field->message->parent != message ||
        !nm_is_map_entry_name(field->message->name, field->name))
        return "its type is the map entry of another field";
    return NULL;
}

/* ---- fields ---- */

/* Whether protoc could have written the default. `room` is as long as the text. */
static bool has_good_default(const nm_schema_field *field, uint8_t *room)
{
    if (field->default_text == NULL || field->type == NM_FIELD_STRING)
        return true;
    size_t length;
    if (field->type == NM_FIELD_BYTES)
        return nm_schema_read_default_bytes(field, room, &length);
    nm_schema_default value;
    return nm_schema_read_default(field, &value);
}

static natsmicro_status check_default(nm_schema_build *build, const nm_schema_message *message,
                                      const nm_schema_field *field)
{
    if (field->default_text == NULL)
        return NATSMICRO_OK;
    uint8_t *room = nm_schema_scratch(build, strlen(field->default_text), 1);
    if (room == NULL)
        return nm_schema_fail_memory(build);
    return has_good_default(field, room)
               ? NATSMICRO_OK
               : fail(build, message, field, "its default is no value of its type");
}

static natsmicro_status finish_message(nm_schema_build *build, const nm_schema_message *message)
{
    const char *fault = message->is_map_entry ? entry_fault(message) : NULL;

    if (fault != NULL)
        return nm_schema_fail(build, message->file->name, "message %s: %s", message->full_name,
                              fault);
    for (size_t i = 0; i < message->n_fields; i++) {
        nm_schema_field *field = (nm_schema_field *)&message->fields[i];
        field->is_map = field->message != NULL && field->message->is_map_entry;
        fault = field->is_map ? map_fault(message, field) : NULL;
        if (fault != NULL)
            return fail(build, message, field, fault);
        natsmicro_status status = check_default(build, message, field);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

natsmicro_status nm_schema_link(nm_schema_build *build)
{
    natsmicro_status status = set_lists(build);

    if (status == NATSMICRO_OK)
        status = set_symbols(build);
    if (status == NATSMICRO_OK)
        status = resolve_references(build);
    for (size_t i = 0; i < build->schema->n_messages && status == NATSMICRO_OK; i++)
        status = finish_message(build, build->schema->messages[i]);
    return status;
}
