/*
 * Rename: see rename.h. A struct of protoc-gen-c has more members than fields: its base, the case
 * of each oneof, n_x of a repeated x, has_x of an optional x of proto2. Each member of a oneof has
 * an enumerator, too. Two fields may be one in C, because it writes names in small letters.
 *
 * First, fields avoid the words that C and C++ keep for themselves. Then names are taken in this
 * order: those that no field has a part in, n_x and has_x, those of fields. So `n_x` gives way to a
 * repeated `x`, wherever it is in the message.
 */
#include "messages/rename.h"

#include "model/clash.h"
#include "model/keywords.h"
#include "model/spelling.h"
#include "request/ascii.h"
#include "request/wire.h"

#include <string.h>

/* protobuf-c.proto extends options with this number. */
enum { PB_C_OPTIONS = 1019, PB_C_MESSAGE_BASE_FIELD_NAME = 3 };

/* The file that is renamed in, and the enumerators and macros that its C has. */
typedef struct gen_renaming {
    gen_pool *pool;
    gen_scope scope;
    bool is_proto2;
    gen_clash_table constants;
} gen_renaming;

/* A message, and the members of its struct. n_x and has_x have the name of their field as owner. */
typedef struct gen_struct {
    gen_renaming *file;
    gen_message_proto *message;
    const char *full_name;
    gen_clash_table members;
} gen_struct;

static void add(gen_pool *pool, gen_clash_table *table, const char *name, const char *owner)
{
    gen_clash_add(pool, table, (gen_clash_entry){.name = name, .what = owner});
}

static bool is_free(const gen_clash_table *table, const char *name, const char *owner)
{
    const gen_clash_entry *entry = gen_clash_find(table, name);
    return entry == NULL || (owner != NULL && entry->what == owner);
}

/* ---- names that protoc-gen-c makes ---- */

static const char *member_name(gen_pool *pool, const char *name)
{
    char *lower = gen_pool_copy(pool, name, strlen(name));
    for (char *at = lower; *at != '\0'; at++)
        *at = gen_to_lower(*at);
    return gen_is_mended_by_protoc_gen_c(lower) ? gen_pool_format(pool, "%s_", lower) : lower;
}

static bool has_pb_c_options(gen_pool *pool, const ProtobufCMessage *options)
{
    nm_cursor ignored;
    return gen_wire_extension(pool, options, PB_C_OPTIONS, &ignored) != GEN_EXTENSION_ABSENT;
}

/* The member beside the field's own, which counts its elements or says that it is set; or NULL. */
static const char *second_member(const gen_renaming *file, const gen_field_proto *field,
                                 const char *member)
{
    if (field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED)
        return gen_pool_format(file->pool, "n_%s", member);
    bool is_pointer =
        field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE ||
        (field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING &&
         !has_pb_c_options(file->pool, field->options == NULL ? NULL : &field->options->base));
    if (file->is_proto2 && !is_pointer && !field->has_oneof_index &&
        field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_OPTIONAL)
        return gen_pool_format(file->pool, "has_%s", member);
    return NULL;
}

static const char *oneof_constant(const gen_struct *type, size_t oneof, const char *ending)
{
    gen_pool *pool = type->file->pool;
    const char *name = gen_join_name(pool, type->full_name, type->message->oneof_decl[oneof]->name);
    return gen_pool_format(pool, "%s_%s", gen_spell_upper(pool, name, type->file->scope), ending);
}

/* The enumerator of a field in a oneof; NULL if it is in none. */
static const char *case_constant(const gen_struct *type, const gen_field_proto *field,
                                 const char *name)
{
    const gen_scope no_scope = {"", NULL};
    if (!gen_is_in_oneof(type->message, field))
        return NULL;
    return oneof_constant(type, (size_t)field->oneof_index,
                          gen_spell_upper(type->file->pool, name, no_scope));
}

/* The member that every struct begins with. The option (pb_c_msg).base_field_name may name it. */
static const char *base_member(const gen_struct *type)
{
    gen_pool *pool = type->file->pool;
    const Google__Protobuf__MessageOptions *options = type->message->options;
    const char *name = "base";
    nm_cursor rest;
    gen_wire_extension(pool, options == NULL ? NULL : &options->base, PB_C_OPTIONS, &rest);
    gen_wire_field field;
    while (nm_cursor_left(&rest) != 0 && gen_wire_next(&rest, &field)) {
        if (field.number == PB_C_MESSAGE_BASE_FIELD_NAME)
            name =
                gen_pool_copy(pool, (const char *)field.content.at, nm_cursor_left(&field.content));
    }
    return name;
}

/* ---- constants of a file ---- */

static void add_enum_constants(gen_renaming *file, const char *full_name,
                               const Google__Protobuf__EnumDescriptorProto *proto)
{
    const char *upper = gen_spell_upper(file->pool, full_name, file->scope);
    for (size_t i = 0; i < proto->n_value; i++)
        add(file->pool, &file->constants,
            gen_pool_format(file->pool, "%s__%s", upper, proto->value[i]->name), NULL);
}

