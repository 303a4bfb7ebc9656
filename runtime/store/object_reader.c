/*
 * The reader of an object; see object.h.
 *
 * Which sequences the chunks of an object have is not known before they are read: other writers'
 * messages may lie between them. A question names a sequence, and the answer is the first chunk
 * that has it or a higher one. Several questions are under way, for sequences that follow each
 * other: where the chunks do, each brings another one. Where they do not, some bring one that is
 * here already, and fewer are asked.
 */
#include "store/object.h"

#include "base/compare.h"
#include "store/bucket.h"
#include "store/object_requests.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MOST_UNDER_WAY 16

/* Of chunks that are larger than those of most clients fewer are under way. */
#define MOST_BYTES_UNDER_WAY ((size_t)MOST_UNDER_WAY * 128 * 1024)

/*
 * How long an answer may take before it is asked whether the bucket is there, and is still read
 * directly: nats-server 2.9 does not answer otherwise.
 */
#define LOOK_MS 1000

/* A chunk that was asked for. */
typedef struct asked_chunk {
    uint64_t sequence;
    bool answered;
    nm_answer answer;
} asked_chunk;

struct nm_object_reader {
    nm_object_place place;
    nm_bucket *linked; /* owned; another bucket, that a link leads to, or NULL */
    natsmicro_stub_bucket linked_settings;
    char linked_name[NM_BUCKET_LIMIT + 1];
    nm_exchange *exchange;
    nm_object_info info;
    nm_sha256_sum sum;
    bool direct;
    uint64_t read;                     /* bytes of the object */
    uint64_t from;                     /* the next chunk has this sequence or a higher one */
    uint64_t ask;                      /* the sequence to ask for next */
    size_t window;                     /* how many may be under way */
    size_t expected;                   /* bytes of a chunk */
    asked_chunk asked[MOST_UNDER_WAY]; /* a ring, in the order of their sequences */
    size_t first;
    size_t count;
    nm_stored stored; /* the chunk that is the caller's */
    nm_bytes chunk;   /* that open has read; no data: none */
    nm_error end;     /* how it has ended: END, or a failure */
};

static nm_requester *requester_of(const nm_object_reader *self)
{
    return &self->place.bucket->store->requester;
}

/* ---- what is under way ---- */

static void drop_asked(nm_object_reader *self)
{
    for (size_t i = 0; i < MOST_UNDER_WAY; i++) {
        nm_answer_free(&self->asked[i].answer);
        self->asked[i].answered = false;
    }
    self->first = self->count = 0;
    nm_exchange_free(self->exchange);
    self->exchange = NULL;
}

/* Asks for the chunks anew, from the next on. */
static natsmicro_status ask_anew(nm_object_reader *self, bool direct, nm_error *error)
{
    drop_asked(self);
    self->direct = direct;
    self->ask = self->from;
    self->exchange = nm_exchange_new(requester_of(self));
    return self->exchange != NULL ? NATSMICRO_OK : nm_store_fail_memory(self->place.what, error);
}

static bool wants_more(const nm_object_reader *self)
{
    uint64_t under_way = (uint64_t)self->count * self->expected;
    return self->count < self->window && self->read + under_way < self->info.size;
}

static natsmicro_status ask(nm_object_reader *self, nm_error *error)
{
    natsmicro_status status = NATSMICRO_OK;
    while (status == NATSMICRO_OK && wants_more(self)) {
        status = nm_object_ask_chunk(&self->place, self->exchange, self->info.nuid, self->ask,
                                     self->direct, error);
        if (status != NATSMICRO_OK)
            break;
        asked_chunk *one = &self->asked[(self->first + self->count++) % MOST_UNDER_WAY];
        one->sequence = self->ask++;
        one->answered = false;
    }
    return status;
}

/* Keeps an answer with its question. */
static void keep(nm_object_reader *self, nm_answer *answer)
{
    for (size_t i = 0; i < self->count; i++) {
        asked_chunk *one = &self->asked[(self->first + i) % MOST_UNDER_WAY];
        if (one->sequence != answer->tag)
            continue;
        one->answer = *answer;
        one->answered = true;
        return;
    }
    nm_answer_free(answer);
}

/* Nobody has answered for a while: whether the bucket is there, and is read directly. */
static natsmicro_status look_at_bucket(nm_object_reader *self, int64_t deadline, nm_error *error)
{
    nm_bucket_forget(self->place.bucket);
    nm_bucket_facts facts;
    natsmicro_status status =
        nm_bucket_know(self->place.bucket, self->place.what, deadline, &facts, error);
    if (status != NATSMICRO_OK || facts.allow_direct || !self->direct)
        return status;
    status = ask_anew(self, false, error);
    return status == NATSMICRO_OK ? ask(self, error) : status;
}

