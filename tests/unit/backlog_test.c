/*
 * The backlog of a server decides who is served next and who is refused. A fault here serves a
 * later request first, lets one method or the streams take every worker, or refuses a request for
 * which a worker is free.
 */
#include "unit/cmocka_test.h"

#include "server/backlog.h"

#include <string.h>

/* Messages are only handed through: their addresses tell them apart. */
static char bytes[64];

static natsMsg *message(size_t number)
{
    return (natsMsg *)(void *)&bytes[number];
}

typedef struct room {
    nm_backlog backlog;
    nm_pool_source quick; /* unary */
    nm_pool_source other; /* unary */
    nm_pool_source streams;
} room;

static void set_up(room *self, const nm_share *all, const nm_share *streams)
{
    memset(self, 0, sizeof(*self));
    self->quick.is_unary = self->other.is_unary = true;
    assert_true(nm_backlog_init(&self->backlog, all, streams));
}

static bool add(room *self, nm_pool_source *source, size_t number)
{
    const nm_pool_request request = {.source = source,
                                     .message = message(number),
                                     .size = 10,
                                     .arrived = (int64_t)number,
                                     .prepared = true};
    return nm_backlog_add(&self->backlog, &request) != NM_BACKLOG_FULL;
}

static void assert_takes(room *self, nm_pool_source *source, size_t number)
{
    assert_true(nm_backlog_may_take(&self->backlog));
    nm_pool_request request;
    assert_true(nm_backlog_take(&self->backlog, &request));
    assert_ptr_equal(message(number), request.message);
    assert_ptr_equal(source, request.source);
    assert_int_equal(number, request.arrived);
}

static void assert_takes_none(room *self)
{
    assert_false(nm_backlog_may_take(&self->backlog));
    assert_int_equal(0, nm_backlog_next(&self->backlog));
    nm_pool_request request;
    assert_false(nm_backlog_take(&self->backlog, &request));
}

static void requests_of_all_sources_are_taken_in_the_order_of_arrival(void **state)
{
    (void)state;
    room self;
    set_up(&self, &(nm_share){.max_running = 8, .max_waiting = 8}, &(nm_share){0});
    assert_true(add(&self, &self.quick, 0));
    assert_true(add(&self, &self.streams, 1));
    assert_true(add(&self, &self.other, 2));
    assert_true(add(&self, &self.quick, 3));
    uint64_t first = nm_backlog_next(&self.backlog);
    assert_takes(&self, &self.quick, 0);
    assert_true(nm_backlog_next(&self.backlog) > first);
    assert_takes(&self, &self.streams, 1);
    assert_takes(&self, &self.other, 2);
    assert_true(add(&self, &self.streams, 4));
    assert_takes(&self, &self.quick, 3);
    assert_takes(&self, &self.streams, 4);
    assert_takes_none(&self);
    assert_int_equal(5, self.backlog.all.running);
    nm_backlog_free(&self.backlog);
}

static void what_a_worker_is_free_for_does_not_count_as_waiting(void **state)
{
    (void)state;
    room self;
    set_up(&self, &(nm_share){.max_running = 3, .max_waiting = 1}, &(nm_share){0});
    for (size_t i = 0; i < 4; i++)
        assert_true(add(&self, &self.quick, i));
    assert_false(add(&self, &self.quick, 4));
    for (size_t i = 0; i < 3; i++)
        assert_takes(&self, &self.quick, i);
    assert_takes_none(&self);
    assert_false(add(&self, &self.quick, 4));
    nm_backlog_ended(&self.backlog, &self.quick);
    assert_true(add(&self, &self.quick, 5));
    assert_takes(&self, &self.quick, 3);
    nm_backlog_free(&self.backlog);
}

