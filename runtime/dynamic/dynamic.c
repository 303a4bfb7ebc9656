/*
 * Dynamic: see dynamic.h. The lock guards the table of descriptors. A descriptor is put there when
 * all that it contains is there as well, and does not change afterwards.
 */
#include "dynamic/dynamic.h"

#include "dynamic/describe.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct made made;
struct made {
    const nm_schema_message *message;
    ProtobufCMessageDescriptor descriptor;
    made *next; /* the one that was begun after this */
};

/* A message, and all in it that was not there yet. */
typedef struct batch {
    made *first;
    made *last;
} batch;

struct nm_dynamic {
    pthread_mutex_t lock;
    nm_arena arena; /* holds what descriptors point to */
    size_t count;   /* of messages of the schema */
    made *of[];     /* by the message's index; NULL: not made yet */
};

nm_dynamic *nm_dynamic_new(const nm_schema *schema)
{
    size_t count = nm_schema_n_messages(schema);
    nm_dynamic *dynamic = calloc(1, sizeof(*dynamic) + count * sizeof(dynamic->of[0]));

    if (dynamic == NULL)
        return NULL;
    dynamic->count = count;
    if (pthread_mutex_init(&dynamic->lock, NULL) != 0) {
        free(dynamic);
        return NULL;
    }
    return dynamic;
}

void nm_dynamic_free(nm_dynamic *dynamic)
{
    if (dynamic == NULL)
        return;
    for (size_t i = 0; i < dynamic->count; i++)
        free(dynamic->of[i]);
    nm_arena_free(&dynamic->arena);
    pthread_mutex_destroy(&dynamic->lock);
    free(dynamic);
}

static natsmicro_status fail_memory(const nm_schema_message *message, nm_error *error)
{
    return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory for the descriptor of %s",
                        message->full_name);
}

/* Begins the entry of a message, unless there is one. Returns false if memory is short. */
static bool begin(nm_dynamic *dynamic, batch *all, const nm_schema_message *message)
{
    if (dynamic->of[message->index] != NULL)
        return true;
    made *entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return false;
    entry->message = message;
    if (all->last == NULL)
        all->first = entry;
    else
        all->last->next = entry;
    all->last = entry;
    dynamic->of[message->index] = entry;
    return true;
}

static natsmicro_status begin_inner(nm_dynamic *dynamic, batch *all,
                                    const nm_schema_message *message, nm_error *error)
{
    if (message->n_fields > NM_DYNAMIC_MOST_FIELDS)
        return nm_error_set(error, NATSMICRO_UNIMPLEMENTED,
                            "message %s has %zu fields, and can be used with at most %d",
                            message->full_name, message->n_fields, NM_DYNAMIC_MOST_FIELDS);
    for (size_t i = 0; i < message->n_fields; i++) {
        const nm_schema_field *field = &message->fields[i];
        if (field->type == NM_FIELD_GROUP)
            return nm_error_set(error, NATSMICRO_UNIMPLEMENTED,
                                "field %s.%s is a group, which protobuf-c cannot encode",
                                message->full_name, field->name);
        if (field->message != NULL && !begin(dynamic, all, field->message))
            return fail_memory(field->message, error);
    }
    return NATSMICRO_OK;
}

static natsmicro_status fill(nm_dynamic *dynamic, made *entry, nm_error *error)
{
    const nm_schema_message *message = entry->message;
    ProtobufCFieldDescriptor *fields;

    if (!nm_describe(message, &dynamic->arena, &entry->descriptor, &fields))
        return fail_memory(message, error);
    for (size_t i = 0; i < message->n_fields; i++)
        if (message->fields[i].message != NULL)
            fields[i].descriptor = &dynamic->of[message->fields[i].message->index]->descriptor;
    return NATSMICRO_OK;
}

static void drop(nm_dynamic *dynamic, batch *all)
{
    while (all->first != NULL) {
        made *next = all->first->next;
        dynamic->of[all->first->message->index] = NULL;
        free(all->first);
        all->first = next;
    }
}

/*
 * Makes the descriptors of a message and of all in it, or none. The arena, which cannot take memory
 * back, is used only when nothing but short memory can make it fail.
 */
static natsmicro_status make(nm_dynamic *dynamic, const nm_schema_message *message, nm_error *error)
{
    batch all = {NULL, NULL};
    natsmicro_status status =
        begin(dynamic, &all, message) ? NATSMICRO_OK : fail_memory(message, error);

    for (made *entry = all.first; entry != NULL && status == NATSMICRO_OK; entry = entry->next)
        status = begin_inner(dynamic, &all, entry->message, error);
    for (made *entry = all.first; entry != NULL && status == NATSMICRO_OK; entry = entry->next)
        status = fill(dynamic, entry, error);
    if (status != NATSMICRO_OK)
        drop(dynamic, &all);
    return status;
}

natsmicro_status nm_dynamic_descriptor(nm_dynamic *dynamic, const nm_schema_message *message,
                                       const ProtobufCMessageDescriptor **descriptor,
                                       nm_error *error)
{
    natsmicro_status status = NATSMICRO_OK;

    *descriptor = NULL;
    pthread_mutex_lock(&dynamic->lock);
    if (dynamic->of[message->index] == NULL)
        status = make(dynamic, message, error);
    if (status == NATSMICRO_OK)
        *descriptor = &dynamic->of[message->index]->descriptor;
    pthread_mutex_unlock(&dynamic->lock);
    return status;
}
