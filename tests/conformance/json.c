/*
 * JSON: see json.h.
 */
#include "conformance/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "conformance: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
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

void conformance_json_open(conformance_json *json, const ProtobufCMessageDescriptor *generated,
                           bool is_dynamic)
{
    nm_error error = NM_ERROR_INIT;

    *json = (conformance_json){.files = descriptors_read("conformance"), .descriptor = generated};
    if (nm_schema_new(&json->schema, json->files.files, json->files.n_files, &error) !=
        NATSMICRO_OK)
        give_up("conformance.set", nm_error_text(&error));
    json->dynamic = nm_dynamic_new(json->schema);
    json->json = json->dynamic == NULL ? NULL : nm_json_new(json->schema, json->dynamic);
    if (json->json == NULL)
        give_up(generated->name, "no memory");
    bind(json, generated->name, is_dynamic);
}

void conformance_json_close(conformance_json *json)
{
    nm_json_free(json->json);
    nm_dynamic_free(json->dynamic);
    nm_schema_free(json->schema);
    descriptors_free(&json->files);
}
