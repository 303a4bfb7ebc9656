/*
 * Recording: see recording.h.
 */
#include "vectors/recording.h"

#include "support/process.h"
#include "support/sha256.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/vectors/golden"

static void *need(void *memory)
{
    if (memory == NULL)
        support_die("no memory");
    return memory;
}

/* ---- one message ---- */

static void copy_text(char *out, size_t size, const char *text)
{
    if (text != NULL && strlen(text) >= size)
        support_die("a recorded text is too long: %s", text);
    snprintf(out, size, "%s", text != NULL ? text : "");
}

uint8_t *recording_from_hex(const char *hex, size_t *length)
{
    *length = strlen(hex) / 2;
    uint8_t *bytes = need(malloc(*length + 1));
    for (size_t i = 0; i < *length; i++) {
        unsigned byte = 0;
        sscanf(hex + 2 * i, "%2x", &byte);
        bytes[i] = (uint8_t)byte;
    }
    return bytes;
}

/*
 * A payload of more than 4096 bytes is recorded by length, hash and first bytes: a Chunk of the
 * bytes 0, 1, … 255, 0, …, made again here. The hash says whether it is.
 */
static uint8_t *from_digest(const json_t *item, size_t *length)
{
    size_t head = 0;
    uint8_t *first =
        recording_from_hex(json_string_value(json_object_get(item, "payload_head_hex")), &head);
    *length = (size_t)json_integer_value(json_object_get(item, "payload_len"));
    uint8_t *bytes = need(malloc(*length));
    for (size_t i = 0; i < *length; i++)
        bytes[i] = i < 4 ? first[i] : (uint8_t)(i - 4);
    free(first);
    sha256_hex hex;
    sha256_of(bytes, *length, hex);
    if (strcmp(hex, json_string_value(json_object_get(item, "payload_sha256"))) != 0)
        support_die("a long payload cannot be made again");
    return bytes;
}

static void read_message(wire_message *self, const json_t *item)
{
    copy_text(self->subject, sizeof(self->subject),
              json_string_value(json_object_get(item, "subject")));
    copy_text(self->reply, sizeof(self->reply), json_string_value(json_object_get(item, "reply")));
    copy_text(self->raw, sizeof(self->raw),
              json_string_value(json_object_get(item, "headers_raw")));
    size_t index;
    json_t *pair;
    json_array_foreach(json_object_get(item, "headers"), index, pair)
    {
        header *at = &self->headers[self->header_count++];
        copy_text(at->name, sizeof(at->name), json_string_value(json_array_get(pair, 0)));
        copy_text(at->value, sizeof(at->value), json_string_value(json_array_get(pair, 1)));
    }
    const char *hex = json_string_value(json_object_get(item, "payload_hex"));
    self->payload =
        hex != NULL ? recording_from_hex(hex, &self->length) : from_digest(item, &self->length);
    self->json = json_string_value(json_object_get(item, "payload_text"));
}

/* ---- who sent it ---- */

recording_kind recording_kind_of(const char *subject)
{
    static const struct {
        const char *subject;
        recording_kind kind;
    } kinds[] = {{"lab.v1.ping", RECORDED_UNARY},
                 {"lab.v1.count_up", RECORDED_SERVER_STREAM},
                 {"lab.v1.sum", RECORDED_CLIENT_STREAM},
                 {"lab.v1.chat", RECORDED_BIDI},
                 {"lab.v1.upload", RECORDED_CLIENT_STREAM},
                 {"lab.v1.download", RECORDED_SERVER_STREAM},
                 {"labjson.v1.echo", RECORDED_UNARY},
                 {"labjson.v1.watch", RECORDED_SERVER_STREAM},
                 {"labjson.v1.gather", RECORDED_CLIENT_STREAM},
                 {"labjson.v1.talk", RECORDED_BIDI}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(subject, kinds[i].subject) == 0)
            return kinds[i].kind;
    return strncmp(subject, "$SRV.", 5) == 0 ? RECORDED_DISCOVERY : RECORDED_OTHER;
}

