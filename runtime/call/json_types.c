/*
 * JSON types: see json_types.h.
 */
#include "call/json_types.h"

#include "call/stub.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct nm_json_types {
    const natsmicro_stub_service *stub;
    nm_json_types *next;
    size_t references;
    nm_schema *schema;
    nm_dynamic *dynamic;
    nm_json *json;
    const nm_schema_service *service; /* in the schema */
};

/* All that are in use, under the lock. Making some takes it for as long as a schema takes. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static nm_json_types *all;

/* ---- making ---- */

static void free_types(nm_json_types *types)
{
    nm_json_free(types->json);
    nm_dynamic_free(types->dynamic);
    nm_schema_free(types->schema);
    free(types);
}

/* Whatever is wrong with a service's files is wrong with its tables. */
static natsmicro_status blame_files(natsmicro_status status, const nm_error *cause, nm_error *error)
{
    if (status == NATSMICRO_RESOURCE_EXHAUSTED)
        return nm_error_set(error, status, "no memory for its .proto files");
    return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION, "the .proto files in its tables: %s",
                        nm_error_text(cause));
}

static natsmicro_status read_files(nm_json_types *types, nm_error *error)
{
    const natsmicro_stub_service *stub = types->stub;
    nm_bytes *files = calloc(stub->n_files, sizeof(*files));
    if (files == NULL)
        return blame_files(NATSMICRO_RESOURCE_EXHAUSTED, NULL, error);
    for (size_t i = 0; i < stub->n_files; i++)
        files[i] = (nm_bytes){stub->files[i].bytes, stub->files[i].length};
    nm_error cause = NM_ERROR_INIT;
    natsmicro_status status = nm_schema_new(&types->schema, files, stub->n_files, &cause);
    if (status != NATSMICRO_OK)
        status = blame_files(status, &cause, error);
    nm_error_clear(&cause);
    free(files);
    return status;
}

static natsmicro_status fill(nm_json_types *types, nm_error *error)
{
    const natsmicro_stub_service *stub = types->stub;
    if (stub->files == NULL || stub->n_files == 0)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                            "its messages travel as JSON, for which its tables need the .proto "
                            "files: generate its code again, without descriptors=none");
    natsmicro_status status = read_files(types, error);
    if (status != NATSMICRO_OK)
        return status;
    types->service =
        nm_schema_find_service(types->schema, stub->full_name, strlen(stub->full_name));
    if (types->service == NULL)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                            "the .proto files in its tables do not have it");
    types->dynamic = nm_dynamic_new(types->schema);
    if (types->dynamic != NULL)
        types->json = nm_json_new(types->schema, types->dynamic);
    return types->json != NULL ? NATSMICRO_OK
                               : blame_files(NATSMICRO_RESOURCE_EXHAUSTED, NULL, error);
}

static natsmicro_status make(const natsmicro_stub_service *stub, nm_json_types **types,
                             nm_error *error)
{
    nm_json_types *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return blame_files(NATSMICRO_RESOURCE_EXHAUSTED, NULL, error);
    made->stub = stub;
    natsmicro_status status = fill(made, error);
    if (status != NATSMICRO_OK) {
        free_types(made);
        return status;
    }
    made->next = all;
    all = made;
    *types = made;
    return NATSMICRO_OK;
}

/* ---- sharing ---- */

static nm_json_types *find(const natsmicro_stub_service *stub)
{
    nm_json_types *types = all;
    while (types != NULL && types->stub != stub)
        types = types->next;
    return types;
}

natsmicro_status nm_json_types_take(const natsmicro_stub_service *service, nm_json_types **types,
                                    nm_error *error)
{
    *types = NULL;
    if (!nm_stub_is_json(service))
        return NATSMICRO_OK;
    pthread_mutex_lock(&lock);
    natsmicro_status status = NATSMICRO_OK;
    nm_json_types *found = find(service);
    if (found == NULL)
        status = make(service, &found, error);
    if (status == NATSMICRO_OK)
        found->references++;
    pthread_mutex_unlock(&lock);
    *types = found;
    return status;
}

static void unlist(const nm_json_types *types)
{
    nm_json_types **at = &all;
    while (*at != types)
        at = &(*at)->next;
    *at = types->next;
}

void nm_json_types_give_back(nm_json_types *types)
{
    if (types == NULL)
        return;
    pthread_mutex_lock(&lock);
    bool last = --types->references == 0;
    if (last)
        unlist(types);
    pthread_mutex_unlock(&lock);
    if (last)
        free_types(types);
}

/* ---- the types of a method ---- */

static const nm_schema_method *find_method(const nm_schema_service *service, const char *name)
{
    for (size_t i = 0; i < service->n_methods; i++)
        if (strcmp(service->methods[i].name, name) == 0)
            return &service->methods[i];
    return NULL;
}

natsmicro_status nm_json_types_of(nm_json_types *types, const natsmicro_stub_method *method,
                                  const nm_json_type **request, const nm_json_type **response,
                                  nm_error *error)
{
    const nm_schema_method *found = find_method(types->service, method->name);
    if (found == NULL)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                            "the .proto files in its tables do not have the method %s",
                            method->name);
    nm_error cause = NM_ERROR_INIT;
    natsmicro_status status =
        nm_json_bind(types->json, method->request, found->request, request, &cause);
    if (status == NATSMICRO_OK)
        status = nm_json_bind(types->json, method->response, found->response, response, &cause);
    if (status != NATSMICRO_OK)
        status = blame_files(status, &cause, error);
    nm_error_clear(&cause);
    return status;
}
