/*
 * A service of ours beside services of the same name that others' libraries serve: they share the
 * load of one queue group, and Go's says of itself what ours does. And services of ours as
 * @nats-io/services' client sees them.
 */
#include "interop/peer.h"
#include "lab/v1/lab.nats-c.h"
#include "vectors/lab.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define CALLS      400
#define ID_SIZE    64
#define PATIENCE   60000
#define N_MEMBERS  2
#define REPLY_SIZE 256

typedef struct room {
    broker *nats;
    natsConnection *connection;
    natsmicro_server *server;
    pid_t peer;
    char ids[N_MEMBERS][ID_SIZE]; /* ours, theirs */
} room;

/* ---- asking ---- */

/* One reply to `$SRV.<verb>.lab.<id>`, or to `$SRV.<verb>.lab`; json_decref it. */
static json_t *ask(room *self, const char *verb, const char *id)
{
    char subject[REPLY_SIZE];
    snprintf(subject, sizeof(subject), "$SRV.%s.lab%s%s", verb, id != NULL ? "." : "",
             id != NULL ? id : "");
    natsMsg *reply;
    assert_int_equal(NATS_OK,
                     natsConnection_RequestString(&reply, self->connection, subject, "", PATIENCE));
    json_t *root =
        json_loadb(natsMsg_GetData(reply), (size_t)natsMsg_GetDataLength(reply), 0, NULL);
    natsMsg_Destroy(reply);
    assert_non_null(root);
    return root;
}

static void copy_id(char id[ID_SIZE], json_t *ping)
{
    const char *text = json_string_value(json_object_get(ping, "id"));
    assert_non_null(text);
    snprintf(id, ID_SIZE, "%s", text);
    json_decref(ping);
}

/* Whether the peer answers, too; it is asked by name, and both do, in any order. */
static bool find_peer(void *data)
{
    room *self = data;
    natsInbox *inbox;
    assert_int_equal(NATS_OK, natsInbox_Create(&inbox));
    natsSubscription *replies;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&replies, self->connection, inbox));
    assert_int_equal(
        NATS_OK, natsConnection_PublishRequestString(self->connection, "$SRV.PING.lab", inbox, ""));
    natsMsg *reply;
    while (self->ids[1][0] == '\0' && natsSubscription_NextMsg(&reply, replies, 200) == NATS_OK) {
        char id[ID_SIZE];
        copy_id(id,
                json_loadb(natsMsg_GetData(reply), (size_t)natsMsg_GetDataLength(reply), 0, NULL));
        if (strcmp(id, self->ids[0]) != 0)
            memcpy(self->ids[1], id, ID_SIZE);
        natsMsg_Destroy(reply);
    }
    natsSubscription_Destroy(replies);
    natsInbox_Destroy(inbox);
    return self->ids[1][0] != '\0';
}

/* ---- a group of two ---- */

static natsmicro_server *serve_ours(natsConnection *connection)
{
    natsmicro_server *server;
    assert_ok(natsmicro_server_new(&server, connection, NULL));
    assert_ok(lab__v1__lab_server__add(server, &lab_as_recorded, NULL, NULL));
    assert_int_equal(NATS_OK, natsConnection_Flush(connection));
    return server;
}

static void meet(room *self, const char *peer)
{
    memset(self, 0, sizeof(*self));
    self->nats = broker_start(NULL);
    self->connection = connect_to(self->nats);
    self->server = serve_ours(self->connection);
    copy_id(self->ids[0], ask(self, "PING", NULL));
    self->peer = peer_start(peer, "serve", self->nats);
    assert_true(eventually(find_peer, self, PATIENCE));
}

static void part(room *self)
{
    peer_kill(self->peer);
    natsmicro_server_destroy(self->server);
    natsConnection_Destroy(self->connection);
    broker_stop(self->nats);
}

/* The ping endpoint's count in a member's STATS. */
static json_int_t count_of(room *self, int member, const char *what)
{
    json_t *stats = ask(self, "STATS", self->ids[member]);
    json_t *endpoints = json_object_get(stats, "endpoints");
    json_int_t count = -1;
    for (size_t i = 0; i < json_array_size(endpoints); i++) {
        json_t *endpoint = json_array_get(endpoints, i);
        if (strcmp(json_string_value(json_object_get(endpoint, "name")), "ping") == 0)
            count = json_integer_value(json_object_get(endpoint, what));
    }
    json_decref(stats);
    return count;
}

static bool all_are_counted(void *data)
{
    return count_of(data, 0, "num_requests") + count_of(data, 1, "num_requests") >= CALLS;
}

static void call_the_group(room *self)
{
    Lab__V1__LabClient *lab;
    assert_ok(lab__v1__lab_client__new(&lab, self->connection, NULL));
    for (int i = 0; i < CALLS; i++) {
        Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
        request.fail = i % 2;
        Lab__V1__PingResponse *response;
        assert_status(request.fail ? NATSMICRO_NOT_FOUND : NATSMICRO_OK,
                      lab__v1__lab_client__ping(lab, &request, NULL, &response));
        lab__v1__lab_client__ping__free(response);
    }
    lab__v1__lab_client__destroy(lab);
}

