/*
 * Faults: see proxy_faults.h. From the broker come lines (INFO, PING, +OK, …), and messages, which
 * are a line with their size and as many bytes:
 *
 *     MSG <subject> <sid> [reply] <size>
 *     HMSG <subject> <sid> [reply] <size of headers> <size of all>
 */
#include "support/proxy_faults.h"

#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message that waits for the next one comes after this time, if no other has come. */
#define REORDER_MS 50

/* ---- runs of bytes ---- */

void byte_run_append(byte_run *run, const void *data, size_t length)
{
    if (run->capacity - run->length < length) {
        size_t capacity = run->capacity * 2 + length;
        uint8_t *grown = realloc(run->data, capacity);
        if (grown == NULL)
            support_die("the proxy is out of memory");
        run->data = grown;
        run->capacity = capacity;
    }
    if (length > 0)
        memcpy(run->data + run->length, data, length);
    run->length += length;
}

void byte_run_drop_front(byte_run *run, size_t length)
{
    run->length -= length;
    if (run->length > 0 && length > 0)
        memmove(run->data, run->data + length, run->length);
}

void byte_run_free(byte_run *run)
{
    free(run->data);
    *run = (byte_run){NULL, 0, 0};
}

/* ---- messages ---- */

/* One message as it lies in the bytes: its line without CR LF, and what follows. */
typedef struct nats_message {
    const char *line;
    size_t line_length;
    const char *subject;
    size_t subject_length;
    size_t size_at; /* where the line's last number begins */
    size_t headers; /* bytes of the headers; 0: it has none */
    size_t size;    /* of headers and payload */
} nats_message;

