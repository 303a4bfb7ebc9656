/*
 * Mend: see mend.h.
 */
#include "messages/mend.h"

#include "model/clash.h"
#include "model/spelling.h"
#include "request/ascii.h"

#include <string.h>

typedef Google__Protobuf__Compiler__CodeGeneratorResponse gen_response;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File gen_response_file;

/* A header that is mended. `better` has by the constant "X__NOT_SET" what its union begins with. */
typedef struct gen_mending {
    gen_pool *pool;
    const gen_sources *sources;
    gen_scope scope;
    gen_clash_table better;
} gen_mending;

/* ---- enums by name ---- */

static bool has_enum(Google__Protobuf__EnumDescriptorProto *const *enums, size_t count,
                     const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(enums[i]->name, name) == 0)
            return true;
    }
    return false;
}

static bool declares_enum(const gen_mending *mending, const gen_source *source, const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *package = source->scope.package;
    const gen_file_proto *proto = source->proto;
    const char *last = dot == NULL ? name : dot + 1;
    const char *parent = gen_pool_copy(mending->pool, name, dot == NULL ? 0 : (size_t)(dot - name));
    if (strcmp(parent, package) == 0)
        return has_enum(proto->enum_type, proto->n_enum_type, last);
    const gen_known_message *message = gen_find_message(mending->sources, parent);
    return message != NULL && message->source == source &&
           has_enum(message->proto->enum_type, message->proto->n_enum_type, last);
}

/* The C type of an enum; NULL if the request does not declare it. */
static const char *enum_type(const gen_mending *mending, const char *type_name)
{
    const char *name = type_name == NULL ? "" : type_name + (*type_name == '.');
    for (size_t i = 0; i < mending->sources->count; i++) {
        const gen_source *source = &mending->sources->items[i];
        if (declares_enum(mending, source, name))
            return gen_spell_type(mending->pool, name, source->scope);
    }
    return NULL;
}

/* ---- initializers ---- */

/* What the union begins with in C and C++; NULL: {0} will do. */
static const char *initializer(const gen_mending *mending, const gen_field_proto *first)
{
    if (first->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES)
        return "{{0, NULL}}";
    const char *type = NULL;
    if (first->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_ENUM)
        type = enum_type(mending, first->type_name);
    return type == NULL ? NULL : gen_pool_format(mending->pool, "{(%s)0}", type);
}

static void read_oneof(gen_mending *mending, const char *full_name,
                       const gen_message_proto *message, size_t oneof)
{
    gen_pool *pool = mending->pool;
    size_t first = gen_first_in_oneof(message, oneof);
    const char *better =
        first == message->n_field ? NULL : initializer(mending, message->field[first]);
    if (better == NULL)
        return;
    const char *name = gen_join_name(pool, full_name, message->oneof_decl[oneof]->name);
    const char *constant =
        gen_pool_format(pool, "%s__NOT_SET", gen_spell_upper(pool, name, mending->scope));
    gen_clash_add(pool, &mending->better, (gen_clash_entry){.name = constant, .what = better});
}

static void read_message(gen_mending *mending, const char *full_name,
                         const gen_message_proto *message)
{
    for (size_t i = 0; i < message->n_oneof_decl; i++)
        read_oneof(mending, full_name, message, i);
    for (size_t i = 0; i < message->n_nested_type; i++)
        read_message(mending,
                     gen_join_name(mending->pool, full_name, message->nested_type[i]->name),
                     message->nested_type[i]);
}

/* ---- text ---- */

static const char not_set[] = "__NOT_SET, ";

/* The better initializer of the constant that ends at `end` in the text; NULL if it needs none. */
static const char *find_better(const gen_mending *mending, const char *text, const char *end)
{
    const char *start = end;
    while (start > text &&
           (gen_is_letter(start[-1]) || gen_is_digit(start[-1]) || start[-1] == '_'))
        start--;
    const char *constant = gen_pool_copy(mending->pool, start, (size_t)(end - start));
    const gen_clash_entry *entry = gen_clash_find(&mending->better, constant);
    return entry == NULL ? NULL : entry->what;
}

static char *mend_text(const gen_mending *mending, const char *text)
{
    nm_buffer out = NM_BUFFER_INIT;
    const char *copied = text; /* the text before it is in `out` */
    for (const char *at = text; (at = strstr(at, not_set)) != NULL;) {
        const char *better = find_better(mending, text, at + strlen("__NOT_SET"));
        at += strlen(not_set);
        if (better == NULL || strncmp(at, "{0}", 3) != 0)
            continue;
        nm_buffer_append(&out, copied, (size_t)(at - copied));
        nm_buffer_append_string(&out, better);
        copied = at += 3;
    }
    nm_buffer_append_string(&out, copied);
    return gen_pool_take(mending->pool, &out);
}

gen_response_file *gen_find_header(gen_pool *pool, const gen_response *response, const char *proto)
{
    const char *name = gen_pool_format(pool, "%s.pb-c.h", gen_spell_base(pool, proto));
    for (size_t i = 0; i < response->n_file; i++) {
        gen_response_file *file = response->file[i];
        if (file->name != NULL && strcmp(file->name, name) == 0)
            return file;
    }
    return NULL;
}

void gen_mend(gen_pool *pool, const gen_request *request, const gen_sources *sources,
              gen_response *response)
{
    for (size_t i = 0; i < request->n_file_to_generate; i++) {
        const gen_source *source = gen_find_source(sources, request->file_to_generate[i]);
        const gen_file_proto *proto = source->proto;
        gen_mending mending = {pool, sources, source->scope, {NULL, 0, 0}};
        for (size_t j = 0; j < proto->n_message_type; j++)
            read_message(&mending,
                         gen_join_name(pool, source->scope.package, proto->message_type[j]->name),
                         proto->message_type[j]);
        gen_response_file *header = gen_find_header(pool, response, proto->name);
        if (header != NULL && header->content != NULL && mending.better.n_used != 0)
            header->content = mend_text(&mending, header->content);
    }
}
