/*
 * JSON: how many megabytes of text a second are written and read. Raw is jansson alone: it dumps a
 * tree that is there, and parses the same text to a tree, of which a message would have to be made
 * yet. The `codec` figures compare JSON with the same message in binary, in messages a second.
 */
#include "support/measure.h"

#include "support/broker.h"
#include "support/descriptors.h"
#include "json/json.h"

#include "bench/v1/bench.pb-c.h"
#include "lab/v1/lab.pb-c.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bench {
    const nm_json_type *type;
    const ProtobufCMessage *message;
    nm_buffer text;   /* as ours writes it */
    nm_buffer bytes;  /* in binary */
    json_t *tree;     /* jansson's */
    size_t rounds;    /* of one run */
    nm_buffer buffer; /* for writing */
    nm_arena arena;
} bench;

static double megabytes(const bench *self, double start)
{
    return (double)self->text.length * (double)self->rounds / (now_us() - start);
}

static double messages(const bench *self, double start)
{
    return (double)self->rounds * 1e6 / (now_us() - start);
}

/* ---- writing and reading, once ---- */

static void write_json(bench *self)
{
    nm_buffer_reset(&self->buffer);
    need(nm_json_write(self->type, self->message, NULL, &self->buffer, NULL), "JSON");
}

static void read_json(bench *self)
{
    ProtobufCMessage *message;
    need(nm_json_read(self->type, self->text.data, self->text.length, NULL, NULL, &self->arena,
                      &message, NULL),
         "JSON");
}

static void write_jansson(bench *self)
{
    char *text = json_dumps(self->tree, JSON_COMPACT);
    if (text == NULL)
        give_up("jansson cannot dump");
    free(text);
}

static void read_jansson(bench *self)
{
    json_t *tree = json_loadb((const char *)self->text.data, self->text.length, 0, NULL);
    if (tree == NULL)
        give_up("jansson cannot parse");
    json_decref(tree);
}

static void write_binary(bench *self)
{
    need(nm_encode(self->message->descriptor, self->message, &self->buffer, NULL), "encode");
}

static void read_binary(bench *self)
{
    ProtobufCMessage *message;
    need(nm_decode(self->message->descriptor, self->bytes.data, self->bytes.length, NULL,
                   &self->arena, &message, NULL),
         "decode");
}

/* ---- one run ---- */

#define RUN(name, once, figure)                   \
    static double name(void *data)                \
    {                                             \
        bench *self = data;                       \
        double start = now_us();                  \
        for (size_t i = 0; i < self->rounds; i++) \
            once(self);                           \
        return figure(self, start);               \
    }

RUN(write_ours, write_json, megabytes)
RUN(write_raw, write_jansson, megabytes)
RUN(read_ours, read_json, megabytes)
RUN(read_raw, read_jansson, megabytes)
RUN(messages_written, write_json, messages)
RUN(messages_read, read_json, messages)
RUN(messages_encoded, write_binary, messages)
RUN(messages_decoded, read_binary, messages)

/* ---- the messages ---- */

static Lab__V1__PingRequest *text_of(size_t length)
{
    static const char words[] = "Some words of a text that people write; ";
    Lab__V1__PingRequest *request = malloc(sizeof(*request));
    char *text = malloc(length + 1);

    if (request == NULL || text == NULL)
        give_up("no memory");
    for (size_t i = 0; i < length; i++)
        text[i] = words[i % (sizeof(words) - 1)];
    text[length] = '\0';
    lab__v1__ping_request__init(request);
    request->payload = text;
    return request;
}

#define LINES 64

static Bench__V1__Line *line_of(int i)
{
    static Bench__V1__Line lines[LINES];
    static int32_t discounts[] = {5, 10, 0};
    static char skus[LINES][16];
    Bench__V1__Line *line = &lines[i];

    bench__v1__line__init(line);
    snprintf(skus[i], sizeof(skus[i]), "SKU-%06d", i * 7919 % 1000000);
    line->sku = skus[i];
    line->title = "A chair of oak, with a seat of leather";
    line->count = i % 12 + 1;
    line->price = (i * 37 % 10000) / 100.0 + 0.95;
    line->n_discounts = (size_t)i % 4;
    line->discounts = discounts;
    line->state = i % 3;
    if (i % 5 == 0) {
        line->_note_case = BENCH__V1__LINE___NOTE_NOTE;
        line->note = "leave at the \"back\" door";
    }
    return line;
}

