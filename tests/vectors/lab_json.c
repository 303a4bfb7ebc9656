/*
 * JSON lab: see lab_json.h. `fail` of an Echo says how it fails.
 */
#include "vectors/lab_json.h"

#include "vectors/recording.h"

#include <stdlib.h>
#include <string.h>

/* ---- handlers ---- */

static natsmicro_status echo(Labjson__V1__LabJsonServer__Echo *call,
                             const Labjson__V1__Everything *request, void *user_data)
{
    (void)user_data;
    switch (request->fail) {
    case 1:
        return natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "no such thing");
    case 2:
        return natsmicro_call_fail(call->base, NATSMICRO_INTERNAL, "plain failure");
    case 3:
        return labjson__v1__lab_json_server__fail_quota_exceeded(call->base, "quota used up");
    default:
        return labjson__v1__lab_json_server__echo__reply(call, request);
    }
}

static natsmicro_status watch(Labjson__V1__LabJsonServer__Watch *call,
                              const Labjson__V1__WatchRequest *request, void *user_data)
{
    Labjson__V1__Everything item = LABJSON__V1__EVERYTHING__INIT;
    (void)user_data;
    for (int32_t i = 0; i < request->count; i++) {
        if (request->fail_at != 0 && i == request->fail_at)
            return natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "no more numbers");
        item.small_int = i;
        item.big_int = i * ((int64_t)1 << 40);
        item.color = (Labjson__V1__Color)(i % 3);
        natsmicro_status status = labjson__v1__lab_json_server__watch__send(call, &item);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

#define MOST_ITEMS 8

static natsmicro_status gather(Labjson__V1__LabJsonServer__Gather *call, void *user_data)
{
    Labjson__V1__GatherResult result = LABJSON__V1__GATHER_RESULT__INIT;
    (void)user_data;
    char *item_names[MOST_ITEMS];
    const Labjson__V1__Item *item;
    natsmicro_status status;
    while ((status = labjson__v1__lab_json_server__gather__recv(call, &item)) == NATSMICRO_OK &&
           result.n_item_names < MOST_ITEMS) {
        result.total += item->amount;
        item_names[result.n_item_names++] = strdup(item->item_name);
    }
    result.item_names = item_names;
    if (status == NATSMICRO_END)
        status = labjson__v1__lab_json_server__gather__reply(call, &result);
    for (size_t i = 0; i < result.n_item_names; i++)
        free(item_names[i]);
    return status;
}

static natsmicro_status talk(Labjson__V1__LabJsonServer__Talk *call, void *user_data)
{
    (void)user_data;
    const Labjson__V1__Item *item;
    natsmicro_status status;
    while ((status = labjson__v1__lab_json_server__talk__recv(call, &item)) == NATSMICRO_OK) {
        status = labjson__v1__lab_json_server__talk__send(call, item);
        if (status != NATSMICRO_OK)
            return status;
    }
    return status;
}

const Labjson__V1__LabJsonHandlers lab_json_as_recorded = {
    .echo = echo, .watch = watch, .gather = gather, .talk = talk};

/* ---- what the recorded callers sent ---- */

typedef struct sent {
    const char *scenario;
    size_t index;
    const ProtobufCMessageDescriptor *type;
    const char *hex; /* in protobuf's binary form, as the recorded TypeScript caller sent most */
} sent;

#define EVERYTHING (&labjson__v1__everything__descriptor)
#define REQUEST    (&labjson__v1__watch_request__descriptor)
#define ITEM       (&labjson__v1__item__descriptor)

static const sent all[] = {
    {"json_echo_full", 0, EVERYTHING, JSON_FULL},
    {"json_echo_odd_values", 0, EVERYTHING, JSON_ODD},
    {"json_echo_empty", 0, EVERYTHING, ""},
    {"json_echo_not_found", 0, EVERYTHING, "980101"},
    {"json_echo_plain_error", 0, EVERYTHING, "980102"},
    {"json_echo_custom_code", 0, EVERYTHING, "980103"},
    {"json_watch_2", 0, REQUEST, "0802"},
    {"json_watch_fail_at_1", 0, REQUEST, "08021001"},
    {"json_gather_2", 0, ITEM, "0a04626f6c741064"},
    {"json_gather_2", 1, ITEM, "0a036e757410c801"},
    {"json_talk_1", 0, ITEM, "0a04626f6c741001"},
};

static ProtobufCMessage *unpack(const sent *what)
{
    size_t length;
    uint8_t *bytes = recording_from_hex(what->hex, &length);
    ProtobufCMessage *message = protobuf_c_message_unpack(what->type, NULL, length, bytes);
    free(bytes);
    return message;
}

ProtobufCMessage *lab_json_sent(const char *scenario, size_t index)
{
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(all[i].scenario, scenario) == 0 && all[i].index == index)
            return unpack(&all[i]);
    return NULL;
}
