/*
 * Infos of objects are written by whoever may write to the bucket. What another client has written
 * must be read as it meant it; what a stranger has written must not make us remove or read what is
 * another object's, take memory, or crash. What we write must be what other clients expect.
 */
#include "unit/cmocka_test.h"

#include "store/object_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static natsmicro_status read_text(nm_object_info *info, const char *json, nm_error *error)
{
    /* A copy without a NUL behind it, so that reading on is found. */
    size_t length = strlen(json);
    char *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, json, length);
    natsmicro_status status =
        nm_object_info_read(info, (nm_bytes){copy, length}, "bucket \"b\", object \"o\"", error);
    free(copy);
    return status;
}

static void assert_read(nm_object_info *info, const char *json)
{
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = read_text(info, json, &error);
    if (status != NATSMICRO_OK)
        fail_msg("%s: %s", json, nm_error_text(&error));
    nm_error_free(&error);
}

static void assert_refused(const char *json)
{
    nm_object_info info = {.size = 0};
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = read_text(&info, json, &error);
    if (status != NATSMICRO_INTERNAL)
        fail_msg("%.80s was read", json);
    assert_non_null(
        strstr(nm_error_text(&error), "bucket \"b\", object \"o\": its info cannot be read: "));
    assert_string_equal(info.nuid, "");
    assert_null(info.link_name);
    nm_error_free(&error);
}

/* As nats.go has written it. */
static void an_info_of_another_client_is_read(void **state)
{
    (void)state;
    nm_object_info info = {.size = 0};
    assert_read(&info, "{\"name\":\"a/b\",\"description\":\"d\",\"headers\":{\"k\":[\"v\",\"w\"]},"
                       "\"metadata\":{\"m\":\"n\"},\"options\":{\"max_chunk_size\":131072},"
                       "\"bucket\":\"b\",\"nuid\":\"CkuyLEX4z2hbyjj1aWCfiH\",\"size\":344000,"
                       "\"mtime\":\"0001-01-01T00:00:00Z\",\"chunks\":3,"
                       "\"digest\":\"SHA-256=-_8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=\"}");
    assert_string_equal(info.nuid, "CkuyLEX4z2hbyjj1aWCfiH");
    assert_int_equal(info.size, 344000);
    assert_int_equal(info.chunks, 3);
    assert_true(info.has_digest);
    assert_int_equal(info.digest[0], 0xfb);
    assert_int_equal(info.digest[1], 0xff);
    assert_int_equal(info.digest[31], 1);
    assert_false(info.deleted || info.is_link);
    nm_object_info_free(&info);
}

static void a_deleted_object_is_told(void **state)
{
    (void)state;
    nm_object_info info = {.size = 0};
    assert_read(&info, "{\"name\":\"a\",\"nuid\":\"n\",\"size\":0,\"chunks\":0,\"deleted\":true}");
    assert_true(info.deleted);
    assert_read(&info, "{\"name\":\"a\",\"nuid\":\"n\",\"deleted\":false}");
    assert_false(info.deleted);
    nm_object_info_free(&info);
}

static void members_that_are_missing_are_zero(void **state)
{
    (void)state;
    nm_object_info info = {.size = 7};
    assert_read(&info, "{}");
    assert_string_equal(info.nuid, "");
    assert_int_equal(info.size, 0);
    assert_int_equal(info.chunks, 0);
    assert_false(info.has_digest || info.deleted || info.is_link);
    assert_read(&info, "{\"nuid\":null,\"size\":null,\"chunks\":null,\"digest\":null,"
                       "\"deleted\":null,\"options\":null}");
    assert_read(&info, "{\"options\":{\"link\":null}}");
    assert_false(info.is_link);
}

static void links_are_read(void **state)
{
    (void)state;
    nm_object_info info = {.size = 0};
    assert_read(&info, "{\"options\":{\"link\":{\"bucket\":\"other\",\"name\":\"x y\"}}}");
    assert_true(info.is_link);
    assert_string_equal(info.link_bucket, "other");
    assert_string_equal(info.link_name, "x y");
    assert_read(&info, "{\"options\":{\"link\":{\"bucket\":\"other\"}}}");
    assert_true(info.is_link);
    assert_null(info.link_name);
    nm_object_info_free(&info);
}

/* A digest that cannot be checked is none; one that is cut must not be compared with. */
static void only_a_whole_sha_256_is_a_digest(void **state)
{
    static const char *const digests[] = {
        "",
        "SHA-256",
        "SHA-256=",
        "SHA-256=AAAA",
        "sha-256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "SHA-512=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "SHA-256=!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "SHA-256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "SHA-256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    (void)state;
    nm_object_info info = {.size = 0};
    char json[256];
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
        snprintf(json, sizeof(json), "{\"nuid\":\"n\",\"digest\":\"%s\"}", digests[i]);
        assert_read(&info, json);
        if (info.has_digest)
            fail_msg("%s was read", digests[i]);
    }
    /* Without padding, and in the other alphabet, it is one. */
    assert_read(&info, "{\"digest\":\"SHA-256=+/8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}");
    assert_true(info.has_digest);
    assert_read(&info, "{\"digest\":7}");
    assert_false(info.has_digest);
}

/* The chunks of a nuid are purged: one with a wildcard would be those of all objects. */
static void a_nuid_that_is_no_token_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"nuid\":\">\"}");
    assert_refused("{\"nuid\":\"*\"}");
    assert_refused("{\"nuid\":\"a.b\"}");
    assert_refused("{\"nuid\":\"a*\"}");
    assert_refused("{\"nuid\":\"a b\"}");
    assert_refused("{\"nuid\":\"a\\tb\"}");
    assert_refused("{\"nuid\":\"a\\r\\nPUB x 0\"}");
    assert_refused("{\"nuid\":\"a\\u0000b\"}");
    assert_refused("{\"nuid\":\"\xc3\xa4\"}");
    assert_refused("{\"nuid\":7}");
    assert_refused(
        "{\"nuid\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}");
}

