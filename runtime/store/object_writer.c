/*
 * The writer of an object; see object.h.
 *
 * Chunks lie under a nuid of their own, which nobody knows before the info names it, so an object
 * is there whole or not at all. The info is stored only in place of the one that was read: of
 * several writers each knows which chunks it has to remove, those of the one that it has replaced.
 */
#include "store/object.h"

#include "base/compare.h"
#include "store/api.h"
#include "store/bucket.h"
#include "store/object_requests.h"
#include "store/sweep.h"

#include <stdlib.h>
#include <string.h>

/* What other clients take, too; a broker may take less. */
#define CHUNK_SIZE ((size_t)128 * 1024)

/* Chunks that are not acknowledged yet. */
#define MOST_UNDER_WAY 16

/* How long an acknowledgement of an info may take before it is looked for. */
#define LOOK_MS 1000

/* What is left of the time to clean up after a failure: a part of it, and at most so much. */
#define CLEANING_PART 10
#define CLEANING_MS   500

/* How long an abandoned writer may take. */
#define ABANDON_MS 1000

struct nm_object_writer {
    nm_object_place place;
    nm_exchange *exchange;
    nm_object_info info;
    nm_sha256_sum sum;
    uint8_t *chunk; /* what is not a whole one yet */
    size_t filled;
    size_t chunk_size;
    nm_error failure; /* of an earlier verb */
};

static nm_requester *requester_of(const nm_object_writer *self)
{
    return &self->place.bucket->store->requester;
}

/* ---- beginning and end ---- */

static void destroy(nm_object_writer *self)
{
    nm_exchange_free(self->exchange);
    nm_object_place_free(&self->place);
    nm_object_info_free(&self->info);
    nm_sha256_free(&self->sum);
    nm_error_free(&self->failure);
    free(self->chunk);
    free(self);
}

static natsmicro_status look_at_bucket(nm_object_writer *self, int64_t deadline, nm_error *error)
{
    nm_bucket_facts facts;
    natsmicro_status status =
        nm_bucket_know(self->place.bucket, self->place.what, deadline, &facts, error);
    if (status == NATSMICRO_OK)
        nm_sweep(self->place.bucket, deadline);
    return status;
}

static natsmicro_status begin(nm_object_writer *self, int64_t deadline, nm_error *error)
{
    natsmicro_status status = nm_requester_enter(requester_of(self), self->place.what, error);
    if (status != NATSMICRO_OK)
        return status;
    self->chunk_size = nm_smaller(CHUNK_SIZE, nm_link_max_payload(requester_of(self)->link));
    self->chunk = malloc(self->chunk_size);
    self->exchange = nm_exchange_new(requester_of(self));
    nm_sha256_begin(&self->sum);
    if (self->chunk == NULL || self->exchange == NULL || !nm_random_nuid(self->info.nuid))
        status = nm_store_fail_memory(self->place.what, error);
    if (status == NATSMICRO_OK)
        status = look_at_bucket(self, deadline, error);
    nm_requester_leave(requester_of(self));
    return status;
}

natsmicro_status nm_object_begin(nm_bucket *bucket, const char *name, int64_t deadline,
                                 nm_object_writer **writer, nm_error *error)
{
    *writer = NULL;
    nm_object_writer *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return nm_store_fail_memory(bucket->what, error);
    natsmicro_status status = nm_object_place_init(&self->place, bucket, name, error);
    if (status == NATSMICRO_OK)
        status = begin(self, deadline, error);
    if (status == NATSMICRO_OK)
        *writer = self;
    else
        destroy(self);
    return status;
}

/* ---- chunks ---- */

/* Waits until so many are under way at most. */
static natsmicro_status collect(nm_object_writer *self, size_t most, int64_t deadline,
                                nm_error *error)
{
    natsmicro_status status = NATSMICRO_OK;
    nm_answer answer = {0};
    while (status == NATSMICRO_OK && nm_exchange_under_way(self->exchange) > most) {
        status = nm_exchange_next(self->exchange, deadline, &answer, error);
        if (status == NATSMICRO_OK)
            status = nm_object_read_ack(&self->place, &answer, deadline, error);
    }
    nm_answer_free(&answer);
    return status;
}

