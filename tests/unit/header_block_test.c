/*
 * The headers of a message must be found wherever nats.c has put them, and be what its own reader
 * says they are. No byte may be read that is not theirs, and none be written.
 */
#include "unit/cmocka_test.h"
#include "unit/raw_message.h"
#include "unit/with_nats.h"

#include "wire/header_block.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#define LIMIT 4096
#define BLOCK "NATS/1.0\r\nA: b\r\n\r\n"

/* ---- finding ---- */

/*
 * A message's bytes as nats.c lays them out, in an allocation of exactly that size. A NUL after the
 * payload is part of it.
 */
typedef struct layout {
    char *bytes;
    const char *reply;
    const char *payload;
} layout;

static char *put(char *at, const char *bytes, size_t length)
{
    memcpy(at, bytes, length);
    at[length] = '\0';
    return at + length + 1;
}

/* `reply` and `block` may be NULL; all but the payload may hold NULs. */
static layout lay_out(nm_bytes subject, nm_bytes reply, nm_bytes block, const char *payload)
{
    layout self = {NULL, NULL, NULL};
    size_t size = subject.length + reply.length + block.length + strlen(payload) + 4;
    if (reply.length == 0)
        size--;
    if (block.length == 0)
        size--;
    self.bytes = malloc(size);
    assert_non_null(self.bytes);
    char *at = put(self.bytes, subject.data, subject.length);
    if (reply.length > 0) {
        self.reply = at;
        at = put(at, reply.data, reply.length);
    }
    if (block.length > 0)
        at = put(at, block.data, block.length);
    self.payload = at;
    at = put(at, payload, strlen(payload));
    assert_ptr_equal(at, self.bytes + size);
    return self;
}

/* Looks for the block. Without its name, an empty payload is as nats.c 3.14 shows it. */
static nm_header_block_state find(const layout *self, bool name_payload, nm_bytes *block)
{
    return nm_header_block_find(self->bytes, self->reply, name_payload ? self->payload : NULL,
                                LIMIT, block);
}

#define BYTES(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }
#define TEXT(literal) ((nm_bytes)BYTES(literal))
#define NOTHING       ((nm_bytes){NULL, 0})

static void assert_found(nm_bytes subject, nm_bytes reply, nm_bytes block, const char *payload,
                         nm_header_block_state expected)
{
    layout self = lay_out(subject, reply, block, payload);
    nm_bytes found = NOTHING;
    bool can_be_unnamed = payload[0] == '\0';

    for (int named = can_be_unnamed ? 0 : 1; named <= 1; named++) {
        assert_int_equal(find(&self, named == 1, &found), expected);
        if (expected != NM_HEADER_BLOCK_FOUND)
            continue;
        assert_int_equal(found.length, block.length);
        assert_memory_equal(found.data, block.data, block.length);
    }
    free(self.bytes);
}

static void a_block_is_found_after_subject_or_reply(void **state)
{
    static const char *const payloads[] = {"", "payload"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *payload = payloads[i];
        assert_found(TEXT("a.b"), NOTHING, TEXT(BLOCK), payload, NM_HEADER_BLOCK_FOUND);
        assert_found(TEXT("a.b"), TEXT("r"), TEXT(BLOCK), payload, NM_HEADER_BLOCK_FOUND);
        assert_found(TEXT("a.b"), NOTHING, NOTHING, payload, NM_HEADER_BLOCK_NONE);
        assert_found(TEXT("a.b"), TEXT("r"), NOTHING, payload, NM_HEADER_BLOCK_NONE);
        assert_found(TEXT("a.b"), TEXT("r"), TEXT("NATS/1.0\r\n\r\n"), payload,
                     NM_HEADER_BLOCK_FOUND);
    }
}

