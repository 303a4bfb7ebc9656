/*
 * See method.h.
 */
#include "call/method.h"
#include "call/settings.h"
#include "wire/chunk.h"

#include <stdlib.h>
#include <string.h>

/* "a" and "b" as "a.b"; NULL when memory is short. */
static char *join(const char *a, const char *b)
{
    nm_buffer joined = NM_BUFFER_INIT;
    nm_buffer_append_format(&joined, "%s.%s", a, b);
    return (char *)(uintptr_t)nm_buffer_string(&joined);
}

/* Learns from the text of one chunk how to write others. */
static natsmicro_status init_json_chunk(nm_method *method, nm_error *error)
{
    const nm_form *form = nm_method_chunks(method);
    static const uint8_t zeros[3];
    uint8_t sample[NM_LONGEST_CHUNK_HEAD + sizeof(zeros)];
    size_t head = nm_chunk_head(sample, nm_form_type(form)->fields[0].id, sizeof(zeros));
    memcpy(sample + head, zeros, sizeof(zeros));
    ProtobufCMessage *message = NULL;
    natsmicro_status status =
        nm_decode_owned(nm_form_type(form), sample, head + sizeof(zeros), NULL, &message, error);
    if (status != NATSMICRO_OK)
        return status;
    status = nm_form_encode(form, message, &method->json_chunk.text, error);
    protobuf_c_message_free_unpacked(message, NULL);
    if (status == NATSMICRO_OK && !nm_json_chunk_init(&method->json_chunk))
        status =
            nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                         "%s: its chunks do not hold their bytes as base64", method->full_name);
    return status;
}

/* How messages travel. */
static natsmicro_status init_forms(nm_method *method, nm_json_types *types, nm_error *error)
{
    const natsmicro_stub_method *stub = method->stub;
    const nm_json_type *request = NULL;
    const nm_json_type *response = NULL;
    natsmicro_status status = NATSMICRO_OK;
    if (types != NULL)
        status = nm_json_types_of(types, stub, &request, &response, error);
    if (status != NATSMICRO_OK)
        return status;
    if (!nm_form_init(&method->request, stub->request, request) ||
        !nm_form_init(&method->response, stub->response, response))
        return NATSMICRO_RESOURCE_EXHAUSTED;
    return types != NULL && stub->chunk_field != NULL ? init_json_chunk(method, error)
                                                      : NATSMICRO_OK;
}

natsmicro_status nm_method_init(nm_method *method, const nm_method_setup *setup,
                                const natsmicro_stub_method *stub, nm_error *error)
{
    const natsmicro_stub_service *service = setup->service;
    const char *prefix =
        setup->subject_prefix != NULL ? setup->subject_prefix : service->subject_prefix;
    method->stub = stub;
    method->proto_timeout_ms = stub->timeout_ms != 0 ? stub->timeout_ms : service->timeout_ms;
    method->timeout_ms = setup->timeout_ms != 0 ? setup->timeout_ms : method->proto_timeout_ms;
    method->full_name = join(service->full_name, stub->name);
    method->subject = join(prefix, stub->subject);
    if (method->full_name == NULL || method->subject == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    natsmicro_status status = init_forms(method, setup->types, error);
    return status == NATSMICRO_OK ? nm_check_subject("the subject", method->subject, error)
                                  : status;
}

void nm_method_free(nm_method *method)
{
    free(method->full_name);
    free(method->subject);
    nm_form_free(&method->request);
    nm_form_free(&method->response);
    nm_json_chunk_free(&method->json_chunk);
    nm_chain_free(&method->chain);
    free(method->stores);
}