static void a_source_has_limits_of_its_own(void **state)
{
    (void)state;
    room self;
    set_up(&self, &(nm_share){.max_running = 4, .max_waiting = 8}, &(nm_share){0});
    self.quick.share = (nm_share){.max_running = 1, .max_waiting = 2};
    for (size_t i = 0; i < 3; i++)
        assert_true(add(&self, &self.quick, i));
    assert_false(add(&self, &self.quick, 3));
    assert_true(add(&self, &self.other, 4));
    assert_takes(&self, &self.quick, 0);
    assert_takes(&self, &self.other, 4); /* passes those whose method may not run more */
    assert_takes_none(&self);
    nm_backlog_ended(&self.backlog, &self.quick);
    assert_takes(&self, &self.quick, 1);
    nm_backlog_free(&self.backlog);
}

static void bytes_are_limited_where_requests_wait(void **state)
{
    (void)state;
    room self;
    set_up(&self, &(nm_share){.max_running = 1, .max_waiting = 8, .max_waiting_bytes = 25},
           &(nm_share){0});
    assert_true(add(&self, &self.quick, 0));
    assert_takes(&self, &self.quick, 0);
    assert_true(add(&self, &self.quick, 1));
    assert_true(add(&self, &self.other, 2));
    assert_false(add(&self, &self.other, 3));
    nm_backlog_ended(&self.backlog, &self.quick);
    assert_takes(&self, &self.quick, 1);
    assert_true(add(&self, &self.other, 3));
    assert_int_equal(20, self.backlog.all.waiting_bytes);
    nm_backlog_free(&self.backlog);
}

static void streams_leave_workers_and_room_to_others(void **state)
{
    (void)state;
    room self;
    set_up(&self, &(nm_share){.max_running = 4, .max_waiting = 4},
           &(nm_share){.max_running = 3, .max_waiting = 3});
    nm_backlog_open(&self.backlog, &self.streams);
    nm_backlog_open(&self.backlog, &self.quick);
    size_t number = 0;
    while (add(&self, &self.streams, number))
        number++;
    assert_int_equal(6, number); /* three that run soon, three that wait */
    for (size_t i = 0; i < 3; i++)
        assert_takes(&self, &self.streams, i);
    assert_takes_none(&self);
    assert_false(add(&self, &self.streams, number));
    assert_true(add(&self, &self.quick, 20));
    assert_takes(&self, &self.quick, 20);
    assert_true(add(&self, &self.quick, 21));
    assert_takes_none(&self);
    nm_backlog_ended(&self.backlog, &self.streams);
    assert_takes(&self, &self.streams, 3);
    nm_backlog_free(&self.backlog);
}

static void streams_alone_take_all_workers_until_others_come(void **state)
{
    (void)state;
    room self;
    set_up(&self, &(nm_share){.max_running = 2, .max_waiting = 4},
           &(nm_share){.max_running = 1, .max_waiting = 3});
    nm_backlog_open(&self.backlog, &self.streams);
    for (size_t i = 0; i < 3; i++)
        assert_true(add(&self, &self.streams, i));
    assert_takes(&self, &self.streams, 0);
    assert_takes(&self, &self.streams, 1);
    nm_backlog_open(&self.backlog, &self.quick);
    assert_true(add(&self, &self.quick, 3));
    nm_backlog_ended(&self.backlog, &self.streams);
    assert_takes(&self, &self.quick, 3);
    assert_takes_none(&self);
    nm_backlog_free(&self.backlog);
}

static void what_waits_can_be_taken_whatever_runs(void **state)
{
    (void)state;
    room self;
    set_up(&self, &(nm_share){.max_running = 1, .max_waiting = 4}, &(nm_share){0});
    for (size_t i = 0; i < 3; i++)
        assert_true(add(&self, i == 1 ? &self.streams : &self.quick, i));
    assert_takes(&self, &self.quick, 0);
    assert_takes_none(&self);
    nm_pool_request request;
    for (size_t i = 1; i < 3; i++) {
        assert_true(nm_backlog_take_any(&self.backlog, &request));
        assert_ptr_equal(message(i), request.message);
    }
    assert_false(nm_backlog_take_any(&self.backlog, &request));
    assert_int_equal(1, self.backlog.all.running);
    assert_int_equal(0, self.backlog.all.waiting);
    assert_int_equal(0, self.backlog.all.waiting_bytes);
    nm_backlog_free(&self.backlog);
}

