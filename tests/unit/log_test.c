/* A line of the log must be one line, whatever its parts hold, and its level what was asked for. */
#include "unit/cmocka_test.h"

#include "base/log.h"
#include "support/captured.h"

#include <stdlib.h>
#include <string.h>

static captured lines;

static void a_line_holds_what_is_known(void **state)
{
    (void)state;
    captured_begin(&lines);
    nm_log(NATSMICRO_LOG_INFO, "a.b", "abcdefgh", "text %d", 7);
    nm_log(NATSMICRO_LOG_ERROR, NULL, "", "alone");
    captured_end(&lines);
    assert_int_equal(2, captured_count(&lines, "\n"));
    assert_non_null(strstr(lines.text, "Z info a.b abcdefgh text 7\n"));
    assert_non_null(strstr(lines.text, "Z error - - alone\n"));
}

static void other_bytes_are_escaped(void **state)
{
    (void)state;
    captured_begin(&lines);
    nm_log(NATSMICRO_LOG_DEBUG, "a\nb", NULL, "\x1b[0m\xc3\xa4\x7f");
    captured_end(&lines);
    assert_non_null(strstr(lines.text, " debug a\\x0ab - \\x1b[0m\\xc3\\xa4\\x7f\n"));
}

static void a_long_line_is_cut(void **state)
{
    (void)state;
    char text[3000];
    memset(text, '\n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    captured_begin(&lines);
    nm_log(NATSMICRO_LOG_INFO, text, NULL, "%s", text);
    captured_end(&lines);
    assert_true(strlen(lines.text) < 1024);
    assert_int_equal(1, captured_count(&lines, "\n"));
}

static natsmicro_log_level chosen(natsmicro_log_level option, const char *value)
{
    if (value != NULL)
        assert_int_equal(0, setenv("NATSMICRO_LOG", value, 1));
    else
        assert_int_equal(0, unsetenv("NATSMICRO_LOG"));
    return nm_log_choose(option);
}

static void the_option_goes_before_the_environment(void **state)
{
    (void)state;
    assert_int_equal(NATSMICRO_LOG_OFF, chosen(NATSMICRO_LOG_DEFAULT, NULL));
    assert_int_equal(NATSMICRO_LOG_OFF, chosen(NATSMICRO_LOG_DEFAULT, ""));
    assert_int_equal(NATSMICRO_LOG_ERROR, chosen(NATSMICRO_LOG_DEFAULT, "error"));
    assert_int_equal(NATSMICRO_LOG_INFO, chosen(NATSMICRO_LOG_DEFAULT, "info"));
    assert_int_equal(NATSMICRO_LOG_DEBUG, chosen(NATSMICRO_LOG_DEFAULT, "debug"));
    assert_int_equal(NATSMICRO_LOG_OFF, chosen(NATSMICRO_LOG_OFF, "debug"));
    assert_int_equal(NATSMICRO_LOG_INFO, chosen(NATSMICRO_LOG_INFO, NULL));
}

static void an_id_is_the_beginning_of_the_last_token(void **state)
{
    (void)state;
    char id[NM_LOG_ID_SIZE];
    nm_log_id(id, "_INBOX.client.abcdefghijkl");
    assert_string_equal("abcdefgh", id);
    nm_log_id(id, "x");
    assert_string_equal("x", id);
    nm_log_id(id, NULL);
    assert_string_equal("", id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_holds_what_is_known),
        cmocka_unit_test(other_bytes_are_escaped),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(the_option_goes_before_the_environment),
        cmocka_unit_test(an_id_is_the_beginning_of_the_last_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
