/*
 * Foreign names: see foreign_names.h.
 */
#include "model/foreign_names.h"

#include "model/spelling.h"

#include <string.h>

/* The file whose names are added, and the table that they are added to. */
typedef struct gen_foreign {
    gen_context *context;
    gen_pool *pool;
    gen_clash_table *names;
    const gen_source *source;
    bool messages_only; /* as protoc-gen-c sees the file with the parameter messages */
} gen_foreign;

static const char *or_empty(const char *name)
{
    return name == NULL ? "" : name;
}

static void fail_clash(const gen_foreign *foreign, const gen_clash_entry *entry,
                       const gen_clash_entry *other)
{
    const gen_place here = gen_clash_place(entry);
    const gen_place there = gen_clash_place(other);
    if (there.file == here.file)
        gen_fail(foreign->context, &here,
                 "protoc-gen-c would give the C name %s to %s and to %s in line %d (rename one of "
                 "them)",
                 entry->name, entry->what, other->what, there.line);
}

static void add(const gen_foreign *foreign, const char *what, const gen_declaration *declaration,
                const char *name, const char *ending)
{
    const char *whole = gen_pool_format(foreign->pool, "%s%s", name, ending);
    const gen_clash_entry entry = {.name = whole, .what = what, .declaration = declaration};
    const gen_clash_entry *other = gen_clash_add(foreign->pool, foreign->names, entry);
    if (other != NULL && foreign->messages_only && strcmp(other->what, what) != 0)
        fail_clash(foreign, &entry, other);
}

static void add_enum(const gen_foreign *foreign, const char *full_name,
                     const gen_declaration *declaration)
{
    gen_pool *pool = foreign->pool;
    const gen_scope scope = foreign->source->scope;
    const char *what = gen_pool_format(pool, "enum %s", full_name);
    add(foreign, what, declaration, gen_spell_type(pool, full_name, scope), "");
    add(foreign, what, declaration, gen_spell_lower(pool, full_name, scope), "__descriptor");
}

static void add_oneof(const gen_foreign *foreign, const char *full_name,
                      const gen_message_proto *proto, const gen_declaration *message, size_t oneof)
{
    gen_pool *pool = foreign->pool;
    const char *name = gen_join_name(pool, full_name, or_empty(proto->oneof_decl[oneof]->name));
    const char *what = gen_pool_format(pool, "the cases of oneof %s", name);
    const gen_declaration *declaration =
        gen_declared_in(pool, message, GEN_ONEOFS_OF_MESSAGE, oneof);
    size_t i = gen_first_in_oneof(proto, oneof); /* that of an optional field has no other */
    const gen_field_proto *field = i < proto->n_field ? proto->field[i] : NULL;
    if (field != NULL && field->proto3_optional) {
        if (foreign->messages_only && gen_optional_is_pointer(field))
            return;
        what = gen_pool_format(pool, "the cases of the optional field %s.%s", full_name,
                               or_empty(field->name));
        declaration = gen_declared_in(pool, message, GEN_FIELDS_OF_MESSAGE, i);
    }
    add(foreign, what, declaration, gen_spell_type(pool, name, foreign->source->scope), "Case");
}

static void add_message(const gen_foreign *foreign, const char *full_name,
                        const gen_message_proto *proto, const gen_declaration *declaration)
{
    static const char *const functions[] = {
        "__init",   "__get_packed_size", "__pack",       "__pack_to_buffer",
        "__unpack", "__free_unpacked",   "__descriptor",
    };
    gen_pool *pool = foreign->pool;
    const char *what = gen_pool_format(pool, "message %s", full_name);
    const char *type = gen_spell_type(pool, full_name, foreign->source->scope);
    const char *lower = gen_spell_lower(pool, full_name, foreign->source->scope);
    add(foreign, what, declaration, type, "");
    add(foreign, what, declaration, type, "_Closure");
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        add(foreign, what, declaration, lower, functions[i]);
    for (size_t i = 0; i < proto->n_oneof_decl; i++)
        add_oneof(foreign, full_name, proto, declaration, i);
    for (size_t i = 0; i < proto->n_enum_type; i++)
        add_enum(foreign, gen_join_name(pool, full_name, or_empty(proto->enum_type[i]->name)),
                 gen_declared_in(pool, declaration, GEN_ENUMS_OF_MESSAGE, i));
    for (size_t i = 0; i < proto->n_nested_type; i++)
        add_message(foreign, gen_join_name(pool, full_name, proto->nested_type[i]->name),
                    proto->nested_type[i],
                    gen_declared_in(pool, declaration, GEN_MESSAGES_OF_MESSAGE, i));
}

static void add_service(const gen_foreign *foreign, const char *full_name,
                        const gen_service_proto *proto, const gen_declaration *declaration)
{
    gen_pool *pool = foreign->pool;
    const char *what = gen_pool_format(pool, "service %s", full_name);
    const char *type = gen_spell_type(pool, full_name, foreign->source->scope);
    const char *lower = gen_spell_lower(pool, full_name, foreign->source->scope);
    add(foreign, what, declaration, type, "_Service");
    add(foreign, what, declaration, type, "_ServiceDestroy");
    add(foreign, what, declaration, lower, "__init");
    add(foreign, what, declaration, lower, "__descriptor");
    for (size_t i = 0; i < proto->n_method; i++) {
        const char *name = or_empty(proto->method[i]->name);
        const char *method = gen_pool_format(pool, "method %s.%s", full_name, name);
        add(foreign, method, gen_declared_in(pool, declaration, GEN_METHODS_OF_SERVICE, i), lower,
            gen_pool_format(pool, "__%s", gen_spell_lower_part(pool, name)));
    }
}

static void add_file(const gen_foreign *foreign)
{
    gen_pool *pool = foreign->pool;
    const gen_source *source = foreign->source;
    const gen_file_proto *proto = source->proto;
    const char *package = source->scope.package;
    for (size_t i = 0; i < proto->n_message_type; i++)
        add_message(foreign, gen_join_name(pool, package, proto->message_type[i]->name),
                    proto->message_type[i],
                    gen_declared_in_file(pool, source, GEN_MESSAGES_OF_FILE, i));
    for (size_t i = 0; i < proto->n_enum_type; i++)
        add_enum(foreign, gen_join_name(pool, package, or_empty(proto->enum_type[i]->name)),
                 gen_declared_in_file(pool, source, GEN_ENUMS_OF_FILE, i));
    for (size_t i = 0; !foreign->messages_only && i < proto->n_service; i++)
        add_service(foreign, gen_join_name(pool, package, or_empty(proto->service[i]->name)),
                    proto->service[i], gen_declared_in_file(pool, source, GEN_SERVICES_OF_FILE, i));
}

bool gen_add_foreign_names(gen_context *context, const gen_parameters *parameters,
                           const gen_sources *sources, gen_clash_table *names)
{
    for (size_t i = 0; i < sources->count; i++) {
        const gen_foreign foreign = {.context = context,
                                     .pool = context->pool,
                                     .names = names,
                                     .source = &sources->items[i],
                                     .messages_only = parameters->messages};
        if (!foreign.source->no_generate)
            add_file(&foreign);
    }
    return context->error == NULL;
}