/* Chance gives one of them less than a quarter of 400 calls once in 10^24 runs. */
static void both_serve(room *self)
{
    call_the_group(self);
    assert_true(eventually(all_are_counted, self, PATIENCE));
    json_int_t ours = count_of(self, 0, "num_requests");
    json_int_t theirs = count_of(self, 1, "num_requests");
    assert_int_equal(CALLS, ours + theirs);
    assert_between(ours, CALLS / 4, CALLS * 3 / 4);
}

/* ---- field by field ---- */

/* Members that are each service's own; they must be there, and of the same type. */
static bool is_own(const char *member)
{
    static const char *const own[] = {"id",         "started",         "num_requests",
                                      "num_errors", "processing_time", "average_processing_time"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(own[i], member) == 0)
            return true;
    return false;
}

static void assert_alike(const char *where, json_t *ours, json_t *theirs);

static void assert_same_members(const char *where, json_t *ours, json_t *theirs)
{
    const char *member;
    json_t *value;
    json_object_foreach(theirs, member, value)
    {
        char path[REPLY_SIZE];
        snprintf(path, sizeof(path), "%s.%s", where, member);
        json_t *our_value = json_object_get(ours, member);
        if (our_value == NULL)
            fail_msg("%s: ours has none", path);
        else if (!is_own(member))
            assert_alike(path, our_value, value);
        else if (json_typeof(our_value) != json_typeof(value))
            fail_msg("%s: another type of value", path);
    }
    json_object_foreach(ours, member, value)
    {
        if (json_object_get(theirs, member) == NULL)
            fail_msg("%s.%s: theirs has none", where, member);
    }
}

static void assert_alike(const char *where, json_t *ours, json_t *theirs)
{
    if (json_typeof(ours) != json_typeof(theirs))
        fail_msg("%s: another type of value", where);
    if (json_is_object(ours)) {
        assert_same_members(where, ours, theirs);
    } else if (json_is_array(ours)) {
        assert_int_equal(json_array_size(theirs), json_array_size(ours));
        for (size_t i = 0; i < json_array_size(ours); i++) {
            char path[REPLY_SIZE];
            snprintf(path, sizeof(path), "%s[%zu]", where, i);
            assert_alike(path, json_array_get(ours, i), json_array_get(theirs, i));
        }
    } else if (!json_equal(ours, theirs)) {
        char *text = json_dumps(ours, JSON_ENCODE_ANY);
        char *expected = json_dumps(theirs, JSON_ENCODE_ANY);
        fail_msg("%s: ours %s, theirs %s", where, text, expected);
    }
}

static void assert_replies_are_alike(room *self, const char *verb)
{
    json_t *ours = ask(self, verb, self->ids[0]);
    json_t *theirs = ask(self, verb, self->ids[1]);
    assert_alike(verb, ours, theirs);
    json_decref(ours);
    json_decref(theirs);
}

/* ---- the tests ---- */

static void a_go_service_and_ours_say_the_same_of_themselves(void **state)
{
    (void)state;
    room self;
    meet(&self, "go-peer");
    assert_replies_are_alike(&self, "PING");
    assert_replies_are_alike(&self, "INFO");
    assert_replies_are_alike(&self, "STATS");
    both_serve(
        &self); /* half of it in vain, which this version of micro does not count as errors */
    assert_true(count_of(&self, 0, "num_errors") > 0);
    part(&self);
}

static void a_typescript_service_and_ours_share_the_load(void **state)
{
    (void)state;
    room self;
    meet(&self, "typescript-peer");
    both_serve(&self);
    part(&self);
}

static void a_python_service_and_ours_share_the_load(void **state)
{
    (void)state;
    room self;
    meet(&self, "python-peer");
    both_serve(&self);
    part(&self);
}

/* What typescript/discover.ts expects: two services, five pings, one of them in vain. */
static void the_typescript_services_client_finds_services_of_ours(void **state)
{
    broker *nats = broker_start(NULL);
    natsConnection *connections[] = {connect_to(nats), connect_to(nats)};
    natsmicro_server *servers[] = {serve_ours(connections[0]), serve_ours(connections[1])};
    (void)state;
    Lab__V1__LabClient *lab;
    assert_ok(lab__v1__lab_client__new(&lab, connections[0], NULL));
    for (int i = 0; i < 5; i++) {
        Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
        request.fail = i == 3;
        Lab__V1__PingResponse *response;
        assert_status(i == 3 ? NATSMICRO_NOT_FOUND : NATSMICRO_OK,
                      lab__v1__lab_client__ping(lab, &request, NULL, &response));
        lab__v1__lab_client__ping__free(response);
    }
    peer_succeeds(peer_start("typescript-peer", "discover", nats));
    lab__v1__lab_client__destroy(lab);
    for (size_t i = 0; i < 2; i++) {
        natsmicro_server_destroy(servers[i]);
        natsConnection_Destroy(connections[i]);
    }
    broker_stop(nats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_go_service_and_ours_say_the_same_of_themselves),
        cmocka_unit_test(a_typescript_service_and_ours_share_the_load),
        cmocka_unit_test(a_python_service_and_ours_share_the_load),
        cmocka_unit_test(the_typescript_services_client_finds_services_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