static natsmicro_status send_chunk(nm_object_writer *self, nm_bytes chunk, int64_t deadline,
                                   nm_error *error)
{
    natsmicro_status status = collect(self, MOST_UNDER_WAY - 1, deadline, error);
    if (status != NATSMICRO_OK)
        return status;
    self->info.size += chunk.length;
    self->info.chunks++;
    nm_sha256_add(&self->sum, chunk.data, chunk.length);
    return nm_object_send_chunk(&self->place, self->exchange, self->info.nuid, chunk, error);
}

static natsmicro_status send_filled(nm_object_writer *self, int64_t deadline, nm_error *error)
{
    nm_bytes chunk = {self->chunk, self->filled};
    self->filled = 0;
    return send_chunk(self, chunk, deadline, error);
}

/* Takes what fits of the data; a whole chunk is sent from where it lies. */
static natsmicro_status take(nm_object_writer *self, nm_bytes *data, int64_t deadline,
                             nm_error *error)
{
    size_t length = nm_smaller(data->length, self->chunk_size - self->filled);
    nm_bytes part = {data->data, length};
    *data = (nm_bytes){(const uint8_t *)data->data + length, data->length - length};
    if (length == self->chunk_size)
        return send_chunk(self, part, deadline, error);
    memcpy(self->chunk + self->filled, part.data, length);
    self->filled += length;
    return self->filled < self->chunk_size ? NATSMICRO_OK : send_filled(self, deadline, error);
}

/* Enters, unless an earlier verb has failed. */
static natsmicro_status enter(nm_object_writer *self, nm_error *error)
{
    if (self->failure.status == NATSMICRO_OK)
        return nm_requester_enter(requester_of(self), self->place.what, error);
    nm_error_copy(error, &self->failure);
    return self->failure.status;
}

natsmicro_status nm_object_write(nm_object_writer *self, nm_bytes data, int64_t deadline,
                                 nm_error *error)
{
    natsmicro_status status = enter(self, error);
    if (status != NATSMICRO_OK)
        return status;
    while (status == NATSMICRO_OK && data.length > 0)
        status = take(self, &data, deadline, &self->failure);
    nm_requester_leave(requester_of(self));
    if (status != NATSMICRO_OK)
        nm_error_copy(error, &self->failure);
    return status;
}

/* ---- cleaning up ---- */

/*
 * Removes the new chunks. The broker takes a purge and chunks by different ways, so it comes after
 * all that was acknowledged; what was not may still be stored, and is looked after later.
 */
static void remove_chunks(nm_object_writer *self, int64_t deadline)
{
    if (self->info.chunks == 0)
        return;
    int64_t now = nm_now();
    int64_t middle = deadline == NM_NEVER ? nm_deadline_in(ABANDON_MS) : now + (deadline - now) / 2;
    nm_answer answer = {0};
    natsmicro_status status = NATSMICRO_OK;
    while (status == NATSMICRO_OK && nm_exchange_under_way(self->exchange) > 0)
        status = nm_exchange_next(self->exchange, middle, &answer, NULL);
    nm_answer_free(&answer);
    natsmicro_status purged = nm_object_purge(&self->place, self->info.nuid, deadline, NULL);
    if (status != NATSMICRO_OK || purged != NATSMICRO_OK)
        nm_sweep_later(&self->place, self->info.nuid);
}

static void give_up(nm_object_writer *self, int64_t deadline)
{
    if (nm_requester_enter(requester_of(self), self->place.what, NULL) == NATSMICRO_OK) {
        remove_chunks(self, deadline);
        nm_requester_leave(requester_of(self));
    }
    destroy(self);
}

void nm_object_abandon(nm_object_writer *self)
{
    give_up(self, nm_deadline_in(ABANDON_MS));
}

