/*
 * Frames: see frames.h.
 */
#include "vectors/frames.h"

#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void *need(void *memory)
{
    if (memory == NULL)
        support_die("no memory");
    return memory;
}

/* ---- headers ---- */

static void add_header(wire_message *self, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    if (colon == NULL || self->header_count == MESSAGE_HEADERS)
        support_die("a header line that cannot be kept: %.*s", (int)length, line);
    header *at = &self->headers[self->header_count++];
    const char *value = colon + 1;
    while (value < line + length && *value == ' ')
        value++;
    snprintf(at->name, sizeof(at->name), "%.*s", (int)(colon - line), line);
    snprintf(at->value, sizeof(at->value), "%.*s", (int)(line + length - value), value);
}

void frames_read_headers(wire_message *self, const char *block, size_t length)
{
    const char *end = block + length;
    bool first = true;
    if (length >= sizeof(self->raw))
        support_die("a header block of %zu bytes", length);
    memcpy(self->raw, block, length);
    self->raw[length] = '\0';
    while (block < end) {
        const char *stop = block;
        while (stop + 1 < end && (stop[0] != '\r' || stop[1] != '\n'))
            stop++;
        size_t line = (size_t)(stop - block);
        if (first && line > strlen("NATS/1.0 "))
            snprintf(self->headers[self->header_count++].name, sizeof(self->headers[0].name),
                     "503"); /* the only status that these connections meet */
        else if (!first && line > 0)
            add_header(self, block, line);
        first = false;
        block = stop + 2;
    }
}

/* ---- frames ---- */

#define MOST_WORDS 6

/* Splits a protocol line in place; the words. */
static size_t split(char *line, char *words[MOST_WORDS])
{
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \t", &rest); word != NULL && count < MOST_WORDS;
         word = strtok_r(NULL, " \t", &rest))
        words[count++] = word;
    return count;
}

typedef struct shape {
    bool carries;
    bool headers;
    bool has_sid;
} shape;

static shape shape_of(const char *verb)
{
    shape all = {true, verb[0] == 'H', false};
    const char *plain = all.headers ? verb + 1 : verb;
    all.has_sid = strcmp(plain, "MSG") == 0;
    all.carries = all.has_sid || strcmp(plain, "PUB") == 0;
    return all;
}

/* One frame at the buffer's begin: how many bytes it takes, 0 when it is not complete. */
static size_t take(frames *self, frames_handler handler, void *data)
{
    const char *end = NULL;
    for (size_t i = 0; i + 1 < self->used && end == NULL; i++)
        if (self->bytes[i] == '\r' && self->bytes[i + 1] == '\n')
            end = self->bytes + i;
    if (end == NULL)
        return 0;
    size_t length = (size_t)(end - self->bytes);
    char line[1024];
    snprintf(line, sizeof(line), "%.*s", (int)length, self->bytes);
    char split_line[1024];
    strcpy(split_line, line);
    char *words[MOST_WORDS];
    size_t count = split(split_line, words);
    shape is = count > 0 ? shape_of(words[0]) : (shape){false, false, false};
    if (!is.carries) {
        handler(data, line, NULL);
        return length + 2;
    }
    /* verb subject [sid] [reply] [length of headers] length */
    size_t fixed = 3 + (is.has_sid ? 1u : 0u) + (is.headers ? 1u : 0u);
    size_t total = strtoul(words[count - 1], NULL, 10);
    size_t block = is.headers ? strtoul(words[count - 2], NULL, 10) : 0;
    size_t whole = length + 2 + total + 2;
    if (self->used < whole)
        return 0;
    wire_message message = {.payload = (const uint8_t *)end + 2 + block, .length = total - block};
    snprintf(message.subject, sizeof(message.subject), "%s", words[1]);
    if (count > fixed)
        snprintf(message.reply, sizeof(message.reply), "%s", words[is.has_sid ? 3 : 2]);
    if (is.headers)
        frames_read_headers(&message, end + 2, block);
    handler(data, line, &message);
    return whole;
}

void frames_feed(frames *self, const void *bytes, size_t length, frames_handler handler, void *data)
{
    if (self->used + length > self->capacity) {
        self->capacity = 2 * (self->used + length);
        self->bytes = need(realloc(self->bytes, self->capacity));
    }
    memcpy(self->bytes + self->used, bytes, length);
    self->used += length;
    size_t all = 0;
    char *begin = self->bytes;
    size_t taken;
    while ((taken = take(self, handler, data)) > 0) {
        self->bytes += taken;
        self->used -= taken;
        all += taken;
    }
    self->bytes = begin;
    memmove(self->bytes, self->bytes + all, self->used);
}

void frames_free(frames *self)
{
    free(self->bytes);
    memset(self, 0, sizeof(*self));
}

/* ---- mailboxes ---- */

void mailbox_init(mailbox *self)
{
    memset(self, 0, sizeof(*self));
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void mailbox_free(mailbox *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->messages[i]);
    free(self->messages);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
}

/* One block for message and payload. */
static wire_message *copy_of(const wire_message *original)
{
    wire_message *copy = need(malloc(sizeof(*copy) + original->length));
    uint8_t *payload = (uint8_t *)(copy + 1);
    *copy = *original;
    if (original->length > 0)
        memcpy(payload, original->payload, original->length);
    copy->payload = payload;
    return copy;
}

void mailbox_put(mailbox *self, const wire_message *original)
{
    wire_message *copy = copy_of(original);
    pthread_mutex_lock(&self->lock);
    if (self->count == self->capacity) {
        self->capacity = self->capacity == 0 ? 16 : 2 * self->capacity;
        self->messages = need(realloc(self->messages, self->capacity * sizeof(*self->messages)));
    }
    self->messages[self->count++] = copy;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

const wire_message *mailbox_get(mailbox *self, size_t index, int64_t timeout_ms)
{
    int64_t deadline_ms = now_ms() + timeout_ms;
    struct timespec deadline = {(time_t)(deadline_ms / 1000), (long)(deadline_ms % 1000) * 1000000};
    int error = 0;
    pthread_mutex_lock(&self->lock);
    while (self->count <= index && error == 0)
        error = pthread_cond_timedwait(&self->changed, &self->lock, &deadline);
    const wire_message *found = self->count > index ? self->messages[index] : NULL;
    pthread_mutex_unlock(&self->lock);
    return found;
}

size_t mailbox_count(mailbox *self)
{
    pthread_mutex_lock(&self->lock);
    size_t count = self->count;
    pthread_mutex_unlock(&self->lock);
    return count;
}
