/*
 * The proxy for tests of lossy networks: each of its faults happens, only to the messages that were
 * chosen, and the connection stays whole. With a proxy that does nothing, every such test would
 * pass.
 */
#include "support/proxy.h"
#include "support/scenario.h"

#include <nats/nats.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS  10000
#define MESSAGES 400

/* ---- vocabulary ---- */

typedef struct relay {
    broker *broker;
    proxy *proxy;
    natsConnection *sender; /* to the broker itself */
    natsConnection *reader; /* through the proxy */
    natsSubscription *subscription;
    const char *subjects; /* those that faults happen to */
    uint64_t expected;    /* how many messages the proxy must have counted */
} relay;

static void relay_start(relay *self, const proxy_faults *faults)
{
    self->subjects = faults == NULL ? NULL : faults->subjects;
    self->expected = 0;
    self->broker = broker_start(NULL);
    self->proxy = proxy_start(self->broker, faults);
    self->sender = connect_to(self->broker);
    self->reader = connect_to_url(proxy_url(self->proxy));
    assert_int_equal(natsConnection_SubscribeSync(&self->subscription, self->reader, ">"), NATS_OK);
    assert_int_equal(natsConnection_Flush(self->reader), NATS_OK);
}

static void relay_stop(relay *self)
{
    natsSubscription_Destroy(self->subscription);
    natsConnection_Destroy(self->reader);
    natsConnection_Destroy(self->sender);
    proxy_stop(self->proxy);
    broker_stop(self->broker);
}

/*
 * Sends numbered messages: the payload is 4 digits and 60 zeros, and every other message has a
 * header.
 */
static void send_numbered(relay *self, const char *subject, int count)
{
    for (int i = 0; i < count; i++) {
        natsMsg *message = NULL;
        char text[80];
        snprintf(text, sizeof(text), "%04d%060d", i, 0);
        assert_int_equal(natsMsg_Create(&message, subject, NULL, text, (int)strlen(text)), NATS_OK);
        if (i % 2 == 1)
            assert_int_equal(natsMsgHeader_Set(message, "X-Number", text), NATS_OK);
        assert_int_equal(natsConnection_PublishMsg(self->sender, message), NATS_OK);
        natsMsg_Destroy(message);
    }
    assert_int_equal(natsConnection_Flush(self->sender), NATS_OK);
}

/* How often each number came before the message to "end", and in which order. */
typedef struct tally {
    int times[MESSAGES];
    int order[4 * MESSAGES];
    int count;
    int shortened;
} tally;

static void add_to_tally(tally *self, natsMsg *message)
{
    char digits[5] = "";
    int length = natsMsg_GetDataLength(message);
    const char *header = NULL;
    int number = -1;
    if (length >= 4) {
        memcpy(digits, natsMsg_GetData(message), 4);
        number = (int)strtol(digits, NULL, 10);
    }
    assert_true(length <= 64 && number < MESSAGES);
    if (length < 64)
        self->shortened++;
    if (number < 0)
        return;
    if (number % 2 == 1) {
        assert_int_equal(natsMsgHeader_Get(message, "X-Number", &header), NATS_OK);
        assert_memory_equal(header, digits, 4);
    }
    self->times[number]++;
    self->order[self->count++] = number;
}

static void receive_until_end(relay *self, tally *seen)
{
    memset(seen, 0, sizeof(*seen));
    for (;;) {
        natsMsg *message = NULL;
        assert_int_equal(natsSubscription_NextMsg(&message, self->subscription, WAIT_MS), NATS_OK);
        bool is_end = strcmp(natsMsg_GetSubject(message), "end") == 0;
        if (!is_end)
            add_to_tally(seen, message);
        natsMsg_Destroy(message);
        if (is_end)
            return;
    }
}

/* Whether the proxy has seen all messages, and holds none of them. */
static bool is_settled(void *data)
{
    relay *self = data;
    proxy_counts counts;
    proxy_get_counts(self->proxy, &counts);
    return counts.held == 0 && counts.passed + counts.dropped + counts.duplicated +
                                       counts.reordered + counts.truncated + counts.delayed ==
                                   self->expected;
}

static void pass_all(relay *self, const char *subject, tally *seen)
{
    send_numbered(self, subject, MESSAGES);
    if (self->subjects != NULL && strncmp(subject, self->subjects, strlen(self->subjects)) == 0)
        self->expected += MESSAGES;
    assert_true(eventually(is_settled, self, WAIT_MS));
    assert_int_equal(natsConnection_PublishString(self->sender, "end", ""), NATS_OK);
    assert_int_equal(natsConnection_Flush(self->sender), NATS_OK);
    receive_until_end(self, seen);
}

static int count_of(const tally *seen, int times)
{
    int count = 0;
    for (int i = 0; i < MESSAGES; i++)
        count += seen->times[i] == times;
    return count;
}

static int out_of_order(const tally *seen)
{
    int count = 0;
    for (int i = 1; i < seen->count; i++)
        count += seen->order[i] < seen->order[i - 1];
    return count;
}

/* ---- tests ---- */

static void without_faults_everything_passes(void **state)
{
    (void)state;
    relay line;
    relay_start(&line, NULL);
    tally seen;
    pass_all(&line, "bad.a", &seen);
    assert_int_equal(count_of(&seen, 1), MESSAGES);
    assert_int_equal(out_of_order(&seen) + seen.shortened, 0);
    proxy_counts counts;
    proxy_get_counts(line.proxy, &counts);
    assert_int_equal(counts.passed, 0);
    relay_stop(&line);
}

