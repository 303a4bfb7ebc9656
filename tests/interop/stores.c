/*
 * Stores: see stores.h. A peer prints a value as its revision, and in a history its operation, and
 * its bytes in hexadecimal digits; an object as its size, the SHA-256 of what it read, and its
 * digest.
 */
#include "interop/stores.h"

#include "interop/depot.h"
#include "support/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What Mark, a method whose store is the client's alone, has. */
#define BUCKET  "depot_mark"
#define OBJECTS "depot_marks"

#define TEXT_SIZE 1024

static const char *peer;
static size_t large_size;
static size_t n_names;
static const char *program;

static int open_depot(void **state)
{
    static depot self;
    depot_open(&self, program);
    *state = &self;
    return 0;
}

static int close_depot(void **state)
{
    depot_close(*state);
    return 0;
}

/* ---- key-value buckets ---- */

static void make_bucket(depot *self, const char *bucket)
{
    assert_string_equal("", depot_peer(self, peer, "kv-make", (char *)(uintptr_t)bucket, "5"));
}

static natsmicro_status put(depot *self, const char *key, const char *text)
{
    Depot__V1__Kept kept = DEPOT__V1__KEPT__INIT;
    kept.text = (char *)(uintptr_t)text;
    return depot__v1__depot_client__mark__put_to_kv(self->client, key, &kept, self->context);
}

static void assert_got(depot *self, const char *key, const char *text)
{
    Depot__V1__Kept *kept;
    assert_kept(text,
                depot__v1__depot_client__mark__get_from_kv(self->client, key, self->context, &kept),
                &kept);
}

static void assert_nothing(depot *self, const char *key)
{
    Depot__V1__Kept *kept;
    assert_status(NATSMICRO_NOT_FOUND, depot__v1__depot_client__mark__get_from_kv(
                                           self->client, key, self->context, &kept));
    assert_null(kept);
}

/* Fails the test unless the peer sees "1 put <text>; 2 purge", with texts in place of digits. */
static void assert_history(depot *self, const char *key, const char *expected)
{
    char seen[TEXT_SIZE] = "";
    char lines[TEXT_SIZE];
    snprintf(lines, sizeof(lines), "%s",
             depot_peer(self, peer, "kv-history", BUCKET, (char *)(uintptr_t)key));
    char *rest = NULL;
    for (char *line = strtok_r(lines, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *value = strrchr(line, ' ') + 1;
        char text[64] = "";
        assert_true(strlen(value) / 2 < sizeof(text));
        for (size_t i = 2; i < strlen(value) / 2; i++) { /* after tag and length */
            char digits[3] = {value[2 * i], value[2 * i + 1], '\0'};
            text[i - 2] = (char)strtol(digits, NULL, 16);
        }
        snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s%.*s%s",
                 seen[0] != '\0' ? "; " : "", (int)(value - line), line, text);
    }
    assert_string_equal(expected, seen);
}

static void values_of_c_are_the_peers(void **state)
{
    depot *self = *state;
    make_bucket(self, BUCKET);
    assert_ok(put(self, "a-b/c_d=e.F.9", "one"));
    char hex[100];
    depot_hex("one", hex, sizeof(hex));
    char expected[TEXT_SIZE];
    snprintf(expected, sizeof(expected), "1 %s", hex);
    assert_string_equal(expected, depot_peer(self, peer, "kv-get", BUCKET, "a-b/c_d=e.F.9"));
    /* An empty message has no bytes, and is a value nevertheless. */
    assert_ok(put(self, "empty", ""));
    assert_string_equal("2 ", depot_peer(self, peer, "kv-get", BUCKET, "empty"));
    assert_got(self, "empty", "");
    assert_string_equal("error: exists", depot_peer(self, peer, "kv-create", BUCKET, "empty", hex));
}

static void values_of_the_peer_are_cs(void **state)
{
    depot *self = *state;
    make_bucket(self, BUCKET);
    assert_nothing(self, "key");
    char hex[TEXT_SIZE];
    depot_hex("theirs", hex, sizeof(hex));
    assert_string_equal("1", depot_peer(self, peer, "kv-put", BUCKET, "key", hex));
    assert_got(self, "key", "theirs");
    assert_string_equal("2", depot_peer(self, peer, "kv-put", BUCKET, "key", ""));
    assert_got(self, "key", "");
    depot_hex("again", hex, sizeof(hex));
    assert_string_equal("3", depot_peer(self, peer, "kv-update", BUCKET, "key", hex, "2"));
    assert_got(self, "key", "again");
    assert_string_equal("4", depot_peer(self, peer, "kv-put", BUCKET, "other.key", "ff"));
    Depot__V1__Kept *kept;
    assert_status(NATSMICRO_INTERNAL, depot__v1__depot_client__mark__get_from_kv(
                                          self->client, "other.key", self->context, &kept));
    assert_null(kept);
}

