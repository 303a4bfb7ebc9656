/*
 * The schema that a service shows in discovery: with it alone a stranger must be able to call all
 * of its methods; and whatever is asked, the service goes on.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"
#include "jsonlab/v1/jsonlab.nats-c.h"
#include "narrow/v1/narrow.nats-c.h"
#include "support/sha256.h"
#include "terse/v1/terse.nats-c.h"

#include <google/protobuf/descriptor.pb-c.h>

#include <natsmicro/stub.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef Google__Protobuf__FileDescriptorSet set_proto;
typedef Google__Protobuf__FileDescriptorProto file_proto;

/* Smaller than a schema, so that it comes in many parts. */
#define MAX_PAYLOAD 4096

static lab room;

static int open_room(void **state)
{
    const broker_options options = {.max_payload = MAX_PAYLOAD};
    (void)state;
    lab_open_with(&room, &options);
    return 0;
}

static int close_room(void **state)
{
    (void)state;
    lab_close(&room);
    return 0;
}

static natsMsg *ask_bytes(const char *subject, const void *question, size_t length)
{
    natsMsg *answer = NULL;
    natsStatus status = natsConnection_Request(&answer, room.client_connection, subject, question,
                                               (int)length, RAW_TIMEOUT_MS);
    if (status != NATS_OK)
        fail_msg("%s: %s", subject, natsStatus_GetText(status));
    return answer;
}

static natsMsg *ask(const char *subject, const char *question)
{
    return ask_bytes(subject, question, strlen(question));
}

static json_t *ask_json(const char *subject, const char *question)
{
    natsMsg *answer = ask(subject, question);
    assert_true(natsMsg_GetDataLength(answer) <= MAX_PAYLOAD / 2);
    json_t *json = json_loadb(natsMsg_GetData(answer), (size_t)natsMsg_GetDataLength(answer),
                              JSON_REJECT_DUPLICATES, NULL);
    natsMsg_Destroy(answer);
    assert_non_null(json);
    return json;
}

static const char *text(const json_t *json, const char *name)
{
    const char *value = json_string_value(json_object_get(json, name));
    return value != NULL ? value : "(none)";
}

/* The subject at which the one service of a name is asked alone. */
static void instance_subject(const char *name, char subject[128])
{
    char all[64];
    snprintf(all, sizeof(all), "$SRV.PING.%s", name);
    json_t *ping = ask_json(all, "");
    snprintf(subject, 128, "$SRV.SCHEMA.%s.%s", name, text(ping, "id"));
    json_decref(ping);
}

static const json_t *endpoint_of(const json_t *schema, const char *method)
{
    size_t index;
    json_t *endpoint;
    json_array_foreach(json_object_get(schema, "endpoints"), index, endpoint)
    {
        if (strcmp(text(endpoint, "method"), method) == 0)
            return endpoint;
    }
    fail_msg("no endpoint %s", method);
    return NULL;
}

static void expect_endpoint(const json_t *schema, const char *method, const char *expected)
{
    json_t *wanted = json_loads(expected, 0, NULL);
    assert_non_null(wanted);
    const json_t *endpoint = endpoint_of(schema, method);
    if (!json_equal(endpoint, wanted)) {
        char *dump = json_dumps(endpoint, 0);
        fail_msg("%s: %s", method, dump);
    }
    json_decref(wanted);
}

static void send(const char *subject, const char *reply, const char *question)
{
    raw_send(room.client_connection,
             &(raw_message){
                 .subject = subject, .reply = reply, .data = question, .length = strlen(question)});
}

/* ---- bytes ---- */

static size_t from_base64(const char *digits, uint8_t *bytes)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t length = 0;
    for (; *digits != '\0' && *digits != '='; digits++) {
        const char *found = strchr(alphabet, *digits);
        assert_non_null(found);
        bits = bits << 6 | (uint32_t)(found - alphabet);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            bytes[length++] = (uint8_t)(bits >> n_bits);
        }
    }
    return length;
}

