/*
 * See traffic.h.
 */
#include "integration/traffic.h"

#include "integration/blobs.h"

#include <stdio.h>
#include <string.h>

#define CHUNK ((size_t)16 * 1024)

/* What is sent between two pauses. Full speed would only measure the machine. */
#define CHUNKS_IN_A_ROW   8
#define MESSAGES_IN_A_ROW 64

/* More than the window and what frames and pipes hold. */
#define MUCH_BYTES    (2 * (uint64_t)TRAFFIC_WINDOW_BYTES)
#define MUCH_MESSAGES (2 * (uint64_t)TRAFFIC_WINDOW_MESSAGES)

/* Between what comes in a row. */
#define PAUSE_MS 2

/* ---- content ---- */

/* The eight bytes at a place of a blob. */
static uint64_t word_at(uint64_t place)
{
    return (place + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static natsmicro_status read_blob(void *user_data, void *buffer, size_t size, size_t *length)
{
    traffic *self = user_data;
    uint64_t place = self->sent.amount;
    *length = 0;
    if (atomic_load(&self->stop))
        return NATSMICRO_OK;
    if (place / CHUNK % CHUNKS_IN_A_ROW == 0)
        pass_ms(PAUSE_MS);
    *length = size - size % sizeof(uint64_t);
    for (size_t i = 0; i < *length; i += sizeof(uint64_t)) {
        uint64_t word = word_at(place + i);
        memcpy((uint8_t *)buffer + i, &word, sizeof(word));
    }
    self->sent.digest = hash_more(self->sent.digest, buffer, *length);
    atomic_fetch_add(&self->sent.amount, *length);
    return NATSMICRO_OK;
}

/* A chunk is a whole number of words. */
static natsmicro_status write_blob(void *user_data, const void *data, size_t length)
{
    traffic *self = user_data;
    uint64_t place = self->received.amount;
    for (size_t i = 0; i + sizeof(uint64_t) <= length; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, (const uint8_t *)data + i, sizeof(word));
        self->received.is_broken |= word != word_at(place + i);
    }
    self->received.digest = hash_more(self->received.digest, data, length);
    atomic_fetch_add(&self->received.amount, length);
    return NATSMICRO_OK;
}

/* The next number to be sent, from 0 on. False: it is time to stop. */
static bool next_number(traffic *self, uint64_t *number)
{
    *number = self->sent.amount;
    if (atomic_load(&self->stop))
        return false;
    if (*number % MESSAGES_IN_A_ROW == 0)
        pass_ms(PAUSE_MS);
    return true;
}

static void note_sent(traffic *self, uint64_t number)
{
    self->sent.digest = hash_more(self->sent.digest, &number, sizeof(number));
    atomic_fetch_add(&self->sent.amount, 1);
}

static void note_received(traffic *self, uint64_t number)
{
    self->received.is_broken |= number != self->received.amount;
    self->received.digest = hash_more(self->received.digest, &number, sizeof(number));
    atomic_fetch_add(&self->received.amount, 1);
}

/* ---- the service ---- */

static natsmicro_status leave(traffic *self, natsmicro_status status)
{
    self->service_status = status;
    latch_open(&self->handled);
    return status;
}

static natsmicro_status upload(Lab__V1__LabServer__Upload *call, void *user_data)
{
    traffic *self = &((traffic_lanes *)user_data)->lanes[TRAFFIC_UPLOAD];
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    natsmicro_status status =
        lab__v1__lab_server__upload__recv_to_writer(call, write_blob, self, NULL, NULL);
    if (status == NATSMICRO_OK)
        status = lab__v1__lab_server__upload__reply(call, &result);
    return leave(self, status);
}

static natsmicro_status download(Lab__V1__LabServer__Download *call,
                                 const Lab__V1__DownloadRequest *request, void *user_data)
{
    traffic *self = &((traffic_lanes *)user_data)->lanes[TRAFFIC_DOWNLOAD];
    (void)request;
    return leave(
        self, lab__v1__lab_server__download__send_reader(call, read_blob, self, CHUNK, NULL, NULL));
}

static natsmicro_status sum(Lab__V1__LabServer__Sum *call, void *user_data)
{
    traffic *self = &((traffic_lanes *)user_data)->lanes[TRAFFIC_SUM];
    Lab__V1__SumResponse response = LAB__V1__SUM_RESPONSE__INIT;
    const Lab__V1__SumRequest *request;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__sum__recv(call, &request)) == NATSMICRO_OK)
        note_received(self, (uint64_t)request->value);
    if (status == NATSMICRO_END)
        status = lab__v1__lab_server__sum__reply(call, &response);
    return leave(self, status);
}