static void histories_are_one(void **state)
{
    depot *self = *state;
    make_bucket(self, BUCKET);
    assert_ok(put(self, "key", "a"));
    assert_ok(put(self, "key", "b"));
    char hex[TEXT_SIZE];
    depot_hex("c", hex, sizeof(hex));
    assert_string_equal("3", depot_peer(self, peer, "kv-put", BUCKET, "key", hex));
    assert_ok(put(self, "key", "d"));
    assert_history(self, "key", "1 put a; 2 put b; 3 put c; 4 put d");
    assert_ok(depot__v1__depot_client__mark__purge_from_kv(self->client, "key", self->context));
    assert_history(self, "key", "5 purge ");
    assert_string_equal("error: not found", depot_peer(self, peer, "kv-get", BUCKET, "key"));
    assert_nothing(self, "key");
    /* A purged key can be created, by either. */
    assert_string_equal("6", depot_peer(self, peer, "kv-create", BUCKET, "key", hex));
    assert_got(self, "key", "c");
    assert_string_equal("", depot_peer(self, peer, "kv-delete", BUCKET, "key"));
    assert_nothing(self, "key");
    assert_ok(put(self, "key", "e"));
    assert_history(self, "key", "5 purge ; 6 put c; 7 delete ; 8 put e");
    assert_string_equal("", depot_peer(self, peer, "kv-purge", BUCKET, "key"));
    assert_nothing(self, "key");
    assert_ok(put(self, "key", "f"));
    assert_got(self, "key", "f");
    assert_history(self, "key", "9 purge ; 10 put f");
}

static void a_value_is_created_once(void **state)
{
    depot *self = *state;
    Depot__V1__Kept kept = DEPOT__V1__KEPT__INIT;
    make_bucket(self, "depot_found");
    assert_string_equal("1", depot_peer(self, peer, "kv-create", "depot_found", "key", ""));
    assert_status(NATSMICRO_ALREADY_EXISTS, depot__v1__depot_client__found__put_to_kv(
                                                self->client, "key", &kept, self->context));
    assert_string_equal("", depot_peer(self, peer, "kv-delete", "depot_found", "key"));
    assert_ok(depot__v1__depot_client__found__put_to_kv(self->client, "key", &kept, self->context));
    assert_string_equal("error: exists",
                        depot_peer(self, peer, "kv-create", "depot_found", "key", ""));
    assert_string_equal("", depot_peer(self, peer, "kv-purge", "depot_found", "key"));
    assert_ok(depot__v1__depot_client__found__put_to_kv(self->client, "key", &kept, self->context));
    assert_string_equal("5 ", depot_peer(self, peer, "kv-get", "depot_found", "key"));
}

static void revisions_are_one(void **state)
{
    depot *self = *state;
    Depot__V1__Kept kept = DEPOT__V1__KEPT__INIT;
    make_bucket(self, "depot_swap");
    assert_string_equal("1", depot_peer(self, peer, "kv-put", "depot_swap", "key", ""));
    assert_ok(depot__v1__depot_client__swap__put_to_kv(self->client, "key", &kept, self->context));
    assert_string_equal("error: exists",
                        depot_peer(self, peer, "kv-update", "depot_swap", "key", "", "1"));
    assert_string_equal("3", depot_peer(self, peer, "kv-update", "depot_swap", "key", "", "2"));
    assert_ok(depot__v1__depot_client__swap__put_to_kv(self->client, "key", &kept, self->context));
    assert_string_equal("4 ", depot_peer(self, peer, "kv-get", "depot_swap", "key"));
}

static void a_bucket_that_is_missing_is_so_for_both(void **state)
{
    depot *self = *state;
    assert_string_equal("error: no bucket", depot_peer(self, peer, "kv-get", BUCKET, "key"));
    Depot__V1__Kept *kept;
    assert_status(NATSMICRO_FAILED_PRECONDITION, depot__v1__depot_client__mark__get_from_kv(
                                                     self->client, "key", self->context, &kept));
    assert_non_null(strstr(natsmicro_context_error_message(self->context), BUCKET));
    make_bucket(self, BUCKET);
    assert_nothing(self, "key");
}

/* ---- object stores ---- */