/* Asks for all parts, and returns the bytes, which are of this size. free() them. */
static uint8_t *fetch(const char *subject, size_t size)
{
    uint8_t *bytes = malloc(size + MAX_PAYLOAD);
    size_t n_parts = 0;
    for (size_t offset = 0; offset < size; n_parts++) {
        char question[64];
        snprintf(question, sizeof(question), "{\"offset\":%zu}", offset);
        json_t *part = ask_json(subject, question);
        assert_int_equal(json_integer_value(json_object_get(part, "offset")), offset);
        assert_int_equal(json_integer_value(json_object_get(part, "total")), size);
        size_t length = from_base64(text(part, "data"), bytes + offset);
        assert_true(length > 0 && length <= size - offset);
        offset += length;
        json_decref(part);
    }
    assert_true(n_parts > 3);
    return bytes;
}

/* Fetches what a schema promises, and checks that it is that. */
static set_proto *fetch_set(const char *subject, const json_t *schema)
{
    const json_t *descriptors = json_object_get(schema, "descriptors");
    const size_t size = (size_t)json_integer_value(json_object_get(descriptors, "size"));
    uint8_t *bytes = fetch(subject, size);
    sha256_hex hex;
    sha256_of(bytes, size, hex);
    assert_string_equal(text(descriptors, "sha256"), hex);
    set_proto *set = google__protobuf__file_descriptor_set__unpack(NULL, size, bytes);
    assert_non_null(set);
    free(bytes);
    return set;
}

static const file_proto *file_of(const set_proto *set, const char *name, size_t until)
{
    for (size_t i = 0; i < until; i++) {
        if (strcmp(set->file[i]->name, name) == 0)
            return set->file[i];
    }
    fail_msg("%s is missing, or too late", name);
    return NULL;
}

static void expect_complete(const set_proto *set)
{
    for (size_t i = 0; i < set->n_file; i++) {
        assert_null(set->file[i]->source_code_info);
        for (size_t j = 0; j < set->file[i]->n_dependency; j++)
            file_of(set, set->file[i]->dependency[j], i);
    }
}

/* ---- tests ---- */

static void a_stranger_learns_all_of_a_service(void **state)
{
    (void)state;
    lab_serve(&room, NULL, NULL);
    char subject[128];
    instance_subject("lab", subject);
    const char *const subjects[] = {"$SRV.SCHEMA", "$SRV.SCHEMA.lab", subject};
    json_t *first = ask_json(subject, "");
    for (size_t i = 0; i < 3; i++) {
        json_t *schema = ask_json(subjects[i], "");
        assert_true(json_equal(first, schema));
        json_decref(schema);
    }
    assert_string_equal(text(first, "type"), "io.natsmicro.v1.schema_response");
    assert_string_equal(text(first, "name"), "lab");
    assert_string_equal(text(first, "version"), "1.2.3");
    assert_string_equal(text(json_object_get(first, "metadata"), "team"), "x");
    assert_int_equal(json_array_size(json_object_get(first, "endpoints")), 6);
    expect_endpoint(
        first, "lab.v1.Lab.Ping",
        "{\"subject\":\"lab.v1.ping\",\"method\":\"lab.v1.Lab.Ping\",\"kind\":\"unary\","
        "\"request\":\"lab.v1.PingRequest\",\"response\":\"lab.v1.PingResponse\","
        "\"json\":false}");
    expect_endpoint(first, "lab.v1.Lab.Upload",
                    "{\"subject\":\"lab.v1.upload\",\"method\":\"lab.v1.Lab.Upload\","
                    "\"kind\":\"client_stream\",\"request\":\"lab.v1.Chunk\","
                    "\"response\":\"lab.v1.UploadResult\",\"chunk_field\":\"data\","
                    "\"json\":false}");
    set_proto *set = fetch_set(subject, first);
    expect_complete(set);
    const file_proto *file = file_of(set, "lab/v1/lab.proto", set->n_file);
    assert_ptr_equal(file, set->file[set->n_file - 1]);
    assert_string_equal(file->service[0]->name, "Lab");
    file_of(set, "natsmicro/options.proto", set->n_file);
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    json_decref(first);
}