/* A call is kept alive meanwhile, so whoever adds it must know before. */
static void a_request_that_has_to_wait_is_prepared_first(void **state)
{
    (void)state;
    room self;
    set_up(&self, &(nm_share){.max_running = 1, .max_waiting = 1}, &(nm_share){0});
    nm_pool_request request = {.source = &self.streams, .message = message(0)};
    assert_int_equal(NM_BACKLOG_SOON, nm_backlog_add(&self.backlog, &request));
    assert_int_equal(0, self.backlog.kept_waiting);
    request.message = message(1);
    assert_int_equal(NM_BACKLOG_UNPREPARED, nm_backlog_add(&self.backlog, &request));
    assert_int_equal(1, self.backlog.all.waiting);
    request.prepared = true;
    assert_int_equal(NM_BACKLOG_WAITS, nm_backlog_add(&self.backlog, &request));
    assert_int_equal(1, self.backlog.kept_waiting);
    request.prepared = false;
    assert_int_equal(NM_BACKLOG_FULL, nm_backlog_add(&self.backlog, &request));
    assert_takes(&self, &self.streams, 0);
    nm_backlog_ended(&self.backlog, &self.streams);
    nm_pool_request taken;
    assert_true(nm_backlog_take(&self.backlog, &taken));
    assert_int_equal(0, self.backlog.kept_waiting);
    nm_backlog_free(&self.backlog);
}

static void add_with_ticket(room *self, size_t number, void **ticket)
{
    const nm_pool_request request = {.source = &self->streams,
                                     .message = message(number),
                                     .size = 10,
                                     .arrived = (int64_t)number,
                                     .prepared = true,
                                     .ticket = ticket};
    assert_true(nm_backlog_add(&self->backlog, &request) != NM_BACKLOG_FULL);
}

static void assert_withdraws(room *self, void **ticket, size_t number)
{
    nm_pool_request request;
    assert_true(nm_backlog_withdraw(&self->backlog, ticket, &request));
    assert_ptr_equal(message(number), request.message);
    assert_false(nm_backlog_withdraw(&self->backlog, ticket, &request));
}

static void a_request_can_be_withdrawn_from_any_place(void **state)
{
    (void)state;
    room self;
    set_up(&self, &(nm_share){.max_running = 9, .max_waiting = 9}, &(nm_share){0});
    void *tickets[6] = {NULL};
    for (size_t i = 0; i < 6; i++)
        add_with_ticket(&self, i, &tickets[i]);
    assert_withdraws(&self, &tickets[2], 2); /* between others */
    assert_withdraws(&self, &tickets[5], 5); /* the last */
    assert_withdraws(&self, &tickets[0], 0); /* the first */
    add_with_ticket(&self, 6, &tickets[0]);
    assert_takes(&self, &self.streams, 1);
    assert_null(tickets[1]); /* a worker has it */
    assert_takes(&self, &self.streams, 3);
    assert_withdraws(&self, &tickets[4], 4);
    assert_withdraws(&self, &tickets[0], 6); /* the only one */
    assert_takes_none(&self);
    assert_int_equal(0, self.backlog.all.waiting);
    assert_int_equal(0, self.backlog.all.waiting_bytes);
    assert_int_equal(2, self.backlog.all.running);
    add_with_ticket(&self, 7, &tickets[0]);
    assert_takes(&self, &self.streams, 7);
    nm_backlog_free(&self.backlog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_all_sources_are_taken_in_the_order_of_arrival),
        cmocka_unit_test(what_a_worker_is_free_for_does_not_count_as_waiting),
        cmocka_unit_test(a_source_has_limits_of_its_own),
        cmocka_unit_test(bytes_are_limited_where_requests_wait),
        cmocka_unit_test(streams_leave_workers_and_room_to_others),
        cmocka_unit_test(streams_alone_take_all_workers_until_others_come),
        cmocka_unit_test(what_waits_can_be_taken_whatever_runs),
        cmocka_unit_test(a_request_that_has_to_wait_is_prepared_first),
        cmocka_unit_test(a_request_can_be_withdrawn_from_any_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