static const char *const odd_names[] = {
    "plain",     "gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x98\x80 with  spaces\tand tabs",
    "*.>",       "a/b/../c",
    ".leading.", "$O.depot_marks.M.Zm9v",
    "a\nb",      "?=&+%20\\\"'",
};
#define N_ODD_NAMES (sizeof(odd_names) / sizeof(odd_names[0]))

static natsmicro_status put_object(depot *self, const char *name, const char *text, size_t size)
{
    Depot__V1__Kept kept = DEPOT__V1__KEPT__INIT;
    kept.text = (char *)(uintptr_t)text;
    kept.data = (ProtobufCBinaryData){size, depot_bytes(size)};
    natsmicro_status status = depot__v1__depot_client__mark__put_to_object_store(
        self->client, name, &kept, self->context);
    free(kept.data.data);
    return status;
}

static void assert_object(depot *self, const char *name, const char *text, size_t size)
{
    Depot__V1__Kept *kept;
    assert_ok(depot__v1__depot_client__mark__get_from_object_store(self->client, name,
                                                                   self->context, &kept));
    uint8_t *expected = depot_bytes(size);
    assert_string_equal(text, kept->text);
    assert_int_equal(size, kept->data.len);
    assert_true(size == 0 || memcmp(expected, kept->data.data, size) == 0);
    free(expected);
    depot__v1__depot_client__mark__free(kept);
}

static void assert_no_object(depot *self, const char *name)
{
    Depot__V1__Kept *kept;
    assert_status(NATSMICRO_NOT_FOUND, depot__v1__depot_client__mark__get_from_object_store(
                                           self->client, name, self->context, &kept));
    assert_null(kept);
}

/* Packs a response, and writes what a peer prints of it as an object. Free the bytes. */
static uint8_t *pack(const char *text, size_t size, size_t *length, char *printed)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    Depot__V1__Kept kept = DEPOT__V1__KEPT__INIT;
    kept.text = (char *)(uintptr_t)text;
    kept.data = (ProtobufCBinaryData){size, depot_bytes(size)};
    *length = depot__v1__kept__get_packed_size(&kept);
    uint8_t *packed = malloc(*length + 1);
    depot__v1__kept__pack(&kept, packed);
    free(kept.data.data);
    sha256_hex hex;
    sha256_of(packed, *length, hex);
    unsigned hash[33] = {0};
    for (size_t i = 0; i < 32; i++)
        sscanf(hex + 2 * i, "%2x", &hash[i]);
    int at = sprintf(printed, "%zu %s SHA-256=", *length, hex);
    for (size_t i = 0; i < 33; i += 3) {
        unsigned group = hash[i] << 16 | hash[i + 1] << 8 | hash[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            printed[at++] = digits[group >> shift & 63];
    }
    strcpy(printed + at - 1, "="); /* 32 bytes are 43 digits */
    return packed;
}

static void assert_peer_reads(depot *self, const char *name, const char *text, size_t size)
{
    char expected[TEXT_SIZE];
    size_t length;
    free(pack(text, size, &length, expected));
    assert_string_equal(expected,
                        depot_peer(self, peer, "object-get", OBJECTS, (char *)(uintptr_t)name));
}

static void peer_puts(depot *self, const char *name, const char *text, size_t size)
{
    char printed[TEXT_SIZE];
    size_t length;
    uint8_t *packed = pack(text, size, &length, printed);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(length, fwrite(packed, 1, length, file));
    assert_int_equal(0, fflush(file));
    free(packed);
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/fd/%d", (long)getpid(), fileno(file));
    const char *said = depot_peer(self, peer, "object-put", OBJECTS, (char *)(uintptr_t)name, path);
    fclose(file);
    assert_string_equal("", said);
}

static void make_objects(depot *self)
{
    assert_string_equal("", depot_peer(self, peer, "object-make", OBJECTS));
}

static void objects_of_c_are_the_peers(void **state)
{
    depot *self = *state;
    make_objects(self);
    for (size_t i = 0; i < n_names; i++) {
        assert_ok(put_object(self, odd_names[i], odd_names[i], 1000 * i));
        assert_peer_reads(self, odd_names[i], odd_names[i], 1000 * i);
    }
    assert_ok(put_object(self, "empty", "", 0));
    assert_peer_reads(self, "empty", "", 0);
    assert_object(self, "empty", "", 0);
    assert_ok(put_object(self, "plain", "new", 131072 * 3));
    assert_peer_reads(self, "plain", "new", 131072 * 3);
}

