/*
 * Rewrite: see rewrite.h. Source info follows, so that comments stay where they belong.
 */
#include "messages/rewrite.h"

#include "request/declaration.h"

#include <string.h>

typedef Google__Protobuf__SourceCodeInfo gen_source_info;
typedef Google__Protobuf__SourceCodeInfo__Location gen_location;

/* ---- source info ---- */

/* The address of a declaration in source info. protoc lets messages nest 32 deep at most. */
enum { LONGEST_PATH = 128 };

typedef struct gen_path {
    size_t length;
    int32_t steps[LONGEST_PATH];
} gen_path;

static gen_path step_into(const gen_path *parent, int32_t field, size_t index)
{
    gen_path path = *parent;
    if (path.length + 2 <= LONGEST_PATH) {
        path.steps[path.length++] = field;
        path.steps[path.length++] = (int32_t)index;
    }
    return path;
}

/* Whether the location is in the list of declarations that `field` of the parent holds. */
static bool is_in_list(const gen_location *location, const gen_path *parent, int32_t field)
{
    size_t length = parent->length;
    return location->n_path > length + 1 && location->path[length] == field &&
           memcmp(location->path, parent->steps, length * sizeof(int32_t)) == 0;
}

/* Removes the locations in one declaration of a list; those after it move down. */
static void remove_locations(gen_source_info *info, const gen_path *parent, int32_t field,
                             size_t index)
{
    size_t kept = 0;
    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        gen_location *location = info->location[i];
        if (is_in_list(location, parent, field)) {
            int32_t *at = &location->path[parent->length + 1];
            if (*at == (int32_t)index)
                continue;
            *at -= *at > (int32_t)index;
        }
        info->location[kept++] = location;
    }
    if (info != NULL)
        info->n_location = kept;
}

/* ---- optional fields ---- */

static void remove_oneof(gen_message_proto *message, const gen_path *path, gen_source_info *info,
                         size_t removed)
{
    for (size_t i = 0; i < message->n_field; i++) {
        gen_field_proto *field = message->field[i];
        if (!field->has_oneof_index)
            continue;
        field->has_oneof_index = field->oneof_index != (int32_t)removed;
        field->oneof_index -= field->oneof_index > (int32_t)removed;
    }
    message->n_oneof_decl--;
    for (size_t i = removed; i < message->n_oneof_decl; i++)
        message->oneof_decl[i] = message->oneof_decl[i + 1];
    remove_locations(info, path, GEN_ONEOFS_OF_MESSAGE, removed);
}

static void rewrite_field(gen_message_proto *message, gen_field_proto *field, const gen_path *path,
                          gen_source_info *info)
{
    if (!field->proto3_optional)
        return;
    field->has_proto3_optional = field->proto3_optional = false;
    if (gen_optional_is_pointer(field) && gen_is_in_oneof(message, field))
        remove_oneof(message, path, info, (size_t)field->oneof_index);
}

/* An extension is no member of a struct, and has no oneof. */
static void rewrite_extensions(gen_field_proto *const *extensions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        extensions[i]->has_proto3_optional = extensions[i]->proto3_optional = false;
}

static void rewrite_message(gen_message_proto *message, const gen_path *path, gen_source_info *info)
{
    for (size_t i = 0; i < message->n_field; i++)
        rewrite_field(message, message->field[i], path, info);
    rewrite_extensions(message->extension, message->n_extension);
    for (size_t i = 0; i < message->n_nested_type; i++) {
        const gen_path nested = step_into(path, GEN_MESSAGES_OF_MESSAGE, i);
        rewrite_message(message->nested_type[i], &nested, info);
    }
}

/* ---- files ---- */

static void rewrite_file(gen_file_proto *file)
{
    const gen_path whole = {.length = 0};
    for (size_t i = file->n_service; i > 0; i--)
        remove_locations(file->source_code_info, &whole, GEN_SERVICES_OF_FILE, i - 1);
    file->n_service = 0;
    rewrite_extensions(file->extension, file->n_extension);
    for (size_t i = 0; i < file->n_message_type; i++) {
        const gen_path path = step_into(&whole, GEN_MESSAGES_OF_FILE, i);
        rewrite_message(file->message_type[i], &path, file->source_code_info);
    }
}

void gen_rewrite(gen_request *request)
{
    for (size_t i = 0; i < request->n_proto_file; i++)
        rewrite_file(request->proto_file[i]);
}
