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
    ProtobufCFieldDescriptor *fields;
    made *next; /* the one that was begun after this */
};

/* What one call made: a message, and all in it that was not there yet. */
typedef struct batch batch;
struct batch {
    batch *next;
    nm_arena arena; /* holds all of it */
    made *first;
    made *last;
};

struct nm_dynamic {
    pthread_mutex_t lock;
    batch *batches;
    made *of[]; /* by the message's index; NULL: not made yet */
};

nm_dynamic *nm_dynamic_new(const nm_schema *schema)
{
    size_t count = nm_schema_n_messages(schema);
    nm_dynamic *dynamic = calloc(1, sizeof(*dynamic) + count * sizeof(dynamic->of[0]));

    if (dynamic == NULL)
        return NULL;
    if (pthread_mutex_init(&dynamic->lock, NULL) != 0) {
        free(dynamic);
        return NULL;
    }
    return dynamic;
}

static void free_batch(batch *made_at_once)
{
    nm_arena_free(&made_at_once->arena);
    free(made_at_once);
}

void nm_dynamic_free(nm_dynamic *dynamic)
{
    if (dynamic == NULL)
        return;
    while (dynamic->batches != NULL) {
        batch *next = dynamic->batches->next;
        free_batch(dynamic->batches);
        dynamic->batches = next;
    }
    pthread_mutex_destroy(&dynamic->lock);
    free(dynamic);
}

static natsmicro_status fail_memory(const nm_schema_message *message, nm_error *error)
{
    return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory for the descriptor of %s",
                        message->full_name);
}

/* The entry of a message, which may be begun only now. NULL: memory is short. */
static made *find_or_begin(nm_dynamic *dynamic, batch *all, const nm_schema_message *message)
{
    made *entry = dynamic->of[message->index];

    if (entry != NULL)
        return entry;
    entry = nm_arena_alloc(&all->arena, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    *entry = (made){.message = message};
    if (all->last == NULL)
        all->first = entry;
    else
        all->last->next = entry;
    all->last = entry;
    dynamic->of[message->index] = entry;
    return entry;
}

/* Fills an entry, and begins those of the messages in it. */
static natsmicro_status fill(nm_dynamic *dynamic, batch *all, made *entry, nm_error *error)
{
    const nm_schema_message *message = entry->message;

    if (!nm_describe(message, &all->arena, &entry->descriptor, &entry->fields))
        return fail_memory(message, error);
    for (size_t i = 0; i < message->n_fields; i++) {
        const nm_schema_field *field = &message->fields[i];
        if (field->type == NM_FIELD_GROUP)
            return nm_error_set(error, NATSMICRO_UNIMPLEMENTED,
                                "field %s.%s is a group, which protobuf-c cannot encode",
                                message->full_name, field->name);
        if (field->message == NULL)
            continue;
        made *inner = find_or_begin(dynamic, all, field->message);
        if (inner == NULL)
            return fail_memory(field->message, error);
        entry->fields[i].descriptor = &inner->descriptor;
    }
    return NATSMICRO_OK;
}

/* Makes the descriptors of a message and of all in it, or none. */
static natsmicro_status make(nm_dynamic *dynamic, const nm_schema_message *message, nm_error *error)
{
    batch *all = calloc(1, sizeof(*all));

    if (all == NULL || find_or_begin(dynamic, all, message) == NULL) {
        free(all);
        return fail_memory(message, error);
    }
    natsmicro_status status = NATSMICRO_OK;
    for (made *entry = all->first; entry != NULL && status == NATSMICRO_OK; entry = entry->next)
        status = fill(dynamic, all, entry, error);
    if (status == NATSMICRO_OK) {
        all->next = dynamic->batches;
        dynamic->batches = all;
        return NATSMICRO_OK;
    }
    for (const made *entry = all->first; entry != NULL; entry = entry->next)
        dynamic->of[entry->message->index] = NULL;
    free_batch(all);
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
