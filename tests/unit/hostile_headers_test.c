/*
 * A peer must not be able to buy our time with its headers: whatever they are, reading a message
 * allocates nothing, and looks at each byte a few times at most.
 *
 * mk/tests.mk links this program so that its and the library's calls of the C library come to the
 * functions below, which count. They do not see loops over single bytes. These show by the size of
 * the blocks: if work grew with the square of it, this program would not end.
 */
#include "unit/cmocka_test.h"
#include "unit/raw_message.h"
#include "unit/with_nats.h"

#include "wire/incoming.h"

static size_t allocations;
static size_t bytes_searched;
static size_t bytes_copied;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *string);
char *__real_strndup(const char *string, size_t size);
void *__real_memchr(const void *bytes, int wanted, size_t length);
size_t __real_strlen(const char *string);
void *__real_memcpy(void *to, const void *from, size_t length);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *string);
char *__wrap_strndup(const char *string, size_t size);
void *__wrap_memchr(const void *bytes, int wanted, size_t length);
size_t __wrap_strlen(const char *string);
void *__wrap_memcpy(void *to, const void *from, size_t length);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}

char *__wrap_strdup(const char *string)
{
    allocations++;
    return __real_strdup(string);
}

char *__wrap_strndup(const char *string, size_t size)
{
    allocations++;
    return __real_strndup(string, size);
}

void *__wrap_memchr(const void *bytes, int wanted, size_t length)
{
    const char *found = __real_memchr(bytes, wanted, length);
    bytes_searched += found == NULL ? length : (size_t)(found - (const char *)bytes) + 1;
    return (void *)(uintptr_t)found;
}

size_t __wrap_strlen(const char *string)
{
    size_t length = __real_strlen(string);
    bytes_searched += length + 1;
    return length;
}

void *__wrap_memcpy(void *to, const void *from, size_t length)
{
    bytes_copied += length;
    return __real_memcpy(to, from, length);
}

static void count_anew(void)
{
    allocations = bytes_searched = bytes_copied = 0;
}

/* ---- blocks ---- */

#define MEGABYTE (1024 * 1024)

typedef struct block {
    char *bytes;
    size_t length;
} block;

/* Writes one header, and returns its length. */
typedef size_t (*writer)(char *at, unsigned number);

static size_t write_distinct(char *at, unsigned number)
{
    return (size_t)sprintf(at, "N%u: v\r\n", number);
}

static size_t write_same(char *at, unsigned number)
{
    (void)number;
    return (size_t)sprintf(at, "a:\r\n");
}

static size_t write_protocol(char *at, unsigned number)
{
    return (size_t)sprintf(at,
                           number % 2 == 0 ? "nats-stream-seq: 1\r\n" : "Nats-Stream-Seq: 1\r\n");
}

static size_t write_folded(char *at, unsigned number)
{
    return (size_t)sprintf(at, number == 0 ? "Reply-To: a\r\n" : " b\r\n");
}

static size_t write_blank_folds(char *at, unsigned number)
{
    return (size_t)sprintf(at, number == 0 ? "Reply-To: a\r\n" : " \r\n");
}

static size_t write_nameless(char *at, unsigned number)
{
    (void)number;
    return (size_t)sprintf(at, ":\n");
}

static size_t write_colons(char *at, unsigned number)
{
    (void)number;
    return (size_t)sprintf(at, "a::::::::::::::::::::::::::::::::::\r\n");
}

/* Fills a block with what the writer writes. */
static block filled(writer write, size_t size)
{
    block self = {malloc(size + 64), 0};

    assert_non_null(self.bytes);
    self.length = (size_t)sprintf(self.bytes, "NATS/1.0\r\n");
    for (unsigned number = 0; self.length + 64 < size; number++)
        self.length += write(self.bytes + self.length, number);
    self.length += (size_t)sprintf(self.bytes + self.length, "\r\n");
    return self;
}

/* A block of one header, which ends in that many of one byte. */
static block long_value(const char *begin, char byte, size_t size)
{
    block self = {malloc(size), size};

    assert_non_null(self.bytes);
    memset(self.bytes, byte, size);
    memcpy(self.bytes, begin, strlen(begin));
    memcpy(self.bytes + size - 4, "\r\n\r\n", 4);
    return self;
}

static const writer writers[] = {write_distinct,    write_same,     write_protocol, write_folded,
                                 write_blank_folds, write_nameless, write_colons};

#define WRITERS (sizeof(writers) / sizeof(writers[0]))

static const char *const begins[] = {"NATS/1.0\r\nA: ", "NATS/1.0",
                                     "NATS/1.0\r\nReply-To:", "NATS/1.0\r\nA: b\r\n :"};
static const char fillers[] = {' ', 'x', '\r', ':', '\t'};

#define LONG_VALUES (sizeof(begins) / sizeof(begins[0]) * sizeof(fillers))

/* The hostile block of that number, about that large. False: there are no more. */
static bool make_block(size_t number, size_t size, block *self)
{
    if (number >= WRITERS + LONG_VALUES)
        return false;
    *self = number < WRITERS ? filled(writers[number], size)
                             : long_value(begins[(number - WRITERS) / sizeof(fillers)],
                                          fillers[(number - WRITERS) % sizeof(fillers)], size);
    return true;
}