static Bench__V1__Order *order(void)
{
    static Bench__V1__Order order = BENCH__V1__ORDER__INIT;
    static Bench__V1__Line *lines[LINES];
    static Bench__V1__Order__LabelsEntry entries[2];
    static Bench__V1__Order__LabelsEntry *labels[] = {&entries[0], &entries[1]};

    for (int i = 0; i < LINES; i++)
        lines[i] = line_of(i);
    for (int i = 0; i < 2; i++)
        bench__v1__order__labels_entry__init(&entries[i]);
    entries[0].key = "channel";
    entries[0].value = "web";
    entries[1].key = "region";
    entries[1].value = "eu-west";
    order.id = "2f1c9a3e-77d4-4b1e-9a53-0c8b6a1d2e4f";
    order.customer = "Zoë Müller";
    order.placed_at = INT64_C(1795912800123);
    order.n_lines = LINES;
    order.lines = lines;
    order.n_labels = 2;
    order.labels = labels;
    order.is_paid = 1;
    order.total = 12345.67;
    return &order;
}

/* ---- all ---- */

static nm_json *types_of_bench(nm_schema **schema)
{
    static descriptors files;
    nm_error error = NM_ERROR_INIT;

    files = descriptors_read("bench");
    if (nm_schema_new(schema, files.files, files.n_files, &error) != NATSMICRO_OK)
        give_up("%s", nm_error_text(&error));
    nm_json *json = nm_json_new(*schema, nm_dynamic_new(*schema));
    if (json == NULL)
        give_up("no memory");
    return json;
}

static bench new_bench(nm_json *json, const nm_schema *schema, const void *message)
{
    bench self = {.message = message};
    const char *name = self.message->descriptor->name;
    const nm_schema_message *in_schema = nm_schema_find_message(schema, name, strlen(name));

    need(nm_json_bind(json, self.message->descriptor, in_schema, &self.type, NULL), name);
    need(nm_json_write(self.type, message, NULL, &self.text, NULL), name);
    need(nm_encode(self.message->descriptor, message, &self.bytes, NULL), name);
    self.tree = json_loadb((const char *)self.text.data, self.text.length, 0, NULL);
    if (self.tree == NULL)
        give_up("jansson cannot parse");
    self.rounds = (size_t)full_or_quick(30000000, 3000000) / (self.text.length + 100);
    return self;
}

static void run(bench *self, const char *name, const char *unit, measurement ours, measurement raw)
{
    if (is_chosen(name))
        compare(name, unit, ours, raw, self);
}

/* No call is made; but the lines of one `make bench` all name the broker's version. */
static void name_broker(void)
{
    broker *where = broker_start(NULL);
    char version[32];
    broker_version(where, version, sizeof(version));
    measure_with_broker(version);
    broker_stop(where);
}

int main(void)
{
    name_broker();
    nm_schema *schema;
    nm_json *json = types_of_bench(&schema);
    bench small = new_bench(json, schema, text_of(100));
    bench large = new_bench(json, schema, text_of(10240));
    bench mixed = new_bench(json, schema, order());

    run(&small, "json_write_100", "MB/s", write_ours, write_raw);
    run(&large, "json_write_10k", "MB/s", write_ours, write_raw);
    run(&mixed, "json_write_order", "MB/s", write_ours, write_raw);
    run(&small, "json_read_100", "MB/s", read_ours, read_raw);
    run(&large, "json_read_10k", "MB/s", read_ours, read_raw);
    run(&mixed, "json_read_order", "MB/s", read_ours, read_raw);
    run(&mixed, "json_write_codec", "messages/s", messages_written, messages_encoded);
    run(&mixed, "json_read_codec", "messages/s", messages_read, messages_decoded);
    return 0;
}
