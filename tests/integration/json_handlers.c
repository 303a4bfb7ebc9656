/*
 * See json_handlers.h.
 */
#include "integration/json_handlers.h"

#include "support/process.h"

#include <stdlib.h>

uint8_t *json_bytes(size_t length)
{
    uint8_t *bytes = malloc(length + 1);
    if (bytes == NULL)
        support_die("no memory");
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)i;
    return bytes;
}

static natsmicro_status echo(Jsonlab__V1__JsonLabServer__Echo *call,
                             const Jsonlab__V1__Thing *request, void *user_data)
{
    (void)user_data;
    if (request->fail == 0)
        return jsonlab__v1__json_lab_server__echo__reply(call, request);
    natsmicro_call_set_error_data(call->base, "{\x01\xff", 3);
    return natsmicro_call_fail(call->base, (natsmicro_status)request->fail, "as asked");
}

static natsmicro_status count_up(Jsonlab__V1__JsonLabServer__CountUp *call,
                                 const Jsonlab__V1__CountRequest *request, void *user_data)
{
    Jsonlab__V1__Number number = JSONLAB__V1__NUMBER__INIT;
    (void)user_data;
    for (; number.value < request->how_many; number.value++) {
        if (number.value + 1 == request->fail_at)
            return natsmicro_call_fail(call->base, NATSMICRO_OUT_OF_RANGE, "as asked");
        natsmicro_status status = jsonlab__v1__json_lab_server__count_up__send(call, &number);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

static natsmicro_status sum(Jsonlab__V1__JsonLabServer__Sum *call, void *user_data)
{
    Jsonlab__V1__Total total = JSONLAB__V1__TOTAL__INIT;
    (void)user_data;
    const Jsonlab__V1__Number *number;
    natsmicro_status status;
    while ((status = jsonlab__v1__json_lab_server__sum__recv(call, &number)) == NATSMICRO_OK) {
        total.total += number->value;
        total.count++;
    }
    return status == NATSMICRO_END ? jsonlab__v1__json_lab_server__sum__reply(call, &total)
                                   : status;
}

static natsmicro_status chat(Jsonlab__V1__JsonLabServer__Chat *call, void *user_data)
{
    (void)user_data;
    const Jsonlab__V1__Thing *thing;
    natsmicro_status status;
    while ((status = jsonlab__v1__json_lab_server__chat__recv(call, &thing)) == NATSMICRO_OK) {
        status = jsonlab__v1__json_lab_server__chat__send(call, thing);
        if (status != NATSMICRO_OK)
            return status;
    }
    return status;
}

static natsmicro_status upload(Jsonlab__V1__JsonLabServer__Upload *call, void *user_data)
{
    Jsonlab__V1__Total total = JSONLAB__V1__TOTAL__INIT;
    (void)user_data;
    const uint8_t *data;
    size_t length;
    natsmicro_status status;
    while ((status = natsmicro_chunked_recv_chunk(call->base, &data, &length)) == NATSMICRO_OK) {
        total.count += (int32_t)length;
        for (size_t i = 0; i < length; i++)
            total.total += data[i];
    }
    return status == NATSMICRO_END ? jsonlab__v1__json_lab_server__upload__reply(call, &total)
                                   : status;
}

static natsmicro_status download(Jsonlab__V1__JsonLabServer__Download *call,
                                 const Jsonlab__V1__CountRequest *request, void *user_data)
{
    (void)user_data;
    uint8_t *bytes = json_bytes((size_t)request->how_many);
    natsmicro_status status =
        natsmicro_chunked_send_bytes(call->base, bytes, (size_t)request->how_many, 0, NULL, NULL);
    free(bytes);
    return status;
}

const Jsonlab__V1__JsonLabHandlers json_handlers = {.echo = echo,
                                                    .count_up = count_up,
                                                    .sum = sum,
                                                    .chat = chat,
                                                    .upload = upload,
                                                    .download = download};