/* When to give up, so that there is time to clean up before the deadline. */
static int64_t before(int64_t deadline)
{
    int64_t now = nm_now();
    if (deadline == NM_NEVER || deadline <= now)
        return deadline;
    return deadline - nm_earlier((deadline - now) / CLEANING_PART, CLEANING_MS * NM_NS_PER_MS);
}

/* ---- the info ---- */

/* The storing of an info. */
typedef struct info_storing {
    nm_object_writer *writer;
    nm_bytes json;
    nm_object_info old; /* what it replaces; all zero: nothing */
    uint64_t last;      /* the sequence of that */
    bool in_doubt;      /* one was sent, and whether it is stored is not known */
    uint64_t round;     /* an acknowledgement of an earlier one may come late */
    int64_t deadline;
    nm_error *error;
} info_storing;

/* The one that was replaced is nobody's any more, but its chunks are there. */
static void remove_old(nm_object_writer *self, const nm_object_info *old, int64_t deadline)
{
    if (old->nuid[0] != '\0' && strcmp(old->nuid, self->info.nuid) != 0 &&
        nm_object_purge(&self->place, old->nuid, deadline, NULL) != NATSMICRO_OK)
        nm_sweep_later(&self->place, old->nuid);
}

/* ALREADY_EXISTS: it is stored. */
static natsmicro_status look(info_storing *self)
{
    nm_object_info found = {.size = 0};
    uint64_t sequence;
    natsmicro_status status =
        nm_object_find(&self->writer->place, self->deadline, &found, &sequence, self->error);
    if (status == NATSMICRO_OK && strcmp(found.nuid, self->writer->info.nuid) == 0) {
        nm_object_info_free(&found);
        return NATSMICRO_ALREADY_EXISTS;
    }
    if (status != NATSMICRO_OK && status != NATSMICRO_NOT_FOUND)
        return status;
    if (self->in_doubt && sequence != self->last) {
        /* One that was sent cannot be stored any more; it may have been, and been replaced. */
        self->in_doubt = false;
        remove_old(self->writer, &self->old, self->deadline);
    }
    self->last = sequence;
    nm_object_info_free(&self->old);
    self->old = found;
    return NATSMICRO_OK;
}

/* The same without a text: where it cannot be told, the wait goes on, and ends with the doubt. */
static natsmicro_status look_quietly(info_storing *self)
{
    nm_error *error = self->error;
    self->error = NULL;
    natsmicro_status status = look(self);
    self->error = error;
    return status;
}

/*
 * Waits for the acknowledgement. Where it does not come for a while it may be lost, and the info is
 * looked for. ABORTED: another one is there by now.
 */
static natsmicro_status wait(info_storing *self)
{
    nm_exchange *exchange = self->writer->exchange;
    nm_answer answer = {0};
    self->in_doubt = true;
    natsmicro_status status;
    for (;;) {
        int64_t until = nm_earlier(self->deadline, nm_deadline_in(LOOK_MS));
        status = nm_exchange_next(exchange, until, &answer, self->error);
        if (status == NATSMICRO_OK && answer.tag != self->round)
            continue;
        if (status != NATSMICRO_DEADLINE_EXCEEDED || until == self->deadline)
            break;
        status = look_quietly(self);
        if (status == NATSMICRO_ALREADY_EXISTS)
            break;
        if (!self->in_doubt)
            return NATSMICRO_ABORTED;
    }
    if (status == NATSMICRO_OK) {
        self->in_doubt = false;
        status = nm_object_read_ack(&self->writer->place, &answer, self->deadline, self->error);
    }
    nm_answer_free(&answer);
    return status;
}

static natsmicro_status store_once(info_storing *self)
{
    natsmicro_status status = look(self);
    if (status == NATSMICRO_OK)
        status = nm_object_send_info(&self->writer->place, self->writer->exchange, self->json,
                                     self->last, ++self->round, self->error);
    return status == NATSMICRO_OK ? wait(self) : status;
}