static void a_link_that_leads_nowhere_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"options\":{\"link\":{}}}");
    assert_refused("{\"options\":{\"link\":7}}");
    assert_refused("{\"options\":{\"link\":{\"bucket\":\"a.b\",\"name\":\"x\"}}}");
    assert_refused("{\"options\":{\"link\":{\"bucket\":\"*\",\"name\":\"x\"}}}");
    assert_refused("{\"options\":{\"link\":{\"bucket\":\"$\",\"name\":\"x\"}}}");
    assert_refused("{\"options\":{\"link\":{\"bucket\":\"b\",\"name\":7}}}");
    char *json = calloc(1, 4096);
    assert_non_null(json);
    strcpy(json, "{\"options\":{\"link\":{\"bucket\":\"b\",\"name\":\"");
    memset(json + strlen(json), 'x', NM_KEY_LIMIT + 1);
    strcat(json, "\"}}}");
    assert_refused(json);
    free(json);
}

static void hostile_counts_are_refused(void **state)
{
    (void)state;
    assert_refused("{\"size\":-1}");
    assert_refused("{\"size\":9223372036854775808}");
    assert_refused("{\"size\":18446744073709551616}");
    assert_refused("{\"size\":1e400}");
    assert_refused("{\"size\":1.5}");
    assert_refused("{\"size\":\"7\"}");
    assert_refused("{\"size\":[7]}");
    assert_refused("{\"chunks\":-1}");
    assert_refused("{\"chunks\":true}");
    nm_object_info info = {.size = 0};
    assert_read(&info, "{\"size\":9223372036854775807,\"chunks\":9223372036854775807}");
    assert_true(info.size == INT64_MAX);
}

static void what_is_no_info_is_refused(void **state)
{
    static const char *const texts[] = {
        "",    "7",       "\"x\"", "[]",           "null", "{",
        "{}x", "{\"a\"}", "\xff",  "{\"\xff\":1}", "nul",  "{\"a\":\"\xff\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_refused(texts[i]);
}

/* Each of these would take a hundred megabytes, or a stack. */
static void a_bomb_is_refused(void **state)
{
    (void)state;
    size_t length = 900 * 1024;
    char *json = malloc(length + 1);
    assert_non_null(json);
    memset(json, '[', length);
    json[length] = '\0';
    assert_refused(json);
    strcpy(json, "{\"metadata\":[");
    for (size_t at = strlen(json); at + 3 <= length; at += 3)
        memcpy(json + at, "{},", 3);
    assert_refused(json);
    free(json);
    length = 1024 * 1024 + 1;
    json = malloc(length + 1);
    assert_non_null(json);
    memset(json, ' ', length);
    memcpy(json, "{}", 2);
    json[length] = '\0';
    assert_refused(json);
    free(json);
}

static void what_is_written_is_what_others_write(void **state)
{
    (void)state;
    nm_object_info info = {.size = 131073, .chunks = 2, .has_digest = true};
    strcpy(info.nuid, "0123456789ABCDEFGHIJkl");
    info.digest[0] = 0xfb;
    info.digest[1] = 0xff;
    nm_buffer json = NM_BUFFER_INIT;
    nm_object_info_write(&json, "b", "a \"b\"\n", &info, 131072);
    assert_string_equal(nm_buffer_string(&json),
                        "{\"name\":\"a \\\"b\\\"\\n\",\"options\":{\"max_chunk_size\":131072},"
                        "\"bucket\":\"b\",\"nuid\":\"0123456789ABCDEFGHIJkl\",\"size\":131073,"
                        "\"mtime\":\"0001-01-01T00:00:00Z\",\"chunks\":2,"
                        "\"digest\":\"SHA-256=-_8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}");
    nm_object_info back = {.size = 0};
    assert_read(&back, nm_buffer_string(&json));
    assert_string_equal(back.nuid, info.nuid);
    assert_int_equal(back.size, info.size);
    assert_int_equal(back.chunks, info.chunks);
    assert_memory_equal(back.digest, info.digest, sizeof(info.digest));
    nm_object_info_free(&back);
    nm_buffer_free(&json);
}

static void names_become_one_token(void **state)
{
    (void)state;
    nm_buffer subject = NM_BUFFER_INIT;
    nm_object_info_subject(&subject, "b", "a.b > *\n\xc3\xbf?");
    assert_string_equal(nm_buffer_string(&subject), "$O.b.M.YS5iID4gKgrDvz8=");
    nm_buffer_reset(&subject);
    nm_object_chunks_subject(&subject, "b", "n");
    assert_string_equal(nm_buffer_string(&subject), "$O.b.C.n");
    nm_buffer_free(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_info_of_another_client_is_read),
        cmocka_unit_test(a_deleted_object_is_told),
        cmocka_unit_test(members_that_are_missing_are_zero),
        cmocka_unit_test(links_are_read),
        cmocka_unit_test(only_a_whole_sha_256_is_a_digest),
        cmocka_unit_test(a_nuid_that_is_no_token_is_refused),
        cmocka_unit_test(a_link_that_leads_nowhere_is_refused),
        cmocka_unit_test(hostile_counts_are_refused),
        cmocka_unit_test(what_is_no_info_is_refused),
        cmocka_unit_test(a_bomb_is_refused),
        cmocka_unit_test(what_is_written_is_what_others_write),
        cmocka_unit_test(names_become_one_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
