/*
 * A subject that is missed lets a peer have the server answer to itself; one that is found and is
 * not there leaves a caller without an answer.
 */
#include "unit/cmocka_test.h"

#include "server/subjects.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define N_SUBJECTS 3000

typedef char subject[64];

static subject subjects[N_SUBJECTS];
static nm_subject_entry entries[N_SUBJECTS];

static void add_all(nm_subject_set *set)
{
    for (size_t i = 0; i < N_SUBJECTS; i++) {
        snprintf(subjects[i], sizeof(subjects[i]), "lab.v%zu.method_%zu", i % 7, i);
        assert_false(nm_subject_set_contains(set, subjects[i]));
        nm_subject_set_add(set, &entries[i], subjects[i]);
    }
}

static void subjects_are_found_once_they_are_added(void **state)
{
    (void)state;
    nm_subject_set set = {0};
    add_all(&set);
    for (size_t i = 0; i < N_SUBJECTS; i++) {
        subject copy;
        memcpy(copy, subjects[i], sizeof(copy));
        assert_true(nm_subject_set_contains(&set, copy));
    }
}

static void others_are_not_found(void **state)
{
    static const char *const others[] = {"",
                                         "l",
                                         "lab.v1",
                                         "lab.v1.method_",
                                         "lab.v2.method_1",
                                         "Lab.v1.method_1",
                                         "lab.v1.method_1.",
                                         "_INBOX.lab.v1.method_1"};

    (void)state;
    nm_subject_set set = {0};
    add_all(&set);
    assert_true(nm_subject_set_contains(&set, "lab.v1.method_1"));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(nm_subject_set_contains(&set, others[i]));
}

/* Equal in length and in the eight bytes at both ends. */
static void subjects_that_look_alike_are_told_apart(void **state)
{
    (void)state;
    nm_subject_set set = {0};
    nm_subject_entry a;
    nm_subject_set_add(&set, &a, "warehouse.a.get_items");
    assert_true(nm_subject_set_contains(&set, "warehouse.a.get_items"));
    assert_false(nm_subject_set_contains(&set, "warehouse.b.get_items"));
    nm_subject_entry b;
    nm_subject_set_add(&set, &b, "warehouse.b.get_items");
    assert_true(nm_subject_set_contains(&set, "warehouse.a.get_items"));
    assert_true(nm_subject_set_contains(&set, "warehouse.b.get_items"));
}

static void *look_up_until_the_last(void *set)
{
    while (!nm_subject_set_contains(set, "lab.v3.method_2999"))
        if (nm_subject_set_contains(set, "_INBOX.abc"))
            return NULL;
    for (size_t i = 0; i < N_SUBJECTS; i++)
        if (!nm_subject_set_contains(set, subjects[i]))
            return NULL;
    return set;
}

static void a_service_may_be_added_while_frames_come(void **state)
{
    (void)state;
    static nm_subject_set set;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, look_up_until_the_last, &set), 0);
    add_all(&set);
    void *found = NULL;
    pthread_join(thread, &found);
    assert_non_null(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects_are_found_once_they_are_added),
        cmocka_unit_test(others_are_not_found),
        cmocka_unit_test(subjects_that_look_alike_are_told_apart),
        cmocka_unit_test(a_service_may_be_added_while_frames_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