/* Another writer may be faster as often as it likes; each time one of them is done. */
static natsmicro_status store(info_storing *self)
{
    natsmicro_status status;
    do {
        status = store_once(self);
        /* UNAVAILABLE without a doubt: there is no leader for a moment. */
    } while (status == NATSMICRO_ABORTED
                 ? nm_now() < self->deadline
                 : status == NATSMICRO_UNAVAILABLE && !self->in_doubt &&
                       nm_api_wait_for_leader(self->writer->place.bucket, self->deadline));
    return status == NATSMICRO_ALREADY_EXISTS ? NATSMICRO_OK : status;
}

/* ---- the commit ---- */

static natsmicro_status send_rest(nm_object_writer *self, int64_t deadline, nm_error *error)
{
    natsmicro_status status = NATSMICRO_OK;
    if (self->filled > 0)
        status = send_filled(self, deadline, error);
    if (status == NATSMICRO_OK)
        status = collect(self, 0, deadline, error);
    if (status == NATSMICRO_OK && !nm_sha256_end(&self->sum, self->info.digest))
        status = nm_store_fail_memory(self->place.what, error);
    return status;
}

/* At the end of the time: whether it has been stored all the same. */
static natsmicro_status decide(info_storing *self, natsmicro_status failed, int64_t deadline)
{
    if (!self->in_doubt)
        return failed;
    self->deadline = deadline;
    natsmicro_status status = look_quietly(self);
    return status == NATSMICRO_ALREADY_EXISTS ? NATSMICRO_OK : failed;
}

/* Whether the new object has taken the old one's place will be seen; one of them is left over. */
static void note_both(nm_object_writer *self, const nm_object_info *old)
{
    nm_sweep_later(&self->place, self->info.nuid);
    if (old->nuid[0] != '\0')
        nm_sweep_later(&self->place, old->nuid);
}

static natsmicro_status store_info(nm_object_writer *self, int64_t deadline, nm_error *error)
{
    nm_buffer json = NM_BUFFER_INIT;
    nm_object_info_write(&json, self->place.bucket->settings->name, self->place.name, &self->info,
                         self->chunk_size);
    if (json.failed) {
        nm_buffer_free(&json);
        remove_chunks(self, deadline);
        return nm_store_fail_memory(self->place.what, error);
    }
    info_storing storing = {.writer = self,
                            .json = {json.data, json.length},
                            .deadline = before(deadline),
                            .error = error};
    natsmicro_status status = store(&storing);
    if (status != NATSMICRO_OK)
        status = decide(&storing, status, deadline);
    if (status == NATSMICRO_OK)
        remove_old(self, &storing.old, deadline);
    else if (storing.in_doubt)
        note_both(self, &storing.old);
    else
        remove_chunks(self, deadline);
    nm_object_info_free(&storing.old);
    nm_buffer_free(&json);
    return status;
}

static natsmicro_status commit(nm_object_writer *self, int64_t deadline, nm_error *error)
{
    natsmicro_status status = send_rest(self, before(deadline), error);
    if (status == NATSMICRO_OK)
        return store_info(self, deadline, error);
    remove_chunks(self, deadline);
    return status;
}

natsmicro_status nm_object_commit(nm_object_writer *self, int64_t deadline, nm_error *error)
{
    natsmicro_status status = enter(self, error);
    if (status != NATSMICRO_OK) {
        give_up(self, deadline);
        return status;
    }
    status = commit(self, deadline, error);
    nm_requester_leave(requester_of(self));
    destroy(self);
    return status;
}

/* ---- whole ---- */

natsmicro_status nm_object_put(nm_bucket *bucket, const char *name, nm_bytes value,
                               int64_t deadline, nm_error *error)
{
    nm_object_writer *writer;
    natsmicro_status status = nm_object_begin(bucket, name, deadline, &writer, error);
    if (status != NATSMICRO_OK)
        return status;
    status = nm_object_write(writer, value, before(deadline), error);
    if (status == NATSMICRO_OK)
        return nm_object_commit(writer, deadline, error);
    give_up(writer, deadline);
    return status;
}
