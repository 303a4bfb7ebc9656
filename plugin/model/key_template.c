/*
 * Key template: see key_template.h.
 */
#include "model/key_template.h"

#include "base/rules.h"
#include "model/checks.h"

#include <string.h>

/* The longest list of fields in an error. */
#define MOST_FIELDS 8

#define TYPE(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name

/* The template that is read, and the key that becomes of it. */
typedef struct gen_key_reader {
    gen_context *context;
    const gen_sources *sources;
    const gen_key_template *template;
    const gen_known_message *request;
    gen_key *key;
} gen_key_reader;

/* Fails with "key_template "user.{id}" of kv_store <fault>". */
static bool fail(const gen_key_reader *reader, const char *fault)
{
    return gen_fail(reader->context, reader->template->place, "key_template \"%s\" of %s %s",
                    reader->template->text, reader->template->option, fault);
}

/* ---- fields ---- */

static bool is_map(const gen_sources *sources, const gen_field_proto *field)
{
    const gen_known_message *type = gen_find_message(sources, gen_type_name(field->type_name));
    return type != NULL && type->proto->options != NULL && type->proto->options->map_entry;
}

/* What a field is that no key can have; NULL if a key can have it. */
static const char *unfit_kind(const gen_sources *sources, const gen_field_proto *field)
{
    if (field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED)
        return is_map(sources, field) ? "a map" : "repeated";
    switch (field->type) {
    case TYPE(MESSAGE):
    case TYPE(GROUP):
        return "a message";
    case TYPE(BYTES):
        return "bytes";
    default:
        return NULL;
    }
}

/* "id, name and 3 more": the fields that a key can have. */
static const char *list_fields(const gen_key_reader *reader)
{
    const gen_message_proto *message = reader->request->proto;
    nm_buffer list = NM_BUFFER_INIT;
    size_t count = 0;
    for (size_t i = 0; i < message->n_field; i++) {
        if (unfit_kind(reader->sources, message->field[i]) != NULL)
            continue;
        if (count++ < MOST_FIELDS)
            nm_buffer_append_format(&list, "%s%s", count == 1 ? "" : ", ", message->field[i]->name);
    }
    if (count > MOST_FIELDS)
        nm_buffer_append_format(&list, " and %zu more", count - MOST_FIELDS);
    return count == 0 ? NULL : gen_pool_take(reader->context->pool, &list);
}

static bool fail_unknown(const gen_key_reader *reader, const char *name)
{
    gen_pool *pool = reader->context->pool;
    const char *fields = list_fields(reader);
    const char *cure = fields == NULL
                           ? "write the key without braces: no field of it can be in a key"
                           : gen_pool_format(pool, "write one of %s", fields);
    return fail(reader, gen_pool_format(pool, "names the field \"%s\", which %s does not have (%s)",
                                        name, reader->request->full_name, cure));
}

/* Whether the values of the field's enum have names in C. */
static bool check_enum(const gen_key_reader *reader, const gen_field_proto *field)
{
    gen_pool *pool = reader->context->pool;
    const char *full_name = gen_type_name(field->type_name);
    const gen_known_enum *known = gen_find_enum(reader->sources, full_name);
    if (known == NULL)
        return gen_fail(reader->context, reader->template->place,
                        "the request has no enum \"%s\" (run the plugin with protoc)", full_name);
    const Google__Protobuf__FileOptions *options = known->source->proto->options;
    if (options == NULL ||
        options->optimize_for != GOOGLE__PROTOBUF__FILE_OPTIONS__OPTIMIZE_MODE__CODE_SIZE)
        return true;
    return fail(reader,
                gen_pool_format(pool,
                                "names the field %s, whose enum %s has no names in C, because %s "
                                "sets optimize_for = CODE_SIZE (remove that option, or write "
                                "another field)",
                                field->name, full_name, known->source->proto->name));
}

static bool check_field(const gen_key_reader *reader, const gen_field_proto *field)
{
    const char *kind = unfit_kind(reader->sources, field);
    if (kind != NULL)
        return fail(reader,
                    gen_pool_format(reader->context->pool,
                                    "names the field %s, which is %s (write one that is a string, "
                                    "an integer, a bool, an enum, a float or a double)",
                                    field->name, kind));
    return field->type != TYPE(ENUM) || check_enum(reader, field);
}

static bool add_field(const gen_key_reader *reader, const char *name)
{
    const gen_message_proto *message = reader->request->proto;
    size_t i = 0;
    while (i < message->n_field && strcmp(message->field[i]->name, name) != 0)
        i++;
    if (i == message->n_field)
        return fail_unknown(reader, name);
    gen_key *key = reader->key;
    key->parts[key->n_parts++] = (gen_key_part){name, (uint32_t)message->field[i]->number};
    return check_field(reader, message->field[i]);
}

/* ---- the whole ---- */

static bool read_parts(const gen_key_reader *reader)
{
    gen_pool *pool = reader->context->pool;
    gen_key *key = reader->key;
    const char *at = key->text;
    while (*at != '\0') {
        size_t length = strcspn(at, "{}");
        if (length != 0)
            key->parts[key->n_parts++] = (gen_key_part){gen_pool_copy(pool, at, length), 0};
        at += length;
        if (*at == '\0')
            break;
        const char *name = at + 1;
        size_t name_length = strcspn(name, "{}");
        if (*at == '}' || name[name_length] != '}')
            return fail(reader, "has a brace without its partner (write {name} for a field of the "
                                "request)");
        if (name_length == 0)
            return fail(reader, "has nothing in its braces (write the name of a field of the "
                                "request between them)");
        if (!add_field(reader, gen_pool_copy(pool, name, name_length)))
            return false;
        at = name + name_length + 1;
    }
    return true;
}

/* Whether there is a key that it can make. The shortest value that a field can have is a letter. */
static bool check_shortest(const gen_key_reader *reader)
{
    nm_buffer shortest = NM_BUFFER_INIT;
    for (size_t i = 0; i < reader->key->n_parts; i++) {
        const gen_key_part *part = &reader->key->parts[i];
        nm_buffer_append_string(&shortest, part->field == 0 ? part->text : "x");
    }
    const char *sample = gen_pool_take(reader->context->pool, &shortest);
    bool of_kv = reader->template->bucket == GEN_KV_BUCKET;
    const char *fault = of_kv ? nm_kv_key_fault(sample) : nm_object_name_fault(sample);
    if (fault == NULL)
        return true;
    return fail(reader, gen_pool_format(reader->context->pool,
                                        "can make no %s: one %s (change what is outside of the "
                                        "braces)",
                                        of_kv ? "key" : "name of an object", fault));
}

bool gen_read_key_template(gen_context *context, const gen_sources *sources,
                           const gen_key_template *template, gen_key *key)
{
    const gen_key_reader reader = {context, sources, template,
                                   gen_find_message(sources, template->request), key};
    const char *what = gen_pool_format(context->pool, "key_template of %s", template->option);
    if (template->text == NULL || template->text[0] == '\0')
        return gen_fail(context, template->place,
                        "%s is missing (write one, with fields of the request in braces, as in "
                        "\"user.{id}\")",
                        what);
    key->text = template->text;
    key->parts = gen_pool_alloc(context->pool, strlen(key->text), sizeof(gen_key_part));
    return gen_check_text(context, template->place, what, key->text) && read_parts(&reader) &&
           check_shortest(&reader);
}
