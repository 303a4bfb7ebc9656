/*
 * The header that offers a reliable stream. If it is misread, the two sides speak different
 * protocols.
 */
#include "unit/cmocka_test.h"

#include "wire/offer.h"

#include <string.h>

static void an_offer_is_read_as_it_was_written(void **state)
{
    const nm_stream_offer offer = {
        .messages = 65536, .bytes = 4194304, .has_timeout = true, .timeout_ms = 5000};
    const nm_stream_offer largest = {UINT64_C(1) << 62, UINT64_C(1) << 62, true, UINT64_C(1) << 62};

    (void)state;
    char text[NM_STREAM_OFFER_SIZE];
    nm_stream_offer_format(&offer, text);
    assert_string_equal(text, "1; messages=65536; bytes=4194304; timeout=5000");
    nm_stream_offer read;
    assert_true(nm_stream_offer_read(text, &read));
    assert_true(read.messages == 65536 && read.bytes == 4194304);
    assert_true(read.has_timeout && read.timeout_ms == 5000);
    nm_stream_offer_format(&largest, text);
    assert_true(nm_stream_offer_read(text, &read));
    assert_true(read.bytes == UINT64_C(1) << 62 && read.timeout_ms == UINT64_C(1) << 62);
    nm_stream_offer_format(&(nm_stream_offer){.messages = 1, .bytes = 2}, text);
    assert_string_equal(text, "1; messages=1; bytes=2");
    assert_true(nm_stream_offer_read(text, &read));
    assert_false(read.has_timeout);
}

/* Other implementations, and later versions of this one, may write it differently. */
static void order_blanks_and_unknown_parameters_do_not_matter(void **state)
{
    (void)state;
    nm_stream_offer offer;
    assert_true(
        nm_stream_offer_read(" 1 ;bytes=2;\tmessages=1 ; colour=red; x; messagesx=z;", &offer));
    assert_true(offer.messages == 1 && offer.bytes == 2 && !offer.has_timeout);
    assert_true(nm_stream_offer_read("1; messages=0; bytes=0; timeout=0", &offer));
    assert_true(offer.has_timeout && offer.timeout_ms == 0);
}

static void what_is_no_offer_is_none(void **state)
{
    static const char *const values[] = {
        "",
        "1",
        "2; messages=1; bytes=2",
        "1.0; messages=1; bytes=2",
        "messages=1; bytes=2",
        "1 messages=1; bytes=2",
        "1; messages=1",
        "1; bytes=1",
        "1; messages=; bytes=2",
        "1; messages=-1; bytes=2",
        "1; messages=+1; bytes=2",
        "1; messages= 1; bytes=2",
        "1; messages=1x; bytes=2",
        "1; messages=0x1; bytes=2",
        "1; messages=1; bytes=4611686018427387905",
        "1; messages=99999999999999999999999; bytes=2",
        "1; messages=1; bytes=2; messages=1",
        "1; messages=1; bytes=2; timeout=soon",
        "1; messages=1; bytes=2; timeout=1; timeout=1",
        "1, messages=1, bytes=2",
        "1; Messages=1; bytes=2",
    };

    (void)state;
    nm_stream_offer offer;
    assert_false(nm_stream_offer_read(NULL, &offer));
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        if (nm_stream_offer_read(values[i], &offer))
            fail_msg("\"%s\" was taken", values[i]);
}

static void a_service_accepts_with_the_version(void **state)
{
    (void)state;
    assert_true(nm_stream_acceptance_read(NM_STREAM_VERSION, NULL));
    assert_true(nm_stream_acceptance_read("1; anything", NULL));
    assert_false(nm_stream_acceptance_read(NULL, NULL));
    assert_false(nm_stream_acceptance_read("", NULL));
    assert_false(nm_stream_acceptance_read("2", NULL));
    assert_false(nm_stream_acceptance_read("11", NULL));
}

static void a_service_has_a_token(void **state)
{
    (void)state;
    char text[NM_STREAM_ACCEPTANCE_SIZE];
    nm_stream_acceptance_format("abcdefghijklmnopqrstuv", text);
    assert_string_equal("1; service=abcdefghijklmnopqrstuv", text);
    char service[NM_SERVICE_TOKEN_SIZE];
    assert_true(nm_stream_acceptance_read(text, service));
    assert_string_equal("abcdefghijklmnopqrstuv", service);
    assert_true(nm_stream_acceptance_read("1 ; x=1;  service=a=b ; service=c", service));
    assert_string_equal("a=b", service);
}

/* Then it cannot be told from another: as a service of an earlier version. */
static void a_token_that_cannot_be_kept_is_none(void **state)
{
    (void)state;
    char text[128] = "1; service=";
    size_t length = strlen(text);
    memset(text + length, 'x', NM_SERVICE_TOKEN_SIZE - 1);
    char service[NM_SERVICE_TOKEN_SIZE];
    assert_true(nm_stream_acceptance_read(text, service));
    assert_int_equal(NM_SERVICE_TOKEN_SIZE - 1, strlen(service));
    memset(text + length, 'x', NM_SERVICE_TOKEN_SIZE);
    assert_true(nm_stream_acceptance_read(text, service));
    assert_string_equal("", service);
    assert_true(nm_stream_acceptance_read("1; service=", service));
    assert_string_equal("", service);
    assert_false(nm_stream_acceptance_read("2; service=abc", service));
    assert_string_equal("", service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_is_read_as_it_was_written),
        cmocka_unit_test(order_blanks_and_unknown_parameters_do_not_matter),
        cmocka_unit_test(what_is_no_offer_is_none),
        cmocka_unit_test(a_service_accepts_with_the_version),
        cmocka_unit_test(a_service_has_a_token),
        cmocka_unit_test(a_token_that_cannot_be_kept_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
