/*
 * A peer must not be able to make us publish to any subject that it likes.
 */
#include "unit/cmocka_test.h"

#include "wire/subject.h"

#include <string.h>

static void literal_subjects(void **state)
{
    (void)state;
    assert_true(nm_subject_is_literal("a"));
    assert_true(nm_subject_is_literal("_INBOX.abc.1"));
    assert_true(nm_subject_is_literal("_R_.x.y"));
    assert_true(nm_subject_is_literal("gr\xc3\xbc\xc3\x9f.e"));
}

static void what_is_no_literal_subject(void **state)
{
    (void)state;
    assert_false(nm_subject_is_literal(NULL));
    assert_false(nm_subject_is_literal(""));
    assert_false(nm_subject_is_literal("."));
    assert_false(nm_subject_is_literal(".a"));
    assert_false(nm_subject_is_literal("a."));
    assert_false(nm_subject_is_literal("a..b"));
    assert_false(nm_subject_is_literal("a.*"));
    assert_false(nm_subject_is_literal("a.>"));
    assert_false(nm_subject_is_literal("a.b*"));
    assert_false(nm_subject_is_literal("a b"));
    assert_false(nm_subject_is_literal("a\tb"));
    assert_false(nm_subject_is_literal("a\r\nPUB b 0"));
    assert_false(nm_subject_is_literal("a\x7f"));
    assert_false(nm_subject_is_literal("a\xff"));
}

static void a_subject_has_at_most_1024_bytes(void **state)
{
    (void)state;
    char subject[1026];
    memset(subject, 'a', sizeof(subject));
    subject[1025] = '\0';
    assert_false(nm_subject_is_literal(subject));
    subject[1024] = '\0';
    assert_true(nm_subject_is_literal(subject));
}

static void a_header_names_inboxes_only(void **state)
{
    static const char *const prefixes[] = {"_INBOX.", "_mine.", NULL};
    static const char *const none[] = {NULL};

    (void)state;
    assert_true(nm_subject_from_header_is_allowed("_INBOX.abc", prefixes));
    assert_true(nm_subject_from_header_is_allowed("_mine.abc.d", prefixes));
    assert_false(nm_subject_from_header_is_allowed("_INBOX.", prefixes));
    assert_false(nm_subject_from_header_is_allowed("_INBOX", prefixes));
    assert_false(nm_subject_from_header_is_allowed("_inbox.abc", prefixes));
    assert_false(nm_subject_from_header_is_allowed("$SYS.REQ.SERVER.PING", prefixes));
    assert_false(nm_subject_from_header_is_allowed("orders.delete", prefixes));
    assert_false(nm_subject_from_header_is_allowed("_INBOX.>", prefixes));
    assert_false(nm_subject_from_header_is_allowed("_INBOX.a\r\nb", prefixes));
    assert_false(nm_subject_from_header_is_allowed("_INBOX.a", none));
    assert_false(nm_subject_from_header_is_allowed("_INBOX.a", NULL));
    assert_false(nm_subject_from_header_is_allowed(NULL, prefixes));
}

static void a_reply_is_not_the_systems(void **state)
{
    (void)state;
    assert_true(nm_subject_reply_is_allowed("_R_.abc.1"));
    assert_true(nm_subject_reply_is_allowed("anything"));
    assert_false(nm_subject_reply_is_allowed("$JS.API.STREAM.DELETE.x"));
    assert_false(nm_subject_reply_is_allowed("a.*"));
    assert_false(nm_subject_reply_is_allowed(NULL));
    assert_false(nm_subject_reply_is_allowed(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literal_subjects),
        cmocka_unit_test(what_is_no_literal_subject),
        cmocka_unit_test(a_subject_has_at_most_1024_bytes),
        cmocka_unit_test(a_header_names_inboxes_only),
        cmocka_unit_test(a_reply_is_not_the_systems),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