bool recording_is_json(const recorded_call *self)
{
    return strncmp(self->scenario, "json_", 5) == 0;
}

/* Whether a service that takes a stream named this inbox before the index-th message. */
static bool is_stream_of_caller(const recorded_call *self, size_t index)
{
    const char *subject = self->messages[index].subject;
    if (self->kind != RECORDED_CLIENT_STREAM && self->kind != RECORDED_BIDI)
        return false;
    for (size_t i = 0; i < index; i++) {
        const char *named = message_header(&self->messages[i], "Nats-Stream-Inbox");
        if (named != NULL && strcmp(named, subject) == 0)
            return true;
    }
    return false;
}

static void find_senders(recorded_call *self)
{
    self->kind = self->count == 0 ? RECORDED_NOTHING : recording_kind_of(self->messages[0].subject);
    for (size_t i = 0; i < self->count; i++)
        self->messages[i].from_caller =
            strncmp(self->messages[i].subject, "$INBOX", 6) != 0 || is_stream_of_caller(self, i);
}

/* ---- reading ---- */

static recorded_call *read_one(const char *folder, const char *file)
{
    recorded_call *self = need(calloc(1, sizeof(*self)));
    const char *to = strstr(folder, "_to_");
    char path[1024];
    snprintf(path, sizeof(path), FOLDER "/%s/%s", folder, file);
    snprintf(self->caller, sizeof(self->caller), "%.*s", (int)(to - folder), folder);
    snprintf(self->service, sizeof(self->service), "%s", to + 4);
    snprintf(self->scenario, sizeof(self->scenario), "%.*s", (int)(strlen(file) - 5), file);
    snprintf(self->name, sizeof(self->name), "%.40s/%.80s", folder, self->scenario);
    json_error_t error;
    json_t *document = json_load_file(path, 0, &error);
    if (document == NULL)
        support_die("%s: %s", path, error.text);
    self->document = document;
    if (json_array_size(document) > RECORDING_MESSAGES)
        support_die("%s has too many messages", path);
    for (size_t i = 0; i < json_array_size(document); i++)
        read_message(&self->messages[self->count++], json_array_get(document, i));
    find_senders(self);
    return self;
}

static int names_only(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

recorded_call **recording_read_all(size_t *count)
{
    recorded_call **all = NULL;
    *count = 0;
    struct dirent **folders;
    int folder_count = scandir(FOLDER, &folders, names_only, alphasort);
    if (folder_count <= 0)
        support_die("no recordings in %s: run from the project's folder", FOLDER);
    struct dirent **files;
    for (int i = 0; i < folder_count; i++) {
        char path[1024];
        snprintf(path, sizeof(path), FOLDER "/%s", folders[i]->d_name);
        int file_count = scandir(path, &files, names_only, alphasort);
        for (int j = 0; j < file_count; j++) {
            all = need(realloc(all, (*count + 1) * sizeof(*all)));
            all[(*count)++] = read_one(folders[i]->d_name, files[j]->d_name);
            free(files[j]);
        }
        free(files);
        free(folders[i]);
    }
    free(folders);
    return all;
}

void recording_free_all(recorded_call **all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < all[i]->count; j++)
            free((uint8_t *)(uintptr_t)all[i]->messages[j].payload);
        json_decref((json_t *)(uintptr_t)all[i]->document);
        free(all[i]);
    }
    free(all);
}

const recorded_call *recording_named(recorded_call *const *all, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

/* ---- editing ---- */

wire_message *recording_insert(recorded_call *self, size_t index, const wire_message *inserted)
{
    wire_message copy = *inserted; /* may be one of ours, which moves */
    if (self->count == RECORDING_MESSAGES)
        support_die("%s has too many messages", self->name);
    memmove(&self->messages[index + 1], &self->messages[index],
            (self->count - index) * sizeof(self->messages[0]));
    self->count++;
    self->messages[index] = copy;
    return &self->messages[index];
}

void recording_remove(recorded_call *self, size_t index)
{
    self->count--;
    memmove(&self->messages[index], &self->messages[index + 1],
            (self->count - index) * sizeof(self->messages[0]));
}