/* Three threads of the server may put the files together for the first time at once. */
static void first_questions_may_come_at_once(void **state)
{
    (void)state;
    lab_serve(&room, NULL, NULL);
    char subject[128];
    instance_subject("lab", subject);
    natsSubscription *answers = NULL;
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&answers, room.client_connection, "all"));
    send("$SRV.SCHEMA", "all", "");
    send("$SRV.SCHEMA.lab", "all", "");
    send(subject, "all", "");
    natsMsg *first = raw_next(answers);
    for (size_t i = 0; i < 2; i++) {
        natsMsg *answer = raw_next(answers);
        assert_string_equal(natsMsg_GetData(first), natsMsg_GetData(answer));
        natsMsg_Destroy(answer);
    }
    natsMsg_Destroy(first);
    raw_unsubscribe(room.client_connection, answers);
}

/* Nothing else tells a caller that it must send JSON, or that a chunk's field has another name. */
static void a_json_service_says_that_it_is_one(void **state)
{
    (void)state;
    static const Jsonlab__V1__JsonLabHandlers handlers = {.echo = NULL};
    lab_serve(&room, NULL, NULL);
    assert_ok(jsonlab__v1__json_lab_server__add(room.server, &handlers, NULL, NULL));
    json_t *schema = ask_json("$SRV.SCHEMA.jsonlab", "");
    expect_endpoint(schema, "jsonlab.v1.JsonLab.Upload",
                    "{\"subject\":\"jsonlab.v1.upload\",\"method\":\"jsonlab.v1.JsonLab.Upload\","
                    "\"kind\":\"client_stream\",\"request\":\"jsonlab.v1.Piece\","
                    "\"response\":\"jsonlab.v1.Total\",\"chunk_field\":\"raw_data\","
                    "\"json\":true}");
    json_decref(schema);
}

/* With optimize_for = CODE_SIZE protobuf-c's descriptors have no names. */
static void names_that_protobuf_c_leaves_out_are_known_all_the_same(void **state)
{
    (void)state;
    static const Terse__V1__TerseHandlers handlers = {.hear = NULL};
    lab_serve(&room, NULL, NULL);
    assert_null(terse__v1__word__descriptor.name);
    assert_ok(terse__v1__terse_server__add(room.server, &handlers, NULL, NULL));
    char subject[128];
    instance_subject("Terse", subject);
    json_t *schema = ask_json("$SRV.SCHEMA.Terse", "");
    expect_endpoint(schema, "terse.v1.Terse.Say",
                    "{\"subject\":\"terse.say\",\"method\":\"terse.v1.Terse.Say\","
                    "\"kind\":\"server_stream\",\"request\":\"terse.v1.Word\","
                    "\"response\":\"terse.v1.Sentence\",\"json\":false}");
    set_proto *set = fetch_set(subject, schema);
    expect_complete(set);
    file_of(set, "google/protobuf/api.proto", set->n_file);
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    json_decref(schema);
}

/* Their code defines the same bytes twice; a program that has both must link, and each is whole. */
static void services_may_embed_the_same_file(void **state)
{
    (void)state;
    static const Terse__V1__TerseHandlers terse = {.hear = NULL};
    static const Narrow__V1__NarrowHandlers narrow = {.count = NULL};
    lab_serve(&room, NULL, NULL);
    assert_ok(terse__v1__terse_server__add(room.server, &terse, NULL, NULL));
    assert_ok(narrow__v1__narrow_server__add(room.server, &narrow, NULL, NULL));
    static const char *const names[] = {"Terse", "Narrow"};
    for (size_t i = 0; i < 2; i++) {
        char subject[128];
        instance_subject(names[i], subject);
        json_t *schema = ask_json(subject, "");
        set_proto *set = fetch_set(subject, schema);
        expect_complete(set);
        const file_proto *file = file_of(set, "narrow/v1/narrow.proto", set->n_file);
        assert_string_equal(file->service[0]->name, "Narrow");
        google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
        json_decref(schema);
    }
}

/* As generated with descriptors=none. */
static void a_service_without_descriptors_says_so(void **state)
{
    (void)state;
    static const natsmicro_stub_service bare = {.stub_version = NATSMICRO_STUB_VERSION,
                                                .full_name = "bare.Bare",
                                                .subject_prefix = "bare",
                                                .name = "Bare",
                                                .version = "1.0.0",
                                                .description = ""};
    lab_serve(&room, NULL, NULL);
    assert_ok(natsmicro_stub_server_add(room.server, &bare, &bare, NULL, NULL));
    char subject[128];
    instance_subject("Bare", subject);
    json_t *schema = ask_json(subject, "");
    assert_int_equal(json_array_size(json_object_get(schema, "endpoints")), 0);
    assert_null(json_object_get(schema, "descriptors"));
    json_decref(schema);
    natsMsg *answer = ask(subject, "{\"offset\":0}");
    raw_assert_error(answer, "NOT_FOUND");
    natsMsg_Destroy(answer);
}