/* Waits until the first of what was asked is answered. */
static natsmicro_status wait(nm_object_reader *self, int64_t deadline, nm_error *error)
{
    while (!self->asked[self->first].answered) {
        int64_t until = nm_earlier(deadline, nm_deadline_in(LOOK_MS));
        nm_answer answer = {0};
        natsmicro_status status = nm_exchange_next(self->exchange, until, &answer, error);
        if (status == NATSMICRO_OK)
            keep(self, &answer);
        else if (status == NATSMICRO_DEADLINE_EXCEEDED && until < deadline)
            status = look_at_bucket(self, deadline, error);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

/* ---- chunks ---- */

static void adapt(nm_object_reader *self, bool followed, size_t length)
{
    self->window = followed ? self->window + 1 : nm_larger(self->window / 2, 1);
    if (length > 0) {
        self->expected = length;
        self->window = nm_smaller(self->window, nm_larger(MOST_BYTES_UNDER_WAY / length, 1));
    }
    self->window = nm_smaller(self->window, MOST_UNDER_WAY);
}

/* The next chunk, or WOULD_BLOCK: that was one that is here already. */
static natsmicro_status take(nm_object_reader *self, int64_t deadline, nm_bytes *chunk,
                             nm_error *error)
{
    asked_chunk *one = &self->asked[self->first];
    nm_stored_free(&self->stored);
    self->stored.answer = one->answer;
    one->answer = (nm_answer){0};
    one->answered = false;
    self->first = (self->first + 1) % MOST_UNDER_WAY;
    self->count--;
    natsmicro_status status =
        nm_object_read_chunk(&self->place, &self->stored, self->direct, deadline, error);
    if (status != NATSMICRO_OK)
        return status;
    const uint64_t sequence = self->stored.sequence;
    *chunk = self->stored.payload;
    bool is_new = sequence >= self->from;
    adapt(self, is_new && sequence == one->sequence, is_new ? chunk->length : 0);
    if (!is_new)
        return NATSMICRO_WOULD_BLOCK;
    self->from = sequence + 1;
    if (self->ask < self->from)
        self->ask = self->from;
    return NATSMICRO_OK;
}

static natsmicro_status fail_size(nm_object_reader *self, const char *more, nm_error *error)
{
    return nm_error_set(error, NATSMICRO_DATA_LOSS,
                        "%s: its info says that it has %" PRIu64 " bytes, and its chunks have %s"
                        "%" PRIu64,
                        self->place.what, self->info.size, more, self->read);
}

/*
 * The chunk is not there. Of a server that is behind the leader that says nothing; else the object
 * was replaced or removed meanwhile, or the chunk is lost. WOULD_BLOCK: it is asked for again.
 */
static natsmicro_status look_for_missing(nm_object_reader *self, int64_t deadline, nm_error *error)
{
    if (self->direct) {
        natsmicro_status status = ask_anew(self, false, error);
        return status == NATSMICRO_OK ? NATSMICRO_WOULD_BLOCK : status;
    }
    nm_object_info now = {.size = 0};
    uint64_t sequence;
    natsmicro_status status = nm_object_find(&self->place, deadline, &now, &sequence, error);
    bool is_same = status == NATSMICRO_OK && strcmp(now.nuid, self->info.nuid) == 0 && !now.deleted;
    nm_object_info_free(&now);
    if (status != NATSMICRO_OK && status != NATSMICRO_NOT_FOUND)
        return status;
    if (is_same)
        return fail_size(self, "only ", error);
    return nm_error_set(error, NATSMICRO_ABORTED,
                        "%s: it was replaced or removed while it was read", self->place.what);
}

static natsmicro_status next(nm_object_reader *self, int64_t deadline, nm_bytes *chunk,
                             nm_error *error)
{
    natsmicro_status status;
    do {
        status = ask(self, error);
        if (status == NATSMICRO_OK)
            status = wait(self, deadline, error);
        if (status == NATSMICRO_OK)
            status = take(self, deadline, chunk, error);
        if (status == NATSMICRO_NOT_FOUND)
            status = look_for_missing(self, deadline, error);
    } while (status == NATSMICRO_WOULD_BLOCK || (status == NATSMICRO_OK && chunk->length == 0));
    if (status != NATSMICRO_OK)
        return status;
    self->read += chunk->length;
    nm_sha256_add(&self->sum, chunk->data, chunk->length);
    return self->read <= self->info.size ? NATSMICRO_OK : fail_size(self, "at least ", error);
}

/* ---- the end ---- */

static natsmicro_status check_digest(nm_object_reader *self, nm_error *error)
{
    uint8_t digest[NM_SHA256_BYTES];
    if (!nm_sha256_end(&self->sum, digest))
        return nm_store_fail_memory(self->place.what, error);
    if (!self->info.has_digest && self->info.size == 0)
        return NATSMICRO_END; /* others leave it out there */
    if (!self->info.has_digest)
        return nm_error_set(error, NATSMICRO_DATA_LOSS,
                            "%s: its info has no SHA-256 to check its bytes with",
                            self->place.what);
    if (memcmp(digest, self->info.digest, sizeof(digest)) != 0)
        return nm_error_set(error, NATSMICRO_DATA_LOSS,
                            "%s: the SHA-256 of its bytes is another one than its info says",
                            self->place.what);
    return NATSMICRO_END;
}

static natsmicro_status read_on(nm_object_reader *self, int64_t deadline, nm_bytes *chunk,
                                nm_error *error)
{
    if (self->chunk.length > 0) {
        *chunk = self->chunk;
        self->chunk = (nm_bytes){NULL, 0};
        return NATSMICRO_OK;
    }
    if (self->read < self->info.size)
        return next(self, deadline, chunk, error);
    drop_asked(self);
    return check_digest(self, error);
}

natsmicro_status nm_object_read(nm_object_reader *self, int64_t deadline, nm_bytes *chunk,
                                nm_error *error)
{
    *chunk = (nm_bytes){NULL, 0};
    if (self->end.status != NATSMICRO_OK) {
        nm_error_copy(error, &self->end);
        return self->end.status;
    }
    natsmicro_status status = nm_requester_enter(requester_of(self), self->place.what, error);
    if (status != NATSMICRO_OK)
        return status;
    status = read_on(self, deadline, chunk, &self->end);
    nm_requester_leave(requester_of(self));
    if (status == NATSMICRO_OK)
        return status;
    *chunk = (nm_bytes){NULL, 0};
    if (status == NATSMICRO_END)
        self->end.status = status;
    else
        nm_error_copy(error, &self->end);
    if (status == NATSMICRO_DEADLINE_EXCEEDED) /* the next read may have more time */
        nm_error_free(&self->end);
    return status;
}

/* ---- opening ---- */

uint64_t nm_object_size(const nm_object_reader *self)
{
    return self->info.size;
}

static natsmicro_status fail_link(const nm_object_place *place, const char *to, nm_error *error)
{
    return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION, "%s: it is a link to %s", place->what,
                        to);
}

/* Takes the place that the link leads to. */
static natsmicro_status follow(nm_object_reader *self, nm_error *error)
{
    nm_object_place from = self->place;
    nm_bucket *bucket = from.bucket;
    if (self->info.link_name == NULL)
        return fail_link(&from, "a whole bucket", error);
    if (strcmp(self->info.link_bucket, bucket->settings->name) != 0) {
        strcpy(self->linked_name, self->info.link_bucket);
        self->linked_settings =
            (natsmicro_stub_bucket){.kind = NATSMICRO_STORE_OBJECT, .name = self->linked_name};
        bucket = self->linked = nm_bucket_new(from.bucket->store, &self->linked_settings);
    }
    if (bucket == NULL)
        return nm_store_fail_memory(from.what, error);
    nm_object_place to;
    natsmicro_status status = nm_object_place_init(&to, bucket, self->info.link_name, error);
    if (status != NATSMICRO_OK)
        return status;
    nm_object_place_free(&from);
    self->place = to;
    return NATSMICRO_OK;
}

static natsmicro_status find(nm_object_reader *self, int64_t deadline, nm_error *error)
{
    uint64_t sequence;
    natsmicro_status status = nm_object_find(&self->place, deadline, &self->info, &sequence, error);
    if (status == NATSMICRO_OK && self->info.deleted)
        return nm_error_set(error, NATSMICRO_NOT_FOUND, "%s: it was deleted", self->place.what);
    if (status == NATSMICRO_OK && self->info.nuid[0] == '\0' && !self->info.is_link)
        return nm_error_set(error, NATSMICRO_INTERNAL,
                            "%s: its info cannot be read: it has no nuid", self->place.what);
    return status;
}

static natsmicro_status find_object(nm_object_reader *self, int64_t deadline, nm_error *error)
{
    natsmicro_status status = find(self, deadline, error);
    if (status != NATSMICRO_OK || !self->info.is_link)
        return status;
    status = follow(self, error);
    if (status == NATSMICRO_OK)
        status = find(self, deadline, error);
    if (status == NATSMICRO_OK && self->info.is_link)
        return fail_link(&self->place, "a link, and the second one", error);
    return status;
}

/* How many may be under way where chunks follow each other. */
static size_t widest(const nm_object_reader *self)
{
    return nm_smaller(MOST_UNDER_WAY, nm_larger(MOST_BYTES_UNDER_WAY / self->expected, 1));
}

/*
 * Reads the first chunk, too: an object that is replaced before that is read anew. Only one is
 * asked for, because nothing is known of its sequence.
 */
static natsmicro_status read_first(nm_object_reader *self, int64_t deadline, nm_error *error)
{
    nm_bucket_facts facts;
    natsmicro_status status =
        nm_bucket_know(self->place.bucket, self->place.what, deadline, &facts, error);
    if (status != NATSMICRO_OK)
        return status;
    nm_sha256_begin(&self->sum);
    self->from = 1;
    self->window = 1;
    self->expected = 1;
    status = ask_anew(self, facts.allow_direct, error);
    if (status != NATSMICRO_OK || self->info.size == 0)
        return status;
    status = next(self, deadline, &self->chunk, error);
    self->window = widest(self);
    return status;
}

static natsmicro_status open(nm_object_reader *self, int64_t deadline, nm_error *error)
{
    nm_requester *requester = requester_of(self);
    natsmicro_status status = nm_requester_enter(requester, self->place.what, error);
    if (status != NATSMICRO_OK)
        return status;
    status = find_object(self, deadline, error);
    if (status == NATSMICRO_OK)
        status = read_first(self, deadline, error);
    nm_requester_leave(requester);
    return status;
}

static natsmicro_status open_once(nm_bucket *bucket, const char *name, int64_t deadline,
                                  nm_object_reader **reader, nm_error *error)
{
    nm_object_reader *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return nm_store_fail_memory(bucket->what, error);
    natsmicro_status status = nm_object_place_init(&self->place, bucket, name, error);
    if (status == NATSMICRO_OK)
        status = open(self, deadline, error);
    if (status == NATSMICRO_OK)
        *reader = self;
    else
        nm_object_close(self);
    return status;
}

natsmicro_status nm_object_open(nm_bucket *bucket, const char *name, int64_t deadline,
                                nm_object_reader **reader, nm_error *error)
{
    *reader = NULL;
    natsmicro_status status;
    do
        status = open_once(bucket, name, deadline, reader, error);
    while (status == NATSMICRO_ABORTED && nm_now() < deadline);
    return status;
}

void nm_object_close(nm_object_reader *self)
{
    drop_asked(self);
    nm_stored_free(&self->stored);
    nm_object_info_free(&self->info);
    nm_object_place_free(&self->place);
    nm_sha256_free(&self->sum);
    nm_error_free(&self->end);
    if (self->linked != NULL)
        nm_bucket_free(self->linked);
    free(self);
}

/* ---- whole ---- */

static natsmicro_status get(nm_object_reader *reader, size_t limit, int64_t deadline,
                            nm_buffer *value, nm_error *error)
{
    if (reader->info.size > limit)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: it has %" PRIu64 " bytes, more than the %zu that are taken",
                            reader->place.what, reader->info.size, limit);
    for (;;) {
        nm_bytes chunk;
        natsmicro_status status = nm_object_read(reader, deadline, &chunk, error);
        if (status != NATSMICRO_OK)
            return status == NATSMICRO_END ? NATSMICRO_OK : status;
        nm_buffer_append(value, chunk.data, chunk.length);
        if (value->failed)
            return nm_store_fail_memory(reader->place.what, error);
    }
}

natsmicro_status nm_object_get(nm_bucket *bucket, const char *name, size_t limit, int64_t deadline,
                               nm_buffer *value, nm_error *error)
{
    size_t start = value->length;
    for (;;) {
        nm_object_reader *reader;
        natsmicro_status status = nm_object_open(bucket, name, deadline, &reader, error);
        if (status != NATSMICRO_OK)
            return status;
        status = get(reader, limit, deadline, value, error);
        nm_object_close(reader);
        if (status == NATSMICRO_OK)
            return status;
        value->length = start;
        if (status != NATSMICRO_ABORTED || nm_now() >= deadline)
            return status;
    }
}