static natsmicro_status count_up(Lab__V1__LabServer__CountUp *call,
                                 const Lab__V1__CountUpRequest *request, void *user_data)
{
    traffic *self = &((traffic_lanes *)user_data)->lanes[TRAFFIC_COUNT];
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    natsmicro_status status = NATSMICRO_OK;
    (void)request;
    for (uint64_t number; status == NATSMICRO_OK && next_number(self, &number);) {
        response.number = (int32_t)number;
        status = lab__v1__lab_server__count_up__send(call, &response);
        if (status == NATSMICRO_OK)
            note_sent(self, number);
    }
    return leave(self, status);
}

const Lab__V1__LabHandlers traffic_handlers = {
    .upload = upload,
    .download = download,
    .sum = sum,
    .count_up = count_up,
};

/* ---- the caller ---- */

/* Notes how a call fared, before it is closed. */
static void note_end(traffic *self, natsmicro_call *call)
{
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(call, &metrics);
    self->is_reliable = metrics.reliable;
    self->retransmitted = metrics.retransmitted;
    if (self->status != NATSMICRO_OK)
        snprintf(self->text, sizeof(self->text), "%s", natsmicro_call_error_message(call));
}

static void call_upload(traffic *self)
{
    Lab__V1__UploadResult *result = NULL;
    Lab__V1__LabClient__Upload *call;
    self->status = lab__v1__lab_client__upload(self->client, NULL, &call);
    if (self->status != NATSMICRO_OK)
        return;
    self->status =
        lab__v1__lab_client__upload__send_reader(call, read_blob, self, CHUNK, NULL, NULL);
    if (self->status == NATSMICRO_OK)
        self->status = lab__v1__lab_client__upload__close_and_recv(call, &result);
    note_end(self, call->base);
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
}

static void call_download(traffic *self)
{
    Lab__V1__DownloadRequest request = LAB__V1__DOWNLOAD_REQUEST__INIT;
    Lab__V1__LabClient__Download *call;
    self->status = lab__v1__lab_client__download(self->client, &request, NULL, &call);
    if (self->status != NATSMICRO_OK)
        return;
    self->status =
        lab__v1__lab_client__download__recv_to_writer(call, write_blob, self, NULL, NULL);
    note_end(self, call->base);
    lab__v1__lab_client__download__close(call);
}

static void call_sum(traffic *self)
{
    Lab__V1__SumResponse *response = NULL;
    Lab__V1__LabClient__Sum *call;
    self->status = lab__v1__lab_client__sum(self->client, NULL, &call);
    if (self->status != NATSMICRO_OK)
        return;
    for (uint64_t number; self->status == NATSMICRO_OK && next_number(self, &number);) {
        self->status = lab_sum_send(call, (int64_t)number);
        if (self->status == NATSMICRO_OK)
            note_sent(self, number);
    }
    if (self->status == NATSMICRO_OK || self->status == NATSMICRO_END)
        self->status = lab__v1__lab_client__sum__close_and_recv(call, &response);
    note_end(self, call->base);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
}

static void call_count_up(traffic *self)
{
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    Lab__V1__LabClient__CountUp *call;
    self->status = lab__v1__lab_client__count_up(self->client, &request, NULL, &call);
    if (self->status != NATSMICRO_OK)
        return;
    const Lab__V1__CountUpResponse *response;
    while ((self->status = lab__v1__lab_client__count_up__recv(call, &response)) == NATSMICRO_OK)
        note_received(self, (uint64_t)response->number);
    if (self->status == NATSMICRO_END)
        self->status = NATSMICRO_OK;
    note_end(self, call->base);
    lab__v1__lab_client__count_up__close(call);
}

static void *run(void *data)
{
    static void (*const calls[TRAFFIC_KINDS])(traffic *) = {call_upload, call_download, call_sum,
                                                            call_count_up};
    traffic *self = data;
    calls[self->kind](self);
    latch_open(&self->done);
    return NULL;
}

/* ---- what tests call ---- */