static void what_is_no_question_is_told_so(void **state)
{
    (void)state;
    static const char *const wrong[] = {"{\"offset\":-1}",
                                        "{\"offset\":99999999}",
                                        "{\"offset\":99999999999999999999}",
                                        "{\"offset\":1.5}",
                                        "{}",
                                        "[[[[",
                                        "offset",
                                        "{\"offset\":0,\"offset\":0}"};
    char *huge = lab_text(MAX_PAYLOAD);
    lab_serve(&room, NULL, NULL);
    char subject[128];
    instance_subject("lab", subject);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        natsMsg *answer = ask(subject, wrong[i]);
        raw_assert_error(answer, "INVALID_ARGUMENT");
        assert_non_null(strstr(raw_header(answer, "Nats-Service-Error"), "{\"offset\":n}"));
        assert_int_equal(natsMsg_GetDataLength(answer), 0);
        natsMsg_Destroy(answer);
    }
    natsMsg *answer = ask(subject, huge);
    raw_assert_error(answer, "INVALID_ARGUMENT");
    natsMsg_Destroy(answer);
    answer = ask_bytes(subject, "\0\xff\xfe", 3);
    raw_assert_error(answer, "INVALID_ARGUMENT");
    natsMsg_Destroy(answer);
    free(huge);
    /* a question to all that has the form of one for a part brings the list, not parts of many */
    json_t *schema = ask_json("$SRV.SCHEMA.lab", "{\"offset\":0}");
    assert_non_null(json_object_get(schema, "descriptors"));
    json_decref(schema);
    assert_ok(lab_ping_status(&room, "", NULL));
}

/* Answers go only where those of other questions may go. */
static void a_schema_is_not_sent_to_an_endpoint(void **state)
{
    (void)state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.on_error = lab_on_error;
    options.on_error_data = &room;
    lab_serve_with(&room, &lab_handlers, NULL, &options, NULL);
    char subject[128];
    instance_subject("lab", subject);
    send(subject, "lab.v1.ping", "{\"offset\":0}");
    send(subject, "$SRV.SCHEMA", "");
    assert_true(latch_wait_count(&room.refused_subject, 2, LAB_PATIENCE));
}

static void a_schema_may_be_hidden(void **state)
{
    (void)state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.hide_schema = true;
    lab_serve_with(&room, &lab_handlers, NULL, &options, NULL);
    char subject[128];
    instance_subject("lab", subject);
    natsSubscription *answers = NULL;
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&answers, room.client_connection, "all"));
    send("$SRV.SCHEMA", "all", "");
    send("$SRV.SCHEMA.lab", "all", "");
    send(subject, "all", "");
    send(subject, "all", "{\"offset\":0}");
    /* each goes the way of a question above, so it is answered after that */
    send("$SRV.PING", "all", "");
    send("$SRV.PING.lab", "all", "");
    char ping[128];
    snprintf(ping, sizeof(ping), "$SRV.PING.%s", subject + strlen("$SRV.SCHEMA."));
    send(ping, "all", "");
    for (size_t i = 0; i < 3; i++) {
        natsMsg *answer = raw_next(answers);
        assert_non_null(strstr(natsMsg_GetData(answer), "ping_response"));
        natsMsg_Destroy(answer);
    }
    raw_unsubscribe(room.client_connection, answers);
}

#define schema_test(function) cmocka_unit_test_setup_teardown(function, open_room, close_room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        schema_test(a_stranger_learns_all_of_a_service),
        schema_test(first_questions_may_come_at_once),
        schema_test(a_json_service_says_that_it_is_one),
        schema_test(names_that_protobuf_c_leaves_out_are_known_all_the_same),
        schema_test(services_may_embed_the_same_file),
        schema_test(a_service_without_descriptors_says_so),
        schema_test(what_is_no_question_is_told_so),
        schema_test(a_schema_is_not_sent_to_an_endpoint),
        schema_test(a_schema_may_be_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
