/*
 * Program: what protobuf's conformance runner tests. It reads requests from standard input, and
 * writes an answer to each to standard output, both after their lengths in four bytes, the low one
 * first. Messages go through the codec and the JSON reader and writer as those of calls do.
 *
 * BUILD names the build folder, where protoc's descriptors of the messages are. CONFORMANCE_TYPES
 * is `generated`, or `dynamic`: the types are made from these descriptors. They are no arguments,
 * because not every runner passes those on as they are.
 *
 * Skipped: proto2 (protoc-gen-c cannot make its test messages, which have groups), and the formats
 * that this library does not have.
 */
#include "codec/codec.h"
#include "conformance/direct.h"
#include "conformance/json.h"

#include "conformance.pb-c.h"
#include "google/protobuf/test_messages_proto3.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef Conformance__ConformanceRequest conformance_request;
typedef Conformance__ConformanceResponse conformance_response;

#define REQUEST  (&conformance__conformance_request__descriptor)
#define RESPONSE (&conformance__conformance_response__descriptor)
#define TESTED   (&protobuf_test_messages__proto3__test_all_types_proto3__descriptor)

/* As calls have them. */
static const nm_codec_limits limits = {NM_DEFAULT_MAX_DEPTH, (size_t)64 << 20};

/* The memory of one request and its answer, and what lasts for all. */
typedef struct program {
    nm_plan *plan;
    nm_plan *direct_plan;
    conformance_json json;
    nm_arena request;
    nm_arena message;
    nm_buffer output;
    nm_error error;
} program;

/* ---- requests and answers on standard input and output ---- */

static void give_up(const char *why)
{
    fprintf(stderr, "conformance: %s\n", why);
    exit(EXIT_FAILURE);
}

/* Reads a request into the buffer. False at the end of input. */
static bool read_request(nm_buffer *buffer)
{
    uint8_t header[4];

    if (fread(header, 1, sizeof(header), stdin) != sizeof(header))
        return false;
    size_t length =
        header[0] | (size_t)header[1] << 8 | (size_t)header[2] << 16 | (size_t)header[3] << 24;
    nm_buffer_reset(buffer);
    uint8_t *room = nm_buffer_reserve(buffer, length);
    if (room == NULL)
        give_up("no memory for a request");
    if (fread(room, 1, length, stdin) != length)
        give_up("a request that ends too early");
    buffer->length = length;
    return true;
}

static void write_answer(const conformance_response *response)
{
    nm_buffer buffer = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;

    if (nm_encode(RESPONSE, response, &buffer, &error) != NATSMICRO_OK)
        give_up(nm_error_text(&error));
    const uint8_t header[4] = {(uint8_t)buffer.length, (uint8_t)(buffer.length >> 8),
                               (uint8_t)(buffer.length >> 16), (uint8_t)(buffer.length >> 24)};
    if (fwrite(header, 1, sizeof(header), stdout) != sizeof(header) ||
        fwrite(buffer.data, 1, buffer.length, stdout) != buffer.length || fflush(stdout) != 0)
        give_up("an answer cannot be written");
    nm_buffer_free(&buffer);
}

/* ---- one request ---- */

/* `text` must last until the answer is written. */
static void answer_text(conformance_response *response,
                        Conformance__ConformanceResponse__ResultCase result, const char *text)
{
    response->result_case = result;
    response->skipped = (char *)(uintptr_t)text; /* all texts have the same place */
}

#define SKIPPED         CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_SKIPPED
#define PARSE_ERROR     CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_PARSE_ERROR
#define SERIALIZE_ERROR CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_SERIALIZE_ERROR
#define RUNTIME_ERROR   CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_RUNTIME_ERROR

static natsmicro_status parse(program *p, const conformance_request *request,
                              ProtobufCMessage **message)
{
    const ProtobufCBinaryData *payload = &request->protobuf_payload;
    const nm_json_options options = {
        .ignore_unknown =
            request->test_category == CONFORMANCE__TEST_CATEGORY__JSON_IGNORE_UNKNOWN_PARSING_TEST};

    if (request->payload_case == CONFORMANCE__CONFORMANCE_REQUEST__PAYLOAD_JSON_PAYLOAD)
        return nm_json_read(p->json.type, (const uint8_t *)request->json_payload,
                            strlen(request->json_payload), &options, &limits, &p->message, message,
                            &p->error);
    return nm_decode_by_plan(p->plan, payload->data, payload->len, &limits, &p->message, message,
                             &p->error);
}

static natsmicro_status serialize(program *p, const ProtobufCMessage *message,
                                  conformance_response *response)
{
    natsmicro_status status = nm_encode_by_plan(p->plan, message, &p->output, &p->error);

    response->result_case = CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_PROTOBUF_PAYLOAD;
    response->protobuf_payload = (ProtobufCBinaryData){p->output.length, p->output.data};
    return status;
}