static void objects_of_the_peer_are_cs(void **state)
{
    depot *self = *state;
    make_objects(self);
    assert_no_object(self, "plain");
    for (size_t i = 0; i < n_names; i++) {
        peer_puts(self, odd_names[i], odd_names[i], 1000 * i);
        assert_object(self, odd_names[i], odd_names[i], 1000 * i);
    }
    peer_puts(self, "empty", "", 0);
    assert_object(self, "empty", "", 0);
    peer_puts(self, "plain", "new", 131072 * 3);
    assert_object(self, "plain", "new", 131072 * 3);
    assert_string_equal("", depot_peer(self, peer, "object-delete", OBJECTS, "plain"));
    assert_no_object(self, "plain");
    assert_ok(put_object(self, "plain", "again", 10));
    assert_peer_reads(self, "plain", "again", 10);
}

/* Whoever replaces an object removes the chunks of the old one, and nothing else. */
static void no_chunk_is_left_behind(void **state)
{
    depot *self = *state;
    make_objects(self);
    assert_ok(put_object(self, "other", "", 131072 * 2 - 100)); /* 2 chunks and an info */
    assert_ok(put_object(self, "name", "", 131072 * 5));        /* 6 and 1 */
    assert_string_equal("10", depot_peer(self, GO, "count", "OBJ_" OBJECTS));
    peer_puts(self, "name", "", 10);
    assert_string_equal("5", depot_peer(self, GO, "count", "OBJ_" OBJECTS));
    peer_puts(self, "name", "", 131072 * 5);
    assert_string_equal("10", depot_peer(self, GO, "count", "OBJ_" OBJECTS));
    assert_ok(put_object(self, "name", "", 10));
    assert_string_equal("5", depot_peer(self, GO, "count", "OBJ_" OBJECTS));
    assert_string_equal("", depot_peer(self, peer, "object-delete", OBJECTS, "name"));
    assert_ok(put_object(self, "name", "", 10));
    assert_string_equal("5", depot_peer(self, GO, "count", "OBJ_" OBJECTS));
    assert_object(self, "other", "", 131072 * 2 - 100);
}

static void large_objects_are_complete(void **state)
{
    depot *self = *state;
    make_objects(self);
    assert_ok(put_object(self, "ours", "large", large_size));
    assert_peer_reads(self, "ours", "large", large_size);
    peer_puts(self, "theirs", "large", large_size + 1);
    assert_object(self, "theirs", "large", large_size + 1);
}

static void a_link_leads_to_an_object(void **state)
{
    depot *self = *state;
    make_objects(self);
    assert_ok(put_object(self, "target", "behind it", 10));
    assert_string_equal("", depot_peer(self, peer, "object-link", OBJECTS, "link", "target"));
    assert_object(self, "link", "behind it", 10);
    assert_string_equal("", depot_peer(self, peer, "object-delete", OBJECTS, "target"));
    assert_no_object(self, "link");
}

/* ---- all ---- */

#define WITH_DEPOT(test) cmocka_unit_test_setup_teardown(test, open_depot, close_depot)

static int run_all(const char *broker_program)
{
    const struct CMUnitTest tests[] = {
        WITH_DEPOT(values_of_c_are_the_peers),  WITH_DEPOT(values_of_the_peer_are_cs),
        WITH_DEPOT(histories_are_one),          WITH_DEPOT(a_value_is_created_once),
        WITH_DEPOT(revisions_are_one),          WITH_DEPOT(a_bucket_that_is_missing_is_so_for_both),
        WITH_DEPOT(objects_of_c_are_the_peers), WITH_DEPOT(objects_of_the_peer_are_cs),
        WITH_DEPOT(no_chunk_is_left_behind),    WITH_DEPOT(large_objects_are_complete),
    };
    program = broker_program;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

static int run_shortly(const char *broker_program)
{
    const struct CMUnitTest tests[] = {
        WITH_DEPOT(values_of_the_peer_are_cs),
        WITH_DEPOT(objects_of_the_peer_are_cs),
    };
    program = broker_program;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

static int run_links(const char *broker_program)
{
    const struct CMUnitTest tests[] = {WITH_DEPOT(a_link_leads_to_an_object)};
    program = broker_program;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int stores_with_peer(const stores_peer *self)
{
    peer = self->name;
    large_size = self->large;
    n_names = self->is_slow ? 3 : N_ODD_NAMES;
    int failed = run_all(NULL);
    failed += self->is_slow ? run_shortly(newest_broker()) : run_all(newest_broker());
    if (self->has_links)
        failed += run_links(NULL) + run_links(newest_broker());
    return failed;
}