/* ---- tests ---- */

/* Reads all of it, and copies its values. Returns how many headers there are. */
static size_t read_all(const block *self, char *value)
{
    size_t count = 0;
    nm_header_reader reader;
    nm_bytes name;
    nm_bytes bytes;
    nm_header_reader_begin(&reader, (nm_bytes){self->bytes, self->length}, &name, &bytes);
    while (nm_header_reader_next(&reader, &name, &bytes)) {
        nm_header_value_copy(bytes, value);
        count++;
    }
    assert_false(reader.malformed);
    return count;
}

/* A line is searched for its end and its colon, and its value, when it is copied, for ends. */
static void each_byte_of_a_large_block_is_searched_a_few_times(void **state)
{
    char *value = malloc(MEGABYTE + 64);

    (void)state;
    assert_non_null(value);
    block hostile;
    for (size_t i = 0; make_block(i, MEGABYTE, &hostile); i++) {
        count_anew();
        read_all(&hostile, value);
        assert_true(bytes_searched > 0);
        assert_true(bytes_searched <= 3 * hostile.length);
        assert_true(bytes_copied <= hostile.length);
        assert_int_equal(allocations, 0);
        free(hostile.bytes);
    }
    free(value);
}

static void many_headers_are_many_headers(void **state)
{
    char *value = malloc(MEGABYTE + 64);
    block same = filled(write_same, MEGABYTE);
    block distinct = filled(write_distinct, MEGABYTE);
    block folded = filled(write_folded, MEGABYTE);

    (void)state;
    assert_non_null(value);
    assert_true(read_all(&same, value) > 209000);
    assert_true(read_all(&distinct, value) > 80000);
    assert_int_equal(read_all(&folded, value), 1);
    assert_true(strlen(value) > 500000);
    free(same.bytes);
    free(distinct.bytes);
    free(folded.bytes);
    free(value);
}

/* Reads the message, and checks what that cost: headers too long are not even looked at. */
static void assert_cheap(const block *headers, const char *payload)
{
    bool too_long = headers->length > NM_HEADER_LIMIT;
    natsMsg *message = raw_request("_INBOX.abc.def", "_INBOX.ghi.jkl", headers->bytes,
                                   headers->length, payload, strlen(payload));

    assert_non_null(message);
    count_anew();
    nm_incoming incoming;
    nm_incoming_read(&incoming, message, NM_HEADER_LIMIT);
    assert_int_equal(allocations, 0);
    if (too_long)
        assert_string_equal(incoming.malformed,
                            "the message's headers are longer than max_header_bytes, 16384");
    /* Where nats.c does not name the payload, the limit's worth is searched for the NUL. */
    size_t searchable = too_long ? (natsMsg_GetData(message) != NULL ? 0 : NM_HEADER_LIMIT + 1)
                                 : 4 * headers->length;
    assert_true(bytes_searched <= searchable + 2 * sizeof("_INBOX.abc.def"));
    assert_true(bytes_copied <= headers->length);
    bool is_503 = nm_incoming_is_no_responders(message);
    assert_false(is_503);
    assert_int_equal(allocations, 0);
    natsMsg_Destroy(message);
}

static void reading_a_message_allocates_nothing_and_ends_soon(void **state)
{
    static const size_t sizes[] = {NM_HEADER_LIMIT, MEGABYTE};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        block hostile;
        for (size_t number = 0; make_block(number, sizes[i], &hostile); number++) {
            assert_cheap(&hostile, "");
            assert_cheap(&hostile, "payload");
            free(hostile.bytes);
        }
    }
}

/* The hot path of a stream. */
static void a_numbered_message_is_read_without_an_allocation(void **state)
{
    static const char numbered[] = "NATS/1.0\r\nNats-Stream-Seq: 42\r\n\r\n";
    natsMsg *message = raw_message("_INBOX.a.b", numbered, sizeof(numbered) - 1, "payload", 7);

    (void)state;
    assert_non_null(message);
    count_anew();
    nm_incoming incoming;
    nm_incoming_read(&incoming, message, NM_HEADER_LIMIT);
    assert_int_equal(incoming.sequence, 42);
    assert_int_equal(allocations, 0);
    assert_int_equal(bytes_copied, 0);
    assert_true(bytes_searched < 4 * sizeof(numbered));
    natsMsg_Destroy(message);
}

static void the_librarys_allocations_are_counted(void **state)
{
    nm_headers headers = NM_HEADERS_INIT;

    (void)state;
    count_anew();
    assert_true(nm_headers_add(&headers, "a", "b"));
    assert_int_equal(allocations, 3); /* the list, name and value */
    nm_headers_clear(&headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_librarys_allocations_are_counted),
        cmocka_unit_test(each_byte_of_a_large_block_is_searched_a_few_times),
        cmocka_unit_test(many_headers_are_many_headers),
        cmocka_unit_test(reading_a_message_allocates_nothing_and_ends_soon),
        cmocka_unit_test(a_numbered_message_is_read_without_an_allocation),
    };

    return cmocka_run_group_tests(tests, open_nats, close_nats);
}