static void add_message_constants(gen_renaming *file, const char *full_name,
                                  gen_message_proto *message)
{
    gen_pool *pool = file->pool;
    const gen_struct type = {.file = file, .message = message, .full_name = full_name};
    const char *upper = gen_spell_upper(pool, full_name, file->scope);
    add(pool, &file->constants, gen_pool_format(pool, "%s__INIT", upper), NULL);
    for (size_t i = 0; i < message->n_oneof_decl; i++)
        add(pool, &file->constants, oneof_constant(&type, i, "_NOT_SET"), NULL);
    for (size_t i = 0; i < message->n_enum_type; i++)
        add_enum_constants(file, gen_join_name(pool, full_name, message->enum_type[i]->name),
                           message->enum_type[i]);
    for (size_t i = 0; i < message->n_nested_type; i++)
        add_message_constants(file, gen_join_name(pool, full_name, message->nested_type[i]->name),
                              message->nested_type[i]);
}

/* ---- fields ---- */

/* Whether the message forbids this name, or has it for something that is not a field. */
static bool is_taken_in_proto(const gen_message_proto *message, const char *name)
{
    for (size_t i = 0; i < message->n_reserved_name; i++) {
        if (strcmp(message->reserved_name[i], name) == 0)
            return true;
    }
    for (size_t i = 0; i < message->n_oneof_decl; i++) {
        if (strcmp(message->oneof_decl[i]->name, name) == 0)
            return true;
    }
    return false;
}

static char *avoid_words(const gen_struct *type, char *name)
{
    gen_pool *pool = type->file->pool;
    const char *old = name;
    while (gen_is_reserved_in_messages(member_name(pool, name)) ||
           (name != old && is_taken_in_proto(type->message, name)))
        name = gen_pool_format(pool, "%s_", name);
    return name;
}

/* Whether C takes a field of this name, which is the field's own or a new one. */
static bool fits(const gen_struct *type, const gen_field_proto *field, const char *name)
{
    const char *member = member_name(type->file->pool, name);
    const char *second = second_member(type->file, field, member);
    const char *constant = case_constant(type, field, name);
    return is_free(&type->members, member, NULL) &&
           (second == NULL || is_free(&type->members, second, field->name)) &&
           (constant == NULL || is_free(&type->file->constants, constant, NULL)) &&
           (name == field->name || !is_taken_in_proto(type->message, name));
}

static void add_second_member(gen_struct *type, const gen_field_proto *field, const char *name)
{
    gen_pool *pool = type->file->pool;
    const char *second = second_member(type->file, field, member_name(pool, name));
    if (second != NULL)
        add(pool, &type->members, second, field->name);
}

static void rename_field(gen_struct *type, gen_field_proto *field)
{
    gen_pool *pool = type->file->pool;
    char *name = field->name;
    while (!fits(type, field, name))
        name = gen_pool_format(pool, "%s_", name);
    const char *constant = case_constant(type, field, name);
    if (constant != NULL)
        add(pool, &type->file->constants, constant, NULL);
    add_second_member(type, field, name);
    add(pool, &type->members, member_name(pool, name), NULL);
    field->name = name;
}

static void rename_in_message(gen_renaming *file, const char *full_name, gen_message_proto *message)
{
    gen_pool *pool = file->pool;
    gen_struct type = {.file = file, .message = message, .full_name = full_name};
    add(pool, &type.members, base_member(&type), NULL);
    for (size_t i = 0; i < message->n_oneof_decl; i++)
        add(pool, &type.members,
            gen_pool_format(pool, "%s_case",
                            gen_spell_lower_part(pool, message->oneof_decl[i]->name)),
            NULL);
    for (size_t i = 0; i < message->n_field; i++)
        message->field[i]->name = avoid_words(&type, message->field[i]->name);
    for (size_t i = 0; i < message->n_field; i++)
        add_second_member(&type, message->field[i], message->field[i]->name);
    for (size_t i = 0; i < message->n_field; i++)
        rename_field(&type, message->field[i]);
    for (size_t i = 0; i < message->n_nested_type; i++)
        rename_in_message(file, gen_join_name(pool, full_name, message->nested_type[i]->name),
                          message->nested_type[i]);
}

/* ---- files ---- */

static void rename_in_file(gen_pool *pool, gen_file_proto *proto, gen_scope scope)
{
    gen_renaming file = {.pool = pool, .scope = scope};
    file.is_proto2 = proto->syntax == NULL || strcmp(proto->syntax, "proto2") == 0;
    for (size_t i = 0; i < proto->n_enum_type; i++)
        add_enum_constants(&file, gen_join_name(pool, scope.package, proto->enum_type[i]->name),
                           proto->enum_type[i]);
    for (size_t i = 0; i < proto->n_message_type; i++)
        add_message_constants(&file,
                              gen_join_name(pool, scope.package, proto->message_type[i]->name),
                              proto->message_type[i]);
    for (size_t i = 0; i < proto->n_message_type; i++)
        rename_in_message(&file, gen_join_name(pool, scope.package, proto->message_type[i]->name),
                          proto->message_type[i]);
}

void gen_rename_fields(gen_pool *pool, gen_request *request, const gen_sources *sources)
{
    for (size_t i = 0; i < request->n_proto_file; i++)
        rename_in_file(pool, request->proto_file[i], sources->items[i].scope);
}