static void what_is_no_block_is_malformed(void **state)
{
    static const nm_bytes blocks[] = {
        BYTES("x"),
        BYTES("NATS/1.0"),
        BYTES("NATS/1.0\r\n"),
        BYTES("NATS/1.0\n\r\n"),
        BYTES("nats/1.0\r\n\r\n"),
        BYTES("NATS/1.\r\n\r\n"),
        BYTES(" NATS/1.0\r\n\r\n"),
        BYTES("NATS/1.0\r\nA: b\r\n"),
        BYTES("NATS/1.0\r\nA: b\n\n"),
        BYTES("NATS/1.0\r\nA: b\r\n\r\n "),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        assert_found(TEXT("a"), NOTHING, blocks[i], "", NM_HEADER_BLOCK_MALFORMED);
        assert_found(TEXT("a"), TEXT("r"), blocks[i], "x", NM_HEADER_BLOCK_MALFORMED);
    }
}

static void a_block_with_a_nul_is_refused(void **state)
{
    static const nm_bytes blocks[] = {
        BYTES("\0NATS/1.0\r\nA: b\r\n\r\n"),     BYTES("NATS/1.0\0\r\nA: b\r\n\r\n"),
        BYTES("NATS/1.0\r\nA\0: b\r\n\r\n"),     BYTES("NATS/1.0\r\nA: b\r\n\r\n\0"),
        BYTES("NATS/1.0\r\n\r\n\0A: b\r\n\r\n"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
        assert_found(TEXT("a"), TEXT("r"), blocks[i], "x", NM_HEADER_BLOCK_MALFORMED);
    /* Where the payload is not named, the block ends at its first NUL. */
    layout self = lay_out(TEXT("a"), NOTHING, blocks[2], "");
    nm_bytes found;
    assert_int_equal(find(&self, false, &found), NM_HEADER_BLOCK_MALFORMED);
    free(self.bytes);
}

/* nats-server passes a NUL in a reply on, and then its string ends too early. */
static void a_nul_in_subject_or_reply_shows(void **state)
{
    (void)state;
    assert_found(TEXT("a"), TEXT("r\0s"), TEXT(BLOCK), "x", NM_HEADER_BLOCK_MALFORMED);
    assert_found(TEXT("a"), TEXT("r\0s"), NOTHING, "x", NM_HEADER_BLOCK_MALFORMED);
    assert_found(TEXT("a"), TEXT("r\0s"), NOTHING, "", NM_HEADER_BLOCK_MALFORMED);
    assert_found(TEXT("a"), TEXT("r\0"), NOTHING, "x", NM_HEADER_BLOCK_MALFORMED);
    assert_found(TEXT("a"), TEXT("r\0"), TEXT(BLOCK), "x", NM_HEADER_BLOCK_MALFORMED);
    assert_found(TEXT("a"), TEXT("\0"), TEXT(BLOCK), "x", NM_HEADER_BLOCK_MALFORMED);
    assert_found(TEXT("a\0b"), NOTHING, TEXT(BLOCK), "x", NM_HEADER_BLOCK_MALFORMED);
    assert_found(TEXT("a\0b"), TEXT("r"), TEXT(BLOCK), "x", NM_HEADER_BLOCK_FOUND);
    assert_found(TEXT("a"), TEXT("r\0NATS/1.0"), NOTHING, "x", NM_HEADER_BLOCK_MALFORMED);
    assert_found(TEXT("a"), TEXT("r\0NATS/1.0"), TEXT(BLOCK), "", NM_HEADER_BLOCK_MALFORMED);
}

static void a_longer_block_is_not_read(void **state)
{
    (void)state;
    char block[LIMIT + 2];
    memset(block, 'x', sizeof(block));
    memcpy(block, "NATS/1.0\r\nA: ", 13);
    for (size_t length = LIMIT; length <= LIMIT + 1; length++) {
        memset(block + 13, 'x', sizeof(block) - 13);
        memcpy(block + length - 4, "\r\n\r\n", 4);
        nm_header_block_state expected =
            length <= LIMIT ? NM_HEADER_BLOCK_FOUND : NM_HEADER_BLOCK_TOO_LONG;
        assert_found(TEXT("a"), TEXT("r"), (nm_bytes){block, length}, "", expected);
        assert_found(TEXT("a"), TEXT("r"), (nm_bytes){block, length}, "x", expected);
    }
}

/* ---- reading ---- */

/* The bytes in memory that cannot be written, with an end after which nothing can be read. */
typedef struct guarded {
    nm_bytes block;
    char *pages;
    size_t size;
} guarded;

static guarded guard(const char *bytes, size_t length)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (length + page - 1) / page * page;
    guarded self = {NOTHING, NULL, room + page};
    int anonymous = open("/dev/zero", O_RDWR);

    assert_true(anonymous >= 0);
    self.pages = mmap(NULL, self.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, anonymous, 0);
    close(anonymous);
    assert_true(self.pages != MAP_FAILED);
    char *at = self.pages + room - length;
    memcpy(at, bytes, length);
    assert_int_equal(mprotect(self.pages, room, PROT_READ), 0);
    assert_int_equal(mprotect(self.pages + room, page, PROT_NONE), 0);
    self.block = (nm_bytes){at, length};
    return self;
}

static void unguard(guarded *self)
{
    munmap(self->pages, self->size);
}

/* Writes all that is read as "status|description|name=value|…", or "malformed". */
static void describe(const char *lines, char *out, size_t size)
{
    guarded memory = guard(lines, strlen(lines));

    nm_header_reader reader;
    nm_bytes name;
    nm_bytes bytes;
    nm_header_reader_begin(&reader, memory.block, &name, &bytes);
    size_t length =
        (size_t)snprintf(out, size, "%.*s|%.*s|", (int)name.length, (const char *)name.data,
                         (int)bytes.length, (const char *)bytes.data);
    while (nm_header_reader_next(&reader, &name, &bytes)) {
        char value[256];
        assert_true(bytes.length < sizeof(value));
        size_t copied = nm_header_value_copy(bytes, value);
        assert_int_equal(copied, strlen(value));
        length += (size_t)snprintf(out + length, size - length, "%.*s=%s|", (int)name.length,
                                   (const char *)name.data, value);
    }
    assert_false(nm_header_reader_next(&reader, &name, &bytes));
    if (reader.malformed)
        snprintf(out, size, "malformed");
    unguard(&memory);
}

static void assert_read(const char *lines, const char *expected)
{
    char got[1024];

    describe(lines, got, sizeof(got));
    assert_string_equal(got, expected);
}

static void headers_are_names_and_values(void **state)
{
    (void)state;
    assert_read("NATS/1.0\r\n\r\n", "||");
    assert_read("NATS/1.0\r\nA: b\r\nC:d\r\nA:  e f \t\r\n\r\n", "||A=b|C=d|A=e f|");
    assert_read("NATS/1.0\r\nA: b:c\r\n\r\n", "||A=b:c|");
    assert_read("NATS/1.0\r\nA : b\r\n\r\n", "||A =b|");
}

static void blank_values_are_empty(void **state)
{
    (void)state;
    assert_read("NATS/1.0\r\nA:\r\nB: \r\nC: \t \r\n\r\n", "||A=|B=|C=|");
    assert_read("NATS/1.0\r\nA:\r\nB: c\r\n\r\n", "||A=|B=c|");
}

static void headers_without_a_name_are_passed_over(void **state)
{
    (void)state;
    assert_read("NATS/1.0\r\n: a\r\n b\r\nB: c\r\n:\r\n\r\n", "||B=c|");
}

static void the_first_line_may_have_a_status(void **state)
{
    (void)state;
    assert_read("NATS/1.0 503\r\n\r\n", "503||");
    assert_read("NATS/1.0 503 No Responders\r\nA: b\r\n\r\n", "503|No Responders|A=b|");
    assert_read("NATS/1.0   100  Idle \t \r\n\r\n", "100|Idle|");
    assert_read("NATS/1.0 5\r\n\r\n", "5||");
    assert_read("NATS/1.0503x\r\n\r\n", "503|x|");
}

static void lines_go_on_where_the_next_begins_with_a_blank(void **state)
{
    (void)state;
    assert_read("NATS/1.0\r\nA: b\r\n c\r\n\t d \r\nE: f\r\n\r\n", "||A=b c d|E=f|");
    assert_read("NATS/1.0\r\nA: \r\n b\r\n \r\n c:d\r\n\r\n", "||A=b c:d|");
    assert_read("NATS/1.0\r\nA:\r\n \r\n\t\r\nB: c\r\n\r\n", "||A=|B=c|");
    assert_read("NATS/1.0\r\n A: b\r\n\r\n", "malformed");
}

static void lines_end_with_lf_alone_too(void **state)
{
    (void)state;
    assert_read("NATS/1.0 503\nA: b\nC: d\n e\n\r\n\r\n", "503||A=b|C=d e|");
    assert_read("NATS/1.0\nA: b\r\r\nC:\r d\r\n\r\n", "||A=b|C=\r d|");
}

static void the_first_empty_line_is_the_end(void **state)
{
    (void)state;
    assert_read("NATS/1.0\r\nA: b\r\n\r\nC: d\r\n\r\n", "||A=b|");
    assert_read("NATS/1.0\r\nA: b\r\n\r\n\r\n", "||A=b|");
    assert_read("NATS/1.0\r\nA: b\r\n\r\nno colon\r\n\r\n", "||A=b|");
}

static void a_line_without_a_colon_is_malformed(void **state)
{
    (void)state;
    assert_read("NATS/1.0\r\nA\r\n\r\n", "malformed");
    assert_read("NATS/1.0\r\nA: b\r\nC\r\nD: e\r\n\r\n", "malformed");
    assert_read("NATS/1.0\r\nA: b\r\n\r\r\n\r\n", "malformed");
}

/* ---- comparing with nats.c ---- */

/* Numbers that are the same in each run. */
static unsigned next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

/* A text of up to `most` bytes of the alphabet, not blank at its ends. */
static size_t write_text(char *at, const char *alphabet, size_t most, uint32_t *seed)
{
    size_t length = next_random(seed) % (most + 1);

    for (size_t i = 0; i < length; i++)
        at[i] = alphabet[next_random(seed) % strlen(alphabet)];
    while (length > 0 && strchr(" \t", at[length - 1]) != NULL)
        length--;
    return length;
}

/* nats.c before 3.11 loses the line after a blank value, so there is none for these. */
static bool nats_reads_blank_values(void)
{
    return nats_GetVersionNumber() >= 0x030b00;
}

/* Lines that go on with a value; none is blank. */
static size_t write_folds(char *at, uint32_t *seed)
{
    size_t length = 0;

    while (next_random(seed) % 8 == 0 && length < 64)
        length +=
            (size_t)sprintf(at + length, "\r\n%sx%u%s", next_random(seed) % 2 == 0 ? " " : "\t  ",
                            next_random(seed) % 9, next_random(seed) % 2 == 0 ? "" : " ");
    return length;
}

/*
 * Names are of one length: nats.c's table of headers may take a name for another that begins with
 * it.
 */
static size_t write_random_header(char *at, uint32_t *seed)
{
    static const char *const separators[] = {":", ": ", ":\t", ":   "};
    size_t length =
        (size_t)sprintf(at, "%c%c%s", "AB"[next_random(seed) % 2], "ab-C"[next_random(seed) % 4],
                        separators[next_random(seed) % 4]);
    size_t size = write_text(at + length, "xyz: \t\"\xc3\xa4", 12, seed);
    bool blank = strspn(at + length, " \t") >= size;
    if (blank && !nats_reads_blank_values())
        at[length + size++] = 'v';
    length += size;
    if (!blank)
        length += write_folds(at + length, seed);
    return length + (size_t)sprintf(at + length, "%s\r\n", next_random(seed) % 4 == 0 ? " " : "");
}

static size_t write_random_block(char *at, uint32_t *seed)
{
    static const char *const statuses[] = {"", "", "", " 503", " 404 No Messages", " 100 Idle "};
    size_t length = (size_t)sprintf(at, "NATS/1.0%s\r\n", statuses[next_random(seed) % 6]);

    for (unsigned i = next_random(seed) % 8; i > 0; i--)
        length += write_random_header(at + length, seed);
    return length + (size_t)sprintf(at + length, "\r\n");
}

/* The value of that name after `skip` others of it, as our reader says. False: there is none. */
static bool read_value(nm_bytes block, const char *wanted, int skip, char *value)
{
    nm_header_reader reader;
    nm_bytes name;
    nm_bytes bytes;

    nm_header_reader_begin(&reader, block, &name, &bytes);
    if (name.length > 0 && strcmp(wanted, "Status") == 0)
        return nm_header_value_copy(name, value) > 0;
    if (bytes.length > 0 && strcmp(wanted, "Description") == 0)
        return nm_header_value_copy(bytes, value) > 0;
    while (nm_header_reader_next(&reader, &name, &bytes)) {
        bool is_it = name.length == strlen(wanted) && memcmp(name.data, wanted, name.length) == 0;
        if (!is_it || skip-- > 0)
            continue;
        nm_header_value_copy(bytes, value);
        return true;
    }
    return false;
}

static size_t count_headers(nm_bytes block)
{
    nm_header_reader reader;
    nm_bytes name;
    nm_bytes value;
    nm_header_reader_begin(&reader, block, &name, &value);
    size_t count = (size_t)(name.length > 0) + (size_t)(value.length > 0);
    while (nm_header_reader_next(&reader, &name, &value))
        count++;
    assert_false(reader.malformed);
    return count;
}

static size_t compare_values(natsMsg *message, const char *name, nm_bytes block)
{
    const char **values = NULL;
    int count = 0;

    assert_int_equal(natsMsgHeader_Values(message, name, &values, &count), NATS_OK);
    for (int i = 0; i < count; i++) {
        char ours[256];
        if (!read_value(block, name, i, ours))
            fail_msg("%s: value %d of %s is missing", (const char *)block.data, i, name);
        assert_string_equal(ours, values[i]);
    }
    free((void *)values);
    return (size_t)count;
}

static void compare_with_nats(const char *bytes, size_t length)
{
    nm_bytes block = {bytes, length};
    natsMsg *message = raw_message("a", bytes, length, "", 0);
    const char **names = NULL;
    int count = 0;
    size_t headers = 0;

    assert_non_null(message);
    natsStatus status = natsMsgHeader_Keys(message, &names, &count);
    assert_true(status == NATS_OK || status == NATS_NOT_FOUND);
    for (int i = 0; i < count; i++)
        headers += compare_values(message, names[i], block);
    assert_int_equal(headers, count_headers(block));
    free((void *)names);
    natsMsg_Destroy(message);
}

static void nats_reads_legal_blocks_the_same(void **state)
{
    uint32_t seed = 1;

    (void)state;
    char block[2048];
    for (int i = 0; i < 20000; i++)
        compare_with_nats(block, write_random_block(block, &seed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_found_after_subject_or_reply),
        cmocka_unit_test(what_is_no_block_is_malformed),
        cmocka_unit_test(a_block_with_a_nul_is_refused),
        cmocka_unit_test(a_nul_in_subject_or_reply_shows),
        cmocka_unit_test(a_longer_block_is_not_read),
        cmocka_unit_test(headers_are_names_and_values),
        cmocka_unit_test(blank_values_are_empty),
        cmocka_unit_test(headers_without_a_name_are_passed_over),
        cmocka_unit_test(the_first_line_may_have_a_status),
        cmocka_unit_test(lines_go_on_where_the_next_begins_with_a_blank),
        cmocka_unit_test(lines_end_with_lf_alone_too),
        cmocka_unit_test(the_first_empty_line_is_the_end),
        cmocka_unit_test(a_line_without_a_colon_is_malformed),
        cmocka_unit_test(nats_reads_legal_blocks_the_same),
    };

    return cmocka_run_group_tests(tests, open_nats, close_nats);
}