static bool begins_with(const char *text, size_t length, const char *prefix)
{
    return length >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

/* Returns where the last word of the line begins. */
static size_t last_word(const char *line, size_t length)
{
    while (length > 0 && line[length - 1] != ' ')
        length--;
    return length;
}

/* Reads the line of a message. False: it is another line. */
static bool read_message(const char *line, size_t length, nats_message *message)
{
    bool has_headers = begins_with(line, length, "HMSG ");
    if (!has_headers && !begins_with(line, length, "MSG "))
        return false;
    *message = (nats_message){.line = line, .line_length = length};
    message->subject = line + (has_headers ? 5 : 4);
    const char *blank = memchr(message->subject, ' ', (size_t)(line + length - message->subject));
    if (blank == NULL)
        return false;
    message->subject_length = (size_t)(blank - message->subject);
    message->size_at = last_word(line, length);
    message->size = strtoul(line + message->size_at, NULL, 10);
    if (has_headers)
        message->headers = strtoul(line + last_word(line, message->size_at - 1), NULL, 10);
    return true;
}

static size_t whole_length(const nats_message *message)
{
    return message->line_length + 2 + message->size + 2;
}

static void append_whole(byte_run *out, const nats_message *message)
{
    byte_run_append(out, message->line, whole_length(message));
}

/* Appends the message with its payload cut to that many bytes. */
static void append_truncated(byte_run *out, const nats_message *message, size_t payload)
{
    char size[32];
    int digits = snprintf(size, sizeof(size), "%zu\r\n", message->headers + payload);
    byte_run_append(out, message->line, message->size_at);
    byte_run_append(out, size, (size_t)digits);
    byte_run_append(out, message->line + message->line_length + 2, message->headers + payload);
    byte_run_append(out, "\r\n", 2);
}

/* ---- faults ---- */

/* splitmix64. */
static uint64_t next_random(fault_plan *plan)
{
    uint64_t mixed = plan->random += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

static uint64_t random_below(fault_plan *plan, uint64_t bound)
{
    return bound == 0 ? 0 : next_random(plan) % bound;
}

static void hold(fault_stream *stream, fault_plan *plan, const nats_message *message,
                 int64_t due_ms, bool until_next)
{
    held_message *held = calloc(1, sizeof(*held));
    if (held == NULL)
        support_die("the proxy is out of memory");
    append_whole(&held->bytes, message);
    held->due_ms = due_ms;
    held->until_next = until_next;
    held_message **at = &stream->held;
    while (*at != NULL)
        at = &(*at)->next;
    *at = held;
    plan->counts.held++;
}

/* Returns whether this fault was drawn; takes its share off the drawn number. */
static bool meets(unsigned *draw, unsigned per_mille)
{
    if (*draw < per_mille)
        return true;
    *draw -= per_mille;
    return false;
}

static void pass(fault_stream *stream, fault_plan *plan, const nats_message *message, byte_run *out)
{
    const proxy_faults *faults = &plan->faults;
    unsigned draw = (unsigned)random_below(plan, 1000);
    if (plan->is_black_hole || meets(&draw, faults->drop)) {
        plan->counts.dropped++;
    } else if (meets(&draw, faults->duplicate)) {
        append_whole(out, message);
        append_whole(out, message);
        plan->counts.duplicated++;
    } else if (meets(&draw, faults->reorder)) {
        hold(stream, plan, message, now_ms() + REORDER_MS, true);
        plan->counts.reordered++;
    } else if (meets(&draw, faults->truncate)) {
        append_truncated(out, message, random_below(plan, message->size - message->headers));
        plan->counts.truncated++;
    } else if (meets(&draw, faults->delay)) {
        int64_t later = (int64_t)random_below(plan, (uint64_t)faults->max_delay_ms + 1);
        hold(stream, plan, message, now_ms() + later, false);
        plan->counts.delayed++;
    } else if (faults->latency_ms > 0) {
        /* now_ms may have cut off a part of a millisecond, and no message may come early. */
        hold(stream, plan, message, now_ms() + 1 + faults->latency_ms, false);
    } else {
        append_whole(out, message);
        plan->counts.passed++;
    }
}

static bool may_meet_faults(const fault_plan *plan, const nats_message *message)
{
    return plan->faults.subjects != NULL &&
           begins_with(message->subject, message->subject_length, plan->faults.subjects);
}

/* Releases the held messages that are due, and those that waited for another message to pass. */
static void release(fault_stream *stream, fault_plan *plan, int64_t now, bool one_has_passed,
                    byte_run *out)
{
    for (held_message **at = &stream->held; *at != NULL;) {
        held_message *held = *at;
        if (held->due_ms > now && !(one_has_passed && held->until_next)) {
            at = &held->next;
            continue;
        }
        *at = held->next;
        byte_run_append(out, held->bytes.data, held->bytes.length);
        byte_run_free(&held->bytes);
        free(held);
        plan->counts.held--;
    }
}

/*
 * Takes the line or message that begins here. Returns its length, or 0 if it is not complete yet.
 */
static size_t take_one(fault_stream *stream, fault_plan *plan, const char *at, size_t length,
                       byte_run *out)
{
    const char *newline = memchr(at, '\n', length);
    if (newline == NULL || newline == at)
        return newline == NULL ? 0 : 1;
    size_t line_length = (size_t)(newline - at) - 1;
    nats_message message;
    if (!read_message(at, line_length, &message)) {
        byte_run_append(out, at, line_length + 2);
        return line_length + 2;
    }
    if (length < whole_length(&message))
        return 0;
    if (!may_meet_faults(plan, &message)) {
        append_whole(out, &message);
        return whole_length(&message);
    }
    size_t before = out->length;
    pass(stream, plan, &message, out);
    if (out->length > before)
        release(stream, plan, 0, true, out);
    return whole_length(&message);
}

void fault_stream_take(fault_stream *stream, fault_plan *plan, const void *data, size_t length,
                       byte_run *out)
{
    byte_run_append(&stream->incomplete, data, length);
    size_t taken = 0;
    for (size_t one = 1; one > 0; taken += one)
        one = take_one(stream, plan, (const char *)stream->incomplete.data + taken,
                       stream->incomplete.length - taken, out);
    byte_run_drop_front(&stream->incomplete, taken);
}

int64_t fault_stream_release(fault_stream *stream, fault_plan *plan, byte_run *out)
{
    int64_t next = -1;
    release(stream, plan, now_ms(), false, out);
    for (const held_message *held = stream->held; held != NULL; held = held->next)
        if (next < 0 || held->due_ms < next)
            next = held->due_ms;
    return next;
}

void fault_stream_free(fault_stream *stream, fault_plan *plan)
{
    byte_run rest = {NULL, 0, 0};
    release(stream, plan, INT64_MAX, false, &rest);
    byte_run_free(&rest);
    byte_run_free(&stream->incomplete);
}