static void only_chosen_subjects_meet_faults(void **state)
{
    const proxy_faults faults = {.subjects = "bad.", .drop = 1000};

    (void)state;
    relay line;
    relay_start(&line, &faults);
    tally seen;
    pass_all(&line, "good.bad.a", &seen);
    assert_int_equal(count_of(&seen, 1), MESSAGES);
    pass_all(&line, "bad.a", &seen);
    assert_int_equal(seen.count, 0);
    relay_stop(&line);
}

static void messages_are_lost_and_repeated(void **state)
{
    const proxy_faults faults = {.subjects = "bad.", .seed = 7, .drop = 200, .duplicate = 200};

    (void)state;
    relay line;
    relay_start(&line, &faults);
    tally seen;
    pass_all(&line, "bad.a", &seen);
    proxy_counts counts;
    proxy_get_counts(line.proxy, &counts);
    assert_int_equal(counts.dropped + counts.duplicated + counts.passed, MESSAGES);
    assert_between(counts.dropped, 40, 120);
    assert_between(counts.duplicated, 40, 120);
    assert_int_equal(count_of(&seen, 0), counts.dropped);
    assert_int_equal(count_of(&seen, 2), counts.duplicated);
    assert_int_equal(out_of_order(&seen), 0);
    relay_stop(&line);
}

static void messages_are_swapped_and_delayed(void **state)
{
    const proxy_faults swaps = {.subjects = "bad.", .seed = 7, .reorder = 200};
    const proxy_faults delays = {.subjects = "bad.", .seed = 7, .delay = 200, .max_delay_ms = 20};

    (void)state;
    relay line;
    relay_start(&line, &swaps);
    tally seen;
    pass_all(&line, "bad.a", &seen);
    proxy_counts counts;
    proxy_get_counts(line.proxy, &counts);
    assert_between(counts.reordered, 40, 120);
    assert_int_equal(count_of(&seen, 1), MESSAGES);
    assert_true(out_of_order(&seen) > 20);
    relay_stop(&line);

    relay_start(&line, &delays);
    pass_all(&line, "bad.a", &seen);
    proxy_get_counts(line.proxy, &counts);
    assert_between(counts.delayed, 40, 120);
    assert_int_equal(count_of(&seen, 1), MESSAGES);
    assert_true(out_of_order(&seen) > 0);
    relay_stop(&line);
}

/* The connection would break if a length were wrong. */
static void payloads_are_cut(void **state)
{
    const proxy_faults faults = {.subjects = "bad.", .seed = 7, .truncate = 300};

    (void)state;
    relay line;
    relay_start(&line, &faults);
    tally seen;
    pass_all(&line, "bad.a", &seen);
    proxy_counts counts;
    proxy_get_counts(line.proxy, &counts);
    assert_between(counts.truncated, 60, 180);
    assert_int_equal(seen.shortened, counts.truncated);
    assert_int_equal(natsConnection_Status(line.reader), NATS_CONN_STATUS_CONNECTED);
    relay_stop(&line);
}

static void the_same_seed_does_the_same(void **state)
{
    const proxy_faults faults = {.subjects = "bad.", .seed = 99, .drop = 300};

    (void)state;
    tally seen[2];
    for (int i = 0; i < 2; i++) {
        relay line;
        relay_start(&line, &faults);
        pass_all(&line, "bad.a", &seen[i]);
        relay_stop(&line);
    }
    assert_memory_equal(seen[0].times, seen[1].times, sizeof(seen[0].times));
}

static void a_black_hole_can_be_opened_and_shut(void **state)
{
    const proxy_faults faults = {.subjects = "bad."};

    (void)state;
    relay line;
    relay_start(&line, &faults);
    proxy_set_black_hole(line.proxy, true);
    tally seen;
    pass_all(&line, "bad.a", &seen);
    assert_int_equal(seen.count, 0);
    proxy_set_black_hole(line.proxy, false);
    pass_all(&line, "bad.a", &seen);
    assert_int_equal(count_of(&seen, 1), MESSAGES);
    relay_stop(&line);
}

static bool has_reconnected(void *data)
{
    natsStatistics *statistics = NULL;
    uint64_t reconnects = 0;
    relay *self = data;
    assert_int_equal(natsStatistics_Create(&statistics), NATS_OK);
    assert_int_equal(natsConnection_GetStats(self->reader, statistics), NATS_OK);
    natsStatistics_GetCounts(statistics, NULL, NULL, NULL, NULL, &reconnects);
    natsStatistics_Destroy(statistics);
    return reconnects > 0 && natsConnection_Status(self->reader) == NATS_CONN_STATUS_CONNECTED;
}

static void cut_connections_are_made_again(void **state)
{
    (void)state;
    relay line;
    relay_start(&line, NULL);
    proxy_cut_connections(line.proxy);
    assert_true(eventually(has_reconnected, &line, WAIT_MS));
    assert_int_equal(natsConnection_Flush(line.reader), NATS_OK);
    tally seen;
    pass_all(&line, "bad.a", &seen);
    assert_int_equal(count_of(&seen, 1), MESSAGES);
    relay_stop(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_faults_everything_passes),
        cmocka_unit_test(only_chosen_subjects_meet_faults),
        cmocka_unit_test(messages_are_lost_and_repeated),
        cmocka_unit_test(messages_are_swapped_and_delayed),
        cmocka_unit_test(payloads_are_cut),
        cmocka_unit_test(the_same_seed_does_the_same),
        cmocka_unit_test(a_black_hole_can_be_opened_and_shut),
        cmocka_unit_test(cut_connections_are_made_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
