/*
 * Faults: see faults.h.
 */
#include "messages/faults.h"

#include "request/declaration.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A field, and where it is. */
typedef struct gen_found {
    gen_context *context;
    gen_place place;
    const char *message; /* its full name */
    const gen_field_proto *field;
} gen_found;

/* Fails if there is something wrong with a field. */
typedef bool gen_check(const gen_found *found);

static bool check_message(gen_context *context, const gen_declaration *declaration,
                          const char *full_name, const gen_message_proto *message, gen_check *check)
{
    gen_pool *pool = context->pool;
    for (size_t i = 0; i < message->n_field; i++) {
        const gen_declaration *field = gen_declared_in(pool, declaration, GEN_FIELDS_OF_MESSAGE, i);
        const gen_place place = {declaration->source->proto->name, gen_declaration_line(field),
                                 NULL, NULL};
        if (!check(&(gen_found){context, place, full_name, message->field[i]}))
            return false;
    }
    for (size_t i = 0; i < message->n_nested_type; i++) {
        if (!check_message(context, gen_declared_in(pool, declaration, GEN_MESSAGES_OF_MESSAGE, i),
                           gen_join_name(pool, full_name, message->nested_type[i]->name),
                           message->nested_type[i], check))
            return false;
    }
    return true;
}

static bool check_file(gen_context *context, const gen_source *source, gen_check *check)
{
    const gen_file_proto *proto = source->proto;
    for (size_t i = 0; i < proto->n_message_type; i++) {
        if (!check_message(
                context, gen_declared_in_file(context->pool, source, GEN_MESSAGES_OF_FILE, i),
                gen_join_name(context->pool, source->scope.package, proto->message_type[i]->name),
                proto->message_type[i], check))
            return false;
    }
    return true;
}

/* ---- defaults ---- */

static bool is_finite(const gen_field_proto *field)
{
    double value = strtod(field->default_value, NULL);
    bool is_float = field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT;
    return isfinite(value) && !(is_float && fabs(value) > (double)FLT_MAX);
}

static bool check_number(const gen_found *found)
{
    if (is_finite(found->field))
        return true;
    return gen_fail(found->context, &found->place,
                    "message %s: field %s has the default %s, for which protoc-gen-c writes a word "
                    "that C does not know (remove the default, and let the program set the value)",
                    found->message, found->field->name, found->field->default_value);
}

/* The first trigraph in C of this text. Quotes are no part of one: protoc-gen-c escapes them. */
static const char *find_trigraph(const char *text)
{
    while ((text = strstr(text, "??")) != NULL) {
        if (text[2] != '\0' && strchr("=/()!<>-", text[2]) != NULL)
            return text;
        text++;
    }
    return NULL;
}

static bool check_text(const gen_found *found)
{
    const char *trigraph = find_trigraph(found->field->default_value);
    if (trigraph == NULL)
        return true;
    return gen_fail(found->context, &found->place,
                    "message %s: the default of field %s contains %.3s, which C compilers read as "
                    "another character, a trigraph (remove the default, and let the program set "
                    "the value)",
                    found->message, found->field->name, trigraph);
}

static bool check_default(const gen_found *found)
{
    if (found->field->default_value == NULL)
        return true;
    switch (found->field->type) {
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE:
        return check_number(found);
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES:
        return check_text(found);
    default:
        return true;
    }
}

bool gen_check_defaults(gen_context *context, const gen_source *source)
{
    return check_file(context, source, check_default);
}

/* ---- crashes ---- */

static bool check_group(const gen_found *found)
{
    if (found->field->type != GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP)
        return true;
    return gen_fail(found->context, &found->place,
                    "message %s: field %s is a group, and protoc-gen-c ends by a signal at groups "
                    "(declare a message, and a field of its type)",
                    found->message, found->field->name);
}

static bool check_outside_of_oneof(const gen_found *found)
{
    if (found->field->has_oneof_index)
        return true;
    return gen_fail(
        found->context, &found->place,
        "message %s: field %s is in no oneof, and protoc-gen-c ends by a signal where a "
        "file with such a field sets the option (pb_c_file).use_oneof_field_name "
        "(remove that option)",
        found->message, found->field->name);
}

bool gen_check_crashes(gen_context *context, const gen_source *source)
{
    return check_file(context, source, check_group) &&
           (!source->use_oneof_field_name || check_file(context, source, check_outside_of_oneof));
}