static natsmicro_status write_json(program *p, const ProtobufCMessage *message,
                                   conformance_response *response)
{
    nm_buffer_reset(&p->output);
    natsmicro_status status = nm_json_write(p->json.type, message, NULL, &p->output, &p->error);

    response->result_case = CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_JSON_PAYLOAD;
    response->json_payload = (char *)(uintptr_t)nm_buffer_string(&p->output);
    return status;
}

/* Answers with the message of a request in the format that it asks for. */
static void convert(program *p, const conformance_request *request, conformance_response *response)
{
    ProtobufCMessage *message = NULL;

    if (parse(p, request, &message) != NATSMICRO_OK) {
        answer_text(response, PARSE_ERROR, nm_error_text(&p->error));
        return;
    }
    natsmicro_status status = request->requested_output_format == CONFORMANCE__WIRE_FORMAT__JSON
                                  ? write_json(p, message, response)
                                  : serialize(p, message, response);
    if (status != NATSMICRO_OK)
        answer_text(response, SERIALIZE_ERROR, nm_error_text(&p->error));
}

/* Returns why a request is skipped, or NULL. */
static const char *reason_to_skip(const conformance_request *request)
{
    if (strcmp(request->message_type, TESTED->name) != 0)
        return "messages of proto3 only";
    bool known_input =
        request->payload_case == CONFORMANCE__CONFORMANCE_REQUEST__PAYLOAD_PROTOBUF_PAYLOAD ||
        request->payload_case == CONFORMANCE__CONFORMANCE_REQUEST__PAYLOAD_JSON_PAYLOAD;
    bool known_output = request->requested_output_format == CONFORMANCE__WIRE_FORMAT__PROTOBUF ||
                        request->requested_output_format == CONFORMANCE__WIRE_FORMAT__JSON;
    return known_input && known_output ? NULL : "binary and JSON only";
}

/* Returns what the direct way does otherwise with a binary payload, or NULL. */
static const char *compare_directly(const program *p, const conformance_request *request)
{
    if (request->payload_case != CONFORMANCE__CONFORMANCE_REQUEST__PAYLOAD_PROTOBUF_PAYLOAD)
        return NULL;
    const nm_bytes payload = {request->protobuf_payload.data, request->protobuf_payload.len};
    return conformance_direct_compare(p->direct_plan, payload, &limits);
}

static void answer(program *p, const conformance_request *request, conformance_response *response)
{
    /* Of the cases that the runner is to expect to fail; `run` has the list. */
    if (strcmp(request->message_type, conformance__failure_set__descriptor.name) == 0) {
        response->result_case = CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_PROTOBUF_PAYLOAD;
        return;
    }
    const char *reason = reason_to_skip(request);
    if (reason != NULL) {
        answer_text(response, SKIPPED, reason);
        return;
    }
    const char *different = compare_directly(p, request);
    if (different != NULL)
        answer_text(response, RUNTIME_ERROR, different);
    else
        convert(p, request, response);
}

/* ---- the program ---- */

static void answer_all(program *p)
{
    nm_buffer bytes = NM_BUFFER_INIT;

    while (read_request(&bytes)) {
        ProtobufCMessage *request = NULL;
        conformance_response response = CONFORMANCE__CONFORMANCE_RESPONSE__INIT;
        if (nm_decode(REQUEST, bytes.data, bytes.length, &limits, &p->request, &request,
                      &p->error) != NATSMICRO_OK)
            give_up(nm_error_text(&p->error));
        answer(p, (const conformance_request *)request, &response);
        write_answer(&response);
        nm_error_clear(&p->error);
    }
    nm_buffer_free(&bytes);
}

int main(void)
{
    program p = {.direct_plan = conformance_direct_plan(),
                 .request = NM_ARENA_INIT,
                 .message = NM_ARENA_INIT,
                 .output = NM_BUFFER_INIT,
                 .error = NM_ERROR_INIT};

    const char *types = getenv("CONFORMANCE_TYPES");

    if (types == NULL)
        give_up("CONFORMANCE_TYPES is not set");
    conformance_json_open(&p.json, TESTED, strcmp(types, "dynamic") == 0);
    p.plan = nm_plan_new(p.json.descriptor);
    if (p.plan == NULL || p.direct_plan == NULL)
        give_up("no memory");
    answer_all(&p);
    conformance_json_close(&p.json);
    nm_plan_free(p.plan);
    nm_plan_free(p.direct_plan);
    nm_arena_free(&p.request);
    nm_arena_free(&p.message);
    nm_buffer_free(&p.output);
    return EXIT_SUCCESS;
}
