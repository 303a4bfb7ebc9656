/*
 * JSON: see json.h.
 */
#include "conformance/json.h"

#include "codec/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FILES 32

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "conformance: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void read_file(const char *path, nm_buffer *buffer)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        give_up(path, "cannot be opened");
    while (feof(file) == 0 && ferror(file) == 0) {
        char part[4096];
        nm_buffer_append(buffer, part, fread(part, 1, sizeof(part), file));
    }
    if (ferror(file) != 0 || buffer->failed)
        give_up(path, "cannot be read");
    fclose(file);
}

/* Finds the files of a FileDescriptorSet, which are its field 1. */
static size_t split(const nm_buffer *set, nm_bytes files[MOST_FILES])
{
    nm_cursor rest = nm_cursor_over(set->data, set->length);
    nm_item item = {.start = NULL};
    size_t n = 0;

    while (n < MOST_FILES && rest.at < rest.end && nm_take_item(&rest, &item) == NULL)
        if (item.number == 1 && item.wire_type == NM_WIRE_DELIMITED)
            files[n++] = (nm_bytes){item.content.at, nm_cursor_left(&item.content)};
    return n;
}

static void bind(conformance_json *json, const char *name, bool is_dynamic)
{
    nm_error error = NM_ERROR_INIT;
    const nm_schema_message *message = nm_schema_find_message(json->schema, name, strlen(name));

    if (message == NULL)
        give_up(name, "the schema does not have it");
    if (is_dynamic &&
        nm_dynamic_descriptor(json->dynamic, message, &json->descriptor, &error) != NATSMICRO_OK)
        give_up(name, nm_error_text(&error));
    if (nm_json_bind(json->json, json->descriptor, message, &json->type, &error) != NATSMICRO_OK)
        give_up(name, nm_error_text(&error));
}

void conformance_json_open(conformance_json *json, const char *path,
                           const ProtobufCMessageDescriptor *generated, bool is_dynamic)
{
    nm_error error = NM_ERROR_INIT;

    *json = (conformance_json){.files = NM_BUFFER_INIT, .descriptor = generated};
    read_file(path, &json->files);
    nm_bytes files[MOST_FILES];
    size_t n_files = split(&json->files, files);
    if (nm_schema_new(&json->schema, files, n_files, &error) != NATSMICRO_OK)
        give_up(path, nm_error_text(&error));
    json->dynamic = nm_dynamic_new(json->schema);
    json->json = json->dynamic == NULL ? NULL : nm_json_new(json->schema, json->dynamic);
    if (json->json == NULL)
        give_up(path, "no memory");
    bind(json, generated->name, is_dynamic);
}

void conformance_json_close(conformance_json *json)
{
    nm_json_free(json->json);
    nm_dynamic_free(json->dynamic);
    nm_schema_free(json->schema);
    nm_buffer_free(&json->files);
}