void traffic_init(traffic_lanes *self)
{
    memset(self, 0, sizeof(*self));
    for (int i = 0; i < TRAFFIC_KINDS; i++) {
        self->lanes[i].kind = (traffic_kind)i;
        self->lanes[i].sent.digest = self->lanes[i].received.digest = HASH_BEGIN;
        latch_init(&self->lanes[i].handled);
        latch_init(&self->lanes[i].done);
    }
}

void traffic_destroy(traffic_lanes *self)
{
    for (int i = 0; i < TRAFFIC_KINDS; i++) {
        latch_destroy(&self->lanes[i].handled);
        latch_destroy(&self->lanes[i].done);
    }
}

void traffic_start(traffic_lanes *self, traffic_kind kind, Lab__V1__LabClient *client)
{
    traffic *lane = &self->lanes[kind];
    lane->client = client;
    atomic_store(&lane->is_running, true);
    assert_int_equal(0, pthread_create(&lane->thread, NULL, run, lane));
}

void traffic_start_all(traffic_lanes *self, Lab__V1__LabClient *client)
{
    for (int i = 0; i < TRAFFIC_KINDS; i++)
        traffic_start(self, (traffic_kind)i, client);
}

static uint64_t much(traffic_kind kind)
{
    return kind == TRAFFIC_UPLOAD || kind == TRAFFIC_DOWNLOAD ? MUCH_BYTES : MUCH_MESSAGES;
}

static void assert_ended_well(const traffic *self)
{
    if (self->status != NATSMICRO_OK)
        fail_msg("stream %d ended: %s (the handler: %s)", self->kind, self->text,
                 natsmicro_status_name(self->service_status));
}

void traffic_wait_for_more(traffic_lanes *self, int64_t timeout_ms)
{
    int64_t deadline = now_ms() + timeout_ms;
    uint64_t targets[TRAFFIC_KINDS];
    for (int i = 0; i < TRAFFIC_KINDS; i++)
        targets[i] = self->lanes[i].received.amount + much((traffic_kind)i);
    for (int i = 0; i < TRAFFIC_KINDS; i++) {
        traffic *lane = &self->lanes[i];
        while (atomic_load(&lane->is_running) && lane->received.amount < targets[i]) {
            if (latch_count(&lane->done) > 0)
                assert_ended_well(lane);
            if (now_ms() >= deadline)
                fail_msg("stream %d stands still at %llu", i,
                         (unsigned long long)lane->received.amount);
            pass_ms(PAUSE_MS);
        }
    }
}

/* A sender that sends nothing for so long waits for its window: else it pauses for 2 ms at most. */
#define HELD_UP_MS 300

void traffic_wait_until_held_up(traffic_lanes *self, int64_t timeout_ms)
{
    int64_t deadline = now_ms() + timeout_ms;
    for (int i = 0; i < TRAFFIC_KINDS; i++) {
        traffic *lane = &self->lanes[i];
        uint64_t sent = lane->sent.amount;
        int64_t since = now_ms();
        while (atomic_load(&lane->is_running) && now_ms() - since < HELD_UP_MS) {
            if (now_ms() >= deadline)
                fail_msg("stream %d is not held up", i);
            pass_ms(PAUSE_MS);
            if (lane->sent.amount != sent)
                since = now_ms();
            sent = lane->sent.amount;
        }
    }
}

natsmicro_status traffic_wait_for_end(traffic *self, int64_t timeout_ms)
{
    assert_true(latch_wait(&self->done, timeout_ms));
    if (atomic_exchange(&self->is_running, false))
        pthread_join(self->thread, NULL);
    return self->status;
}

void traffic_stop(traffic_lanes *self)
{
    for (int i = 0; i < TRAFFIC_KINDS; i++)
        atomic_store(&self->lanes[i].stop, true);
    for (int i = 0; i < TRAFFIC_KINDS; i++) {
        traffic *lane = &self->lanes[i];
        if (!atomic_load(&lane->is_running))
            continue;
        traffic_wait_for_end(lane, 60000);
        assert_ended_well(lane);
        assert_true(latch_wait(&lane->handled, LAB_PATIENCE));
        assert_true(lane->is_reliable);
        assert_false(lane->received.is_broken);
        assert_int_equal(lane->sent.amount, lane->received.amount);
        assert_true(lane->sent.digest == lane->received.digest);
    }
}
