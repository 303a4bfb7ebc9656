/*
 * Load: see load.h.
 */
#include "types/load.h"

#include "text/file.h"
#include "text/report.h"
#include "types/ask.h"
#include "types/methods.h"
#include "types/protoc.h"
#include "types/set.h"

#include <string.h>

/* ---- where from ---- */

bool cmd_has_own_types(const cmd_settings *settings)
{
    return settings->protos.count > 0 || settings->descriptor_set != NULL;
}

static int read_set(const cmd_settings *settings, cmd_connection *connection, const char *wanted,
                    nm_buffer *set, json_t **told)
{
    if (settings->protos.count > 0 && settings->descriptor_set != NULL)
        return cmd_fail(CMD_WRONG_USAGE, "--proto and --descriptor-set: one of them can count");
    if (settings->includes.count > 0 && settings->protos.count == 0)
        return cmd_fail(CMD_WRONG_USAGE, "--include needs --proto");
    if (settings->protos.count > 0)
        return cmd_run_protoc(settings, set);
    if (settings->descriptor_set != NULL)
        return cmd_read_file(settings->descriptor_set, CMD_LARGEST_SET, set) ? CMD_DONE
                                                                             : CMD_WRONG_USAGE;
    return cmd_ask_types(settings, connection, wanted, set, told);
}

static const char *source_of(const cmd_settings *settings, const json_t *told)
{
    if (told != NULL)
        return gen_pool_format(settings->pool, "the types of service %s",
                               cmd_text_of(told, "name"));
    return settings->descriptor_set != NULL ? settings->descriptor_set : "--proto";
}

/* ---- a schema ---- */

static int make_schema(const cmd_settings *settings, const char *source, cmd_types *types)
{
    nm_bytes *files;
    size_t n_files;
    if (!cmd_split_set(settings->pool, &types->set, &files, &n_files))
        return cmd_fail_with(NATSMICRO_INVALID_ARGUMENT,
                             "%s: is no google.protobuf.FileDescriptorSet", source);
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = nm_schema_new(&types->schema, files, n_files, &error);
    int result = CMD_DONE;
    if (status != NATSMICRO_OK)
        result = cmd_fail_with(status, "%s: %s", source, nm_error_text(&error));
    nm_error_free(&error);
    return result;
}

/* What a service says of its endpoints counts more than the options: it may have set a prefix. */
static void take_endpoints(gen_pool *pool, const json_t *told, cmd_types *types)
{
    size_t index;
    json_t *endpoint;
    json_array_foreach(json_object_get(told, "endpoints"), index, endpoint)
    {
        for (size_t i = 0; i < types->n_methods; i++) {
            cmd_method *method = &types->methods[i];
            const char *subject = cmd_text_of(endpoint, "subject");
            if (!cmd_is(endpoint, "method", method->full_name))
                continue;
            method->subject = gen_pool_copy(pool, subject, strlen(subject));
            method->json = json_is_true(json_object_get(endpoint, "json"));
        }
    }
}

static int write_set(const cmd_settings *settings, const cmd_types *types)
{
    nm_buffer set = NM_BUFFER_INIT;
    for (size_t i = 0; i < nm_schema_n_files(types->schema); i++)
        cmd_append_to_set(&set, nm_schema_file_at(types->schema, i)->bytes);
    bool written =
        !set.failed && cmd_write_file(settings->descriptor_set_out, set.data, set.length);
    nm_buffer_free(&set);
    return written ? CMD_DONE : CMD_WRONG_USAGE;
}

int cmd_load_types(const cmd_settings *settings, cmd_connection *connection, const char *wanted,
                   cmd_types *types)
{
    *types = (cmd_types){.set = NM_BUFFER_INIT};
    json_t *told = NULL;
    char *name = gen_pool_copy(settings->pool, wanted, strlen(wanted));
    name[strcspn(name, "/")] = strchr(name, '/') != NULL ? '.' : '\0';
    int result = read_set(settings, connection, name, &types->set, &told);
    if (result == CMD_DONE)
        result = make_schema(settings, source_of(settings, told), types);
    if (result == CMD_DONE) {
        cmd_list_methods(settings->pool, types);
        take_endpoints(settings->pool, told, types);
    }
    if (result == CMD_DONE && settings->descriptor_set_out != NULL)
        result = write_set(settings, types);
    json_decref(told);
    return result;
}
