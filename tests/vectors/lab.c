/*
 * Lab: see lab.h. `fail` of a Ping says how it fails; a Sum of -1 and -2 and a Chat of "fail" do,
 * too.
 */
#include "vectors/lab.h"

#include "support/scenario.h"
#include "support/sha256.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 20000

/* ---- Ping ---- */

static bool is_over(void *call)
{
    return natsmicro_call_status(call) != NATSMICRO_OK;
}

/* A handler that takes longer than its call may. */
static natsmicro_status dawdle(natsmicro_call *call)
{
    eventually(is_over, call, PATIENCE_MS);
    return natsmicro_call_status(call);
}

static natsmicro_status fail_as(natsmicro_call *call, int32_t how)
{
    switch (how) {
    case 1:
        return natsmicro_call_fail(call, NATSMICRO_NOT_FOUND, "no such thing");
    case 2:
        return natsmicro_call_fail(call, NATSMICRO_INTERNAL, "plain failure");
    case 3:
        return lab__v1__lab_server__fail_quota_exceeded(call, "quota used up");
    case 4:
        return natsmicro_call_fail(call, NATSMICRO_INTERNAL, "first line\r\nX-Injected: yes");
    case 5:
        return natsmicro_call_fail(call, NATSMICRO_NOT_FOUND,
                                   "gr\xc3\xb6\xc3\x9f"
                                   "e \xe2\x9c\x93");
    case 6:
        return natsmicro_call_fail(call, NATSMICRO_NOT_FOUND, "%s", "");
    case 7:
        natsmicro_call_set_error_data(call, "\x01\x02\x03", 3);
        return natsmicro_call_fail(call, NATSMICRO_NOT_FOUND, "see payload");
    default:
        return dawdle(call);
    }
}

static natsmicro_status ping(Lab__V1__LabServer__Ping *call, const Lab__V1__PingRequest *request,
                             void *user_data)
{
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    const char *trace = natsmicro_call_header(call->base, "X-Trace-Id");
    (void)user_data;
    if (request->fail != 0)
        return fail_as(call->base, request->fail);
    if (trace != NULL) {
        natsmicro_call_set_header(call->base, "X-Seen-Trace", trace);
        natsmicro_call_set_header(call->base, "X-Served-By", "go");
    }
    response.payload = request->payload;
    return lab__v1__lab_server__ping__reply(call, &response);
}

/* ---- streams ---- */

static natsmicro_status count_up(Lab__V1__LabServer__CountUp *call,
                                 const Lab__V1__CountUpRequest *request, void *user_data)
{
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    (void)user_data;
    for (int32_t i = 0; i < request->count; i++) {
        if (request->fail_at != 0 && i == request->fail_at)
            return natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "no more numbers");
        response.number = request->start + i;
        natsmicro_status status = lab__v1__lab_server__count_up__send(call, &response);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

static natsmicro_status sum(Lab__V1__LabServer__Sum *call, void *user_data)
{
    Lab__V1__SumResponse response = LAB__V1__SUM_RESPONSE__INIT;
    (void)user_data;
    const Lab__V1__SumRequest *request;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__sum__recv(call, &request)) == NATSMICRO_OK) {
        if (request->value == -1)
            return natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "negative value");
        if (request->value == -2)
            return natsmicro_call_fail(call->base, NATSMICRO_INTERNAL, "plain failure");
        response.total += request->value;
        response.count++;
    }
    if (status != NATSMICRO_END)
        return status;
    return lab__v1__lab_server__sum__reply(call, &response);
}

static natsmicro_status chat(Lab__V1__LabServer__Chat *call, void *user_data)
{
    (void)user_data;
    const Lab__V1__ChatMessage *message;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__chat__recv(call, &message)) == NATSMICRO_OK) {
        if (strcmp(message->text, "fail") == 0)
            return natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "no such user");
        status = lab__v1__lab_server__chat__send(call, message);
        if (status != NATSMICRO_OK)
            return status;
    }
    return status;
}

static natsmicro_status upload(Lab__V1__LabServer__Upload *call, void *user_data)
{
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    (void)user_data;
    sha256 hash;
    sha256_begin(&hash);
    const Lab__V1__Chunk *chunk;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__upload__recv(call, &chunk)) == NATSMICRO_OK) {
        sha256_add(&hash, chunk->data.data, chunk->data.len);
        result.size += (int64_t)chunk->data.len;
    }
    sha256_hex hex;
    sha256_end(&hash, hex);
    if (status != NATSMICRO_END)
        return status;
    result.sha256 = hex;
    return lab__v1__lab_server__upload__reply(call, &result);
}

static natsmicro_status download(Lab__V1__LabServer__Download *call,
                                 const Lab__V1__DownloadRequest *request, void *user_data)
{
    natsmicro_status status = NATSMICRO_OK;
    uint8_t *bytes = malloc(request->chunk > 0 ? (size_t)request->chunk : 1);
    (void)user_data;
    if (bytes == NULL || request->chunk <= 0) {
        free(bytes);
        return natsmicro_call_fail(call->base, NATSMICRO_INVALID_ARGUMENT, "no chunk");
    }
    for (int64_t sent = 0; sent < request->size && status == NATSMICRO_OK;) {
        Lab__V1__Chunk chunk = LAB__V1__CHUNK__INIT;
        int64_t rest = request->size - sent;
        chunk.data.data = bytes;
        chunk.data.len = (size_t)(rest < request->chunk ? rest : request->chunk);
        for (size_t i = 0; i < chunk.data.len; i++)
            bytes[i] = (uint8_t)((size_t)sent + i);
        status = lab__v1__lab_server__download__send(call, &chunk);
        sent += (int64_t)chunk.data.len;
    }
    free(bytes);
    return status;
}

const Lab__V1__LabHandlers lab_as_recorded = {.ping = ping,
                                              .count_up = count_up,
                                              .sum = sum,
                                              .chat = chat,
                                              .upload = upload,
                                              .download = download};
