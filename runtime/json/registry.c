/*
 * Registry: see registry.h and json.h. A type whose fields hold others is bound without recursion:
 * types are appended to a list, and filled from the front of it, so that a schema may nest types as
 * deep as it likes.
 */
#include "json/registry.h"

#include "base/random.h"
#include "json/bind.h"
#include "json/text.h"

#include <pthread.h>
#include <stdlib.h>

struct nm_json {
    const nm_schema *schema;
    nm_dynamic *dynamic;
    nm_json_secret secret;
    pthread_mutex_t lock;      /* of all below, while types are bound */
    nm_json_type *first;       /* all types */
    nm_json_type **last;       /* where the next one is to be linked */
    nm_json_type **of_message; /* by the message's index; linked by next_of_message */
};

/* Returns false if the system gives no random bytes. */
static bool fill_secret(nm_json_secret *secret)
{
    char token[NM_TOKEN_LENGTH + 1];

    if (!nm_random_token(token))
        return false;
    memcpy(&secret->start, token, sizeof(secret->start));
    memcpy(&secret->factor, token + sizeof(secret->start), sizeof(secret->factor));
    secret->factor |= 1;
    return true;
}

nm_json *nm_json_new(const nm_schema *schema, nm_dynamic *dynamic)
{
    nm_json *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return NULL;
    self->schema = schema;
    self->dynamic = dynamic;
    self->last = &self->first;
    self->of_message = calloc(nm_schema_n_messages(schema) + 1, sizeof(*self->of_message));
    if (self->of_message == NULL || !fill_secret(&self->secret) ||
        pthread_mutex_init(&self->lock, NULL) != 0) {
        free(self->of_message);
        free(self);
        return NULL;
    }
    return self;
}

void nm_json_free(nm_json *json)
{
    if (json == NULL)
        return;
    nm_json_type *next;
    for (nm_json_type *type = json->first; type != NULL; type = next) {
        next = type->next;
        nm_json_type_free(type);
    }
    pthread_mutex_destroy(&json->lock);
    free(json->of_message);
    free(json);
}

/* Finds a type, or appends it to the list, still without its fields. NULL: memory is short. */
static nm_json_type *find_or_add(nm_json *self, const ProtobufCMessageDescriptor *descriptor,
                                 const nm_schema_message *message)
{
    nm_json_type **of_message = &self->of_message[message->index];

    for (nm_json_type *type = *of_message; type != NULL; type = type->next_of_message)
        if (type->descriptor == descriptor)
            return type;
    nm_json_type *type = nm_json_type_new(self, &self->secret, descriptor, message);
    if (type == NULL)
        return NULL;
    type->next_of_message = *of_message;
    *of_message = type;
    *self->last = type;
    self->last = &type->next;
    return type;
}

/* Takes away the types from `*from` on, which cannot be used. */
static void drop(nm_json *self, nm_json_type **from)
{
    nm_json_type *next;

    for (nm_json_type *type = *from; type != NULL; type = next) {
        nm_json_type **link = &self->of_message[type->message->index];
        while (*link != type)
            link = &(*link)->next_of_message;
        *link = type->next_of_message;
        next = type->next;
        nm_json_type_free(type);
    }
    *from = NULL;
    self->last = from;
}

/* Finds or adds the types of the messages that a type's fields hold. */
static bool add_held(nm_json *self, nm_json_type *type)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const nm_schema_field *field = &type->message->fields[i];
        if (type->fields[i].kind != NM_JSON_MESSAGE)
            continue;
        type->fields[i].type =
            find_or_add(self, type->descriptor->fields[i].descriptor, field->message);
        if (type->fields[i].type == NULL)
            return false;
    }
    return true;
}

static natsmicro_status no_memory(const nm_schema_message *message, nm_error *error)
{
    return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory for the JSON names of %s",
                        message->full_name);
}

static natsmicro_status fill(nm_json *self, nm_json_type *type, nm_error *error)
{
    natsmicro_status status = nm_json_type_fill(type, error);

    if (status != NATSMICRO_OK)
        return status;
    return add_held(self, type) ? NATSMICRO_OK : no_memory(type->message, error);
}

static natsmicro_status bind(nm_json *self, const ProtobufCMessageDescriptor *descriptor,
                             const nm_schema_message *message, const nm_json_type **type,
                             nm_error *error)
{
    nm_json_type **from = self->last;
    nm_json_type *bound = find_or_add(self, descriptor, message);

    if (bound == NULL)
        return no_memory(message, error);
    for (nm_json_type *next = *from; next != NULL; next = next->next) {
        natsmicro_status status = fill(self, next, error);
        if (status != NATSMICRO_OK) {
            drop(self, from);
            return status;
        }
    }
    *type = bound;
    return NATSMICRO_OK;
}

natsmicro_status nm_json_bind(nm_json *json, const ProtobufCMessageDescriptor *descriptor,
                              const nm_schema_message *message, const nm_json_type **type,
                              nm_error *error)
{
    *type = NULL;
    pthread_mutex_lock(&json->lock);
    natsmicro_status status = bind(json, descriptor, message, type, error);
    pthread_mutex_unlock(&json->lock);
    return status;
}

natsmicro_status nm_json_bind_any(nm_json *json, const char *url, size_t length,
                                  const nm_json_type **type, nm_error *error)
{
    size_t name = length;

    while (name > 0 && url[name - 1] != '/')
        name--;
    if (name == 0 || name == length)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "\"%.*s\" is no URL of a type, such as "
                            "\"type.googleapis.com/google.protobuf.Duration\"",
                            (int)nm_json_shown(url, length), url);
    const nm_schema_message *message =
        nm_schema_find_message(json->schema, url + name, length - name);
    if (message == NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "the schema has no type \"%.*s\", which an Any holds",
                            (int)nm_json_shown(url + name, length - name), url + name);
    const ProtobufCMessageDescriptor *descriptor;
    natsmicro_status status = nm_dynamic_descriptor(json->dynamic, message, &descriptor, error);
    if (status != NATSMICRO_OK)
        return status;
    return nm_json_bind(json, descriptor, message, type, error);
}
