/*
 * A program in the same account that means harm, a service of ours, and a bystander that calls it
 * all the time. Whatever the attacker sends as fast as the broker takes it: the service lives and
 * serves, memory is bounded, and the bystander's reliable stream loses nothing. How much slower the
 * bystander gets, and what an attack costs in processor time, is reported and not judged: it
 * depends on the machine, which the broker and the attacker share.
 */
#include "integration/figures.h"
#include "integration/lab_service.h"
#include "integration/raw.h"
#include "torture/attacker.h"
#include "torture/bystander.h"
#include "torture/torture.h"

#include "wire/frame.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUIET_MS 800
#define SHORT_MS 500
#define LONG_MS  10000

/* How long queues may take to drain after an attack, on a busy machine. */
#define RECOVERY_MS 60000

/*
 * What a process may grow by, in KiB: the link's queue, those of endpoints and discovery, and
 * requests that wait have a budget of 64 MiB each. The rest is for threads, and for what a message
 * costs beside its bytes.
 */
#define BOUND_KIB ((uint64_t)(3 * 64 + 48) * 1024)

#define SUBJECT_SIZE 192

/* The broker's max_payload. */
#define MOST_BYTES ((size_t)1024 * 1024)

/* The service's answers to the attacker go here. */
#define NOBODY "_INBOX.nobody.listens"

/*
 * An accomplice listens below these, and ends each call that is answered there: at once, or once
 * the attack is over.
 */
#define CANCELS "_INBOX.accomplice.cancels"
#define HOLDS   "_INBOX.accomplice.holds"

/* More calls than a server lets run. */
#define MOST_HELD 4096

/* ---- the service, in a second process ---- */

static void print_counters(natsmicro_server *server)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(server, &counters);
    printf("%" PRIu64 " %" PRIu64 " calls, %" PRIu64 " refused, %" PRIu64
           " messages dropped, %" PRIu64 " subjects refused\n",
           counters.running + counters.waiting, counters.calls, counters.refused,
           counters.dropped_messages, counters.refused_subjects);
    fflush(stdout);
}

/* SIGUSR1 asks for the counters, SIGTERM ends it. `max_calls` 0: the default. */
static int serve(const char *url, uint32_t max_calls)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = max_calls;
    options.drain_timeout_ms = 1000;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* all threads inherit it */
    natsConnection *connection = connect_to_url(url);
    natsmicro_server *server = NULL;
    if (natsmicro_server_new(&server, connection, &options) != NATSMICRO_OK ||
        lab__v1__lab_server__add(server, &lab_handlers, NULL, NULL) != NATSMICRO_OK ||
        natsConnection_FlushTimeout(connection, LAB_PATIENCE) != NATS_OK)
        return 1;
    printf("serving\n");
    fflush(stdout);
    for (int number = 0; number != SIGTERM;) {
        sigwait(&signals, &number);
        if (number == SIGUSR1)
            print_counters(server);
    }
    natsmicro_server_destroy(server);
    natsConnection_Destroy(connection);
    return 0;
}

/* ---- the scene ---- */

typedef struct scene {
    broker *where;
    child service;
    child bystander;
    attacker attacker;

    /* Before the first attack. */
    bystander_figures quiet;
    uint64_t service_kib;
    uint64_t bystander_kib;

    /* What somebody who may listen to everything knows of the bystander's stream. */
    char client_inbox[SUBJECT_SIZE];
    char service_inbox[SUBJECT_SIZE];

    natsConnection *accomplice; /* uses nats.c */
    natsSubscription *answers;
    pthread_mutex_t held_lock;
    bool holding;
    char (*held)[SUBJECT_SIZE]; /* addresses of calls */
    size_t n_held;
    natsSubscription *watched[5];
} scene;

/* Nobody else publishes here, and the service must not, though attacks name them as replies. */
static const char *const forbidden[] = {"lab.v1.sum", "lab.v1.download", "$SRV.INFO.lab", "$JS.>",
                                        "$SYS.>"};
#define N_FORBIDDEN (sizeof(forbidden) / sizeof(forbidden[0]))

static void cancel_call(natsConnection *connection, const char *address)
{
    uint8_t reset[NM_FRAME_RESET_SIZE];
    int length = (int)(nm_frame_write_reset(reset, "CANCELLED", "no") - reset);
    natsConnection_Publish(connection, address, reset, length);
}

/* The service has answered an opening of the attacker's. */
static void on_answer(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                      void *closure)
{
    scene *self = closure;
    const char *address = natsMsg_GetReply(message);
    bool hold = strncmp(natsMsg_GetSubject(message), HOLDS, strlen(HOLDS)) == 0;
    (void)subscription;
    pthread_mutex_lock(&self->held_lock);
    hold = hold && self->holding && self->n_held < MOST_HELD;
    if (hold && address != NULL)
        snprintf(self->held[self->n_held++], SUBJECT_SIZE, "%s", address);
    pthread_mutex_unlock(&self->held_lock);
    if (!hold && address != NULL)
        cancel_call(connection, address);
    natsMsg_Destroy(message);
}

static void begin_to_hold(scene *self)
{
    pthread_mutex_lock(&self->held_lock);
    self->holding = true;
    self->n_held = 0;
    pthread_mutex_unlock(&self->held_lock);
}

/* From now on calls are cancelled that begin. */
static void hold_no_more(scene *self)
{
    pthread_mutex_lock(&self->held_lock);
    self->holding = false;
    pthread_mutex_unlock(&self->held_lock);
    for (size_t i = 0; i < self->n_held; i++)
        cancel_call(self->accomplice, self->held[i]);
}

/* Starts the bystander, and listens to the opening of its stream and to the answer. */
static void start_bystander(scene *self)
{
    natsSubscription *openings = NULL;
    natsSubscription *answers = NULL;
    natsConnection *spy = self->accomplice;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&openings, spy, "lab.v1.chat"));
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&answers, spy, "_INBOX.>"));
    assert_int_equal(NATS_OK, natsSubscription_SetPendingLimits(answers, -1, -1));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(spy, LAB_PATIENCE));
    bystander_start(&self->bystander, broker_url(self->where));
    natsMsg *opening = raw_next(openings);
    snprintf(self->client_inbox, SUBJECT_SIZE, "%s", natsMsg_GetReply(opening));
    natsMsg_Destroy(opening);
    while (self->service_inbox[0] == '\0') {
        natsMsg *answer = raw_next(answers);
        if (strcmp(natsMsg_GetSubject(answer), self->client_inbox) == 0)
            snprintf(self->service_inbox, SUBJECT_SIZE, "%s", natsMsg_GetReply(answer));
        natsMsg_Destroy(answer);
    }
    raw_unsubscribe(spy, openings);
    raw_unsubscribe(spy, answers);
}

static scene *scene_open(const char *mode)
{
    scene *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    pthread_mutex_init(&self->held_lock, NULL);
    self->held = malloc(MOST_HELD * sizeof(*self->held));
    assert_non_null(self->held);
    self->where = broker_start(NULL);
    const char *url = broker_url(self->where);
    char line[64] = "";
    child_start(&self->service, mode, url);
    assert_true(child_line(&self->service, line, sizeof(line), RECOVERY_MS));
    assert_string_equal("serving", line);
    self->accomplice = connect_to_url(url);
    assert_int_equal(NATS_OK, natsConnection_Subscribe(&self->answers, self->accomplice,
                                                       "_INBOX.accomplice.>", on_answer, self));
    for (size_t i = 0; i < N_FORBIDDEN; i++)
        assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&self->watched[i], self->accomplice,
                                                               forbidden[i]));
    start_bystander(self);
    attacker_connect(&self->attacker, url);
    bystander_read(&self->bystander, &self->quiet);
    pass_ms(QUIET_MS);
    bystander_read(&self->bystander, &self->quiet);
    report("quiet: calls p99 %lu us, lines p99 %lu us, plain streams p99 %lu us",
           self->quiet.calls.p99, self->quiet.lines.p99, self->quiet.plain.p99);
    assert_true(self->quiet.calls.count > 0 && self->quiet.lines.count > 0);
    self->service_kib = memory_kib(self->service.pid);
    self->bystander_kib = memory_kib(self->bystander.pid);
    return self;
}

/* Each forbidden subject gets one message now, so that it is known to be watched. */
static void assert_nothing_forbidden_came(scene *self)
{
    static const char *const probes[N_FORBIDDEN] = {"lab.v1.sum", "lab.v1.download",
                                                    "$SRV.INFO.lab", "$JS.probe", "$SYS.probe"};
    for (size_t i = 0; i < N_FORBIDDEN; i++) {
        raw_send(self->accomplice,
                 &(raw_message){.subject = probes[i], .data = "mine", .length = 4});
        natsMsg *message = raw_next(self->watched[i]);
        if (natsMsg_GetDataLength(message) != 4 || memcmp(natsMsg_GetData(message), "mine", 4) != 0)
            fail_msg("the service has published to %s: %.64s", natsMsg_GetSubject(message),
                     natsMsg_GetData(message));
        natsMsg_Destroy(message);
    }
}

static void scene_close(scene *self)
{
    assert_nothing_forbidden_came(self);
    attacker_disconnect(&self->attacker);
    bystander_stop(&self->bystander);
    assert_int_equal(0, child_stop(&self->service, RECOVERY_MS));
    for (size_t i = 0; i < N_FORBIDDEN; i++)
        raw_unsubscribe(self->accomplice, self->watched[i]);
    raw_unsubscribe(self->accomplice, self->answers);
    natsConnection_Destroy(self->accomplice);
    broker_stop(self->where);
    pthread_mutex_destroy(&self->held_lock);
    free(self->held);
    free(self);
}

/* ---- one attack ---- */

/* A round: bytes for the broker, which are sent again and again. */
typedef struct round {
    const scene *scene;
    FILE *out;
    unsigned long messages;
    unsigned long number; /* of the round */
} round;

typedef struct attack {
    const char *name;
    void (*put)(round *to);
    bool varies;  /* each round is made anew */
    bool starves; /* calls and plain streams wait in one queue with it, and may fail */
} attack;

typedef struct usage {
    uint64_t memory;
    uint64_t cpu;
} usage;

static usage begin_usage(const child *of)
{
    forget_peak_memory(of->pid);
    return (usage){memory_kib(of->pid), cpu_ms(of->pid)};
}

/* `quiet_kib`: what the process had before the first attack. */
static void report_usage(const char *who, const child *of, const usage *before, uint64_t quiet_kib)
{
    uint64_t peak = peak_memory_kib(of->pid);
    report("    the %s's process: %.1f s of CPU, %" PRIu64 " MiB before, %" PRIu64 " at its peak",
           who, (double)(cpu_ms(of->pid) - before->cpu) / 1000, before->memory / 1024, peak / 1024);
    if (PLAIN_OR_SANITIZED(true, false))
        assert_true(peak < quiet_kib + BOUND_KIB);
}

static void report_latencies(const char *what, const latencies *quiet, const latencies *during)
{
    report("    %s: p99 %lu us, %.1f times its quiet one; longest %lu us; of %lu", what,
           during->p99, quiet->p99 > 0 ? (double)during->p99 / (double)quiet->p99 : 0,
           during->longest, during->count);
}

static void send_rounds(scene *self, const attack *what)
{
    uint64_t bytes = 0;
    uint64_t messages = 0;
    int64_t began = now_ms();
    int64_t duration = torture_is_short() ? SHORT_MS : LONG_MS;
    char *text = NULL;
    size_t length = 0;
    round made = {.scene = self};
    while (now_ms() - began < duration) {
        if (text == NULL || what->varies) {
            free(text);
            made.messages = 0;
            made.out = open_memstream(&text, &length);
            assert_non_null(made.out);
            what->put(&made);
            assert_int_equal(0, fclose(made.out));
        }
        attacker_send(&self->attacker, text, length);
        made.number++;
        bytes += length;
        messages += made.messages;
    }
    free(text);
    attacker_settle(&self->attacker);
    report("%s: %" PRIu64 " messages, %" PRIu64 " MiB in %lld ms", what->name, messages,
           bytes / MOST_BYTES, (long long)(now_ms() - began));
}

/* Returns how many calls run or wait. `line`: what else the service counts. */
static unsigned long ask_service(scene *self, char line[256])
{
    process_signal(self->service.pid, SIGUSR1);
    if (!child_line(&self->service, line, 256, RECOVERY_MS))
        fail_msg("the service's process does not answer");
    return strtoul(line, NULL, 10);
}

/*
 * Until discovery answers, whose queues are its own: one for all services, one for those of a name.
 */
static void wait_for_discovery(scene *self)
{
    static const char *const subjects[] = {"$SRV.STATS", "$SRV.STATS.lab"};
    int64_t began = now_ms();
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]);) {
        natsMsg *answer = NULL;
        if (natsConnection_Request(&answer, self->accomplice, subjects[i], NULL, 0, 1000) ==
            NATS_OK)
            i++;
        else if (now_ms() - began > RECOVERY_MS)
            fail_msg("nobody answers %s", subjects[i]);
        natsMsg_Destroy(answer);
    }
}

/* The bystander's own calls: the stream, a plain one, a unary one. */
#define FEW_CALLS 3

/* Until nothing of the attack is left, and the bystander's calls and lines come through again. */
static void wait_until_well(scene *self)
{
    int64_t began = now_ms();
    char line[256];
    while (ask_service(self, line) > FEW_CALLS) {
        if (now_ms() - began > RECOVERY_MS)
            fail_msg("the service is still busy: %s", line);
        pass_ms(5);
    }
    wait_for_discovery(self);
    bystander_figures now;
    do {
        bystander_read(&self->bystander, &now);
        if (now_ms() - began > RECOVERY_MS)
            fail_msg("the service does not recover: %lu calls, %lu lines, %lu failed:%s",
                     now.calls.count, now.lines.count, now.failed_calls + now.failed_plain,
                     now.why);
        pass_ms(20);
    } while (now.calls.count == 0 || now.lines.count == 0 || now.failed_calls > 0 ||
             now.failed_plain > 0);
    report("    all is well after %lld ms; calls that run or wait: %s; slow consumers of the "
           "broker: %ld",
           (long long)(now_ms() - began), line,
           broker_figure(self->where, "/varz", NULL, "\"slow_consumers\": "));
}

static void suffer(scene *self, const attack *what)
{
    usage service = begin_usage(&self->service);
    usage bystander = begin_usage(&self->bystander);
    bystander_figures during;
    bystander_read(&self->bystander, &during);
    begin_to_hold(self);
    send_rounds(self, what);
    bystander_read(&self->bystander, &during);
    report_latencies("calls", &self->quiet.calls, &during.calls);
    report_latencies("lines", &self->quiet.lines, &during.lines);
    report_latencies("plain streams", &self->quiet.plain, &during.plain);
    if (during.failed_calls + during.failed_plain > 0)
        report("    %lu calls and %lu plain streams failed, the last:%s", during.failed_calls,
               during.failed_plain, during.why);
    if (!what->starves && during.failed_calls + during.failed_plain > 0)
        fail_msg("%s: calls of others fail:%s", what->name, during.why);
    hold_no_more(self);
    wait_until_well(self);
    report_usage("service", &self->service, &service, self->service_kib);
    report_usage("bystander", &self->bystander, &bystander, self->bystander_kib);
}

static void suffer_all(const char *mode, const attack *attacks, size_t count)
{
    scene *here = scene_open(mode);
    for (size_t i = 0; i < count; i++)
        suffer(here, &attacks[i]);
    scene_close(here);
}

#define SUFFER_ALL(mode, attacks) suffer_all(mode, attacks, sizeof(attacks) / sizeof((attacks)[0]))

/* ---- making messages ---- */

#define BYTES(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }
#define TEXT(literal) ((nm_bytes)BYTES(literal))
#define NOTHING       ((nm_bytes){NULL, 0})

static void put(round *to, const char *subject, const char *reply, nm_bytes headers,
                nm_bytes payload)
{
    put_message(to->out, subject, reply, headers, payload);
    to->messages++;
}

/* An inbox beside this one, of the same client or server, that nobody has. */
static const char *guess(const char *inbox, unsigned long number, char text[SUBJECT_SIZE])
{
    int prefix = (int)(strrchr(inbox, '.') - inbox) + 1;
    int token = (int)strlen(inbox) - prefix;
    snprintf(text, SUBJECT_SIZE, "%.*s%0*lu", prefix, inbox, token, number);
    return text;
}

/* To both inboxes of the bystander's stream, and to one beside each. */
static void put_to_inboxes(round *to, const char *reply, nm_bytes headers, nm_bytes payload)
{
    put(to, to->scene->client_inbox, reply, headers, payload);
    put(to, to->scene->service_inbox, reply, headers, payload);
    char text[SUBJECT_SIZE];
    put(to, guess(to->scene->client_inbox, to->messages, text), reply, headers, payload);
    put(to, guess(to->scene->service_inbox, to->messages, text), reply, headers, payload);
}

/* ---- headers ---- */

static nm_bytes repeated(const char *line, size_t count)
{
    static const char first[] = "NATS/1.0\r\n";
    size_t length = strlen(line);
    char *text = malloc(sizeof(first) + count * length + 2);
    assert_non_null(text);
    char *at = text + sprintf(text, "%s", first);
    for (size_t i = 0; i < count; i++, at += length)
        memcpy(at, line, length);
    memcpy(at, "\r\n", 2);
    return (nm_bytes){text, (size_t)(at + 2 - text)};
}

/* To everything that takes messages, with these headers, without a payload and with one. */
static void put_everywhere(round *to, nm_bytes headers)
{
    static const char *const subjects[] = {"lab.v1.ping", "lab.v1.count_up", "lab.v1.chat",
                                           "$SRV.PING"};
    const nm_bytes payloads[] = {NOTHING, TEXT("x")};
    for (int i = 0; i < 2; i++) {
        for (size_t j = 0; j < sizeof(subjects) / sizeof(subjects[0]); j++)
            put(to, subjects[j], NOBODY, headers, payloads[i]);
        put_to_inboxes(to, NULL, headers, payloads[i]);
    }
}

static void put_and_free(round *to, nm_bytes headers)
{
    put_everywhere(to, headers);
    free((void *)(uintptr_t)headers.data);
}

/* Shows what it costs that the broker, the attacker and the others share a machine. */
static void to_nobody(round *to)
{
    nm_bytes headers = repeated("a:b\r\n", 209000);
    for (int i = 0; i < 4; i++)
        put(to, "nobody.listens", NOBODY, headers, NOTHING);
    free((void *)(uintptr_t)headers.data);
}

static void one_name(round *to)
{
    put_and_free(to, repeated("a:b\r\n", 209000));
}

static void distinct_names(round *to)
{
    nm_bytes headers = repeated("00000:value\r\n", 80000);
    char *at = (char *)(uintptr_t)headers.data + strlen("NATS/1.0\r\n");
    for (unsigned i = 0; i < 80000; i++, at += strlen("00000:value\r\n")) {
        char name[8];
        snprintf(name, sizeof(name), "%05x", i);
        memcpy(at, name, 5);
    }
    put_and_free(to, headers);
}

static void one_value(round *to)
{
    nm_bytes headers = repeated("x", MOST_BYTES - 100);
    memcpy((char *)(uintptr_t)headers.data + strlen("NATS/1.0\r\n"), "long:", 5);
    memcpy((char *)(uintptr_t)headers.data + headers.length - 4, "\r\n\r\n", 4);
    put_and_free(to, headers);
}

static void folded(round *to)
{
    nm_bytes headers = repeated(" b\r\n", 260000);
    memcpy((char *)(uintptr_t)headers.data + strlen("NATS/1.0\r\n"), "a:\r\n", 4);
    put_and_free(to, headers);
}

static void nuls(round *to)
{
    put_everywhere(to, TEXT("NATS/1.0\r\na\0b: c\r\n\r\n"));
    put_everywhere(to, TEXT("NATS/1.0\r\na: b\0\r\n\r\n"));
    put_everywhere(to, TEXT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    put_everywhere(to, TEXT("NATS/1.0\r\na: b\r\n\r\n\0NATS/1.0\r\n\r\n"));
    static const char reply[] = "HPUB lab.v1.ping _INBOX.a\0b 17 17\r\nNATS/1.0\r\na:b\r\n\r\n\r\n";
    fwrite(reply, 1, sizeof(reply) - 1, to->out);
    to->messages++;
}

static void bad_blocks(round *to)
{
    put_everywhere(to, TEXT("NATS/2.0\r\na: b\r\n\r\n"));
    put_everywhere(to, TEXT("NATS/1.0\r\na: b\r\n"));
    put_everywhere(to, TEXT("NATS/1.0\r\nno colon\r\n\r\n"));
    put_everywhere(to, TEXT("NATS/1.0\r\n folded first\r\n\r\n"));
    put_everywhere(to, TEXT("NATS/1.0"));
    put_everywhere(to, TEXT("\r\n\r\n"));
    put_everywhere(to, TEXT("x"));
}

static void headers_of_any_kind_and_size_harm_nobody_else(void **state)
{
    static const attack attacks[] = {
        {"for comparison: 1 MB of headers that nobody gets", to_nobody, false, false},
        {"209,000 headers of one name", one_name, false, false},
        {"80,000 headers of different names", distinct_names, false, false},
        {"a header of 1 MB", one_value, false, false},
        {"a header that is folded over 260,000 lines", folded, false, false},
        {"headers with NUL", nuls, false, true},
        {"blocks that are no headers", bad_blocks, false, true},
    };
    (void)state;
    SUFFER_ALL("serve", attacks);
}

/* ---- floods ---- */

/* So many tiny messages make a round. */
#define MANY 2000

static void tiny_to_nobody(round *to)
{
    for (int i = 0; i < MANY; i++)
        put(to, "nobody.listens", NOBODY, NOTHING, NOTHING);
}

static void tiny_requests(round *to)
{
    for (int i = 0; i < MANY; i++)
        put(to, "lab.v1.ping", NOBODY, NOTHING, NOTHING);
}

/* The text of a PingRequest takes all that a message can. */
static void large_requests(round *to)
{
    static char text[MOST_BYTES - 1024];
    const size_t length = sizeof(text) - 4;
    memset(text, 'x', sizeof(text));
    text[0] = 0x0a; /* field 1; then its length as a varint of three bytes */
    text[1] = (char)(0x80 | (length & 0x7f));
    text[2] = (char)(0x80 | (length >> 7 & 0x7f));
    text[3] = (char)(length >> 14);
    for (int i = 0; i < 4; i++)
        put(to, "lab.v1.ping", NOBODY, NOTHING, (nm_bytes){text, sizeof(text)});
}

static void put_opening(round *to, const char *subject, const char *inbox)
{
    char headers[2 * SUBJECT_SIZE];
    int length = snprintf(headers, sizeof(headers),
                          "NATS/1.0\r\nReply-To: %s\r\n"
                          "Natsmicro-Stream: 1; messages=1024; bytes=65536\r\n\r\n",
                          inbox);
    put(to, subject, inbox, (nm_bytes){headers, (size_t)length}, NOTHING);
}

static void put_held_openings(round *to, int count)
{
    char inbox[SUBJECT_SIZE];
    for (int i = 0; i < count; i++) {
        snprintf(inbox, sizeof(inbox), "%s.%lu", HOLDS, to->messages);
        put_opening(to, "lab.v1.chat", inbox);
    }
}

/* Streams take the workers, and requests keep on coming. */
static void full_and_tiny(round *to)
{
    put_held_openings(to, 8);
    tiny_requests(to);
}

static void full_and_large(round *to)
{
    put_held_openings(to, 8);
    large_requests(to);
}

static void tiny_to_client(round *to)
{
    char text[SUBJECT_SIZE];
    for (int i = 0; i < MANY; i++)
        put(to, guess(to->scene->client_inbox, to->messages, text), NULL, NOTHING, NOTHING);
}

/* Each of these asks for an answer. */
static void asking_client(round *to)
{
    char text[SUBJECT_SIZE];
    for (int i = 0; i < MANY; i++)
        put(to, guess(to->scene->client_inbox, to->messages, text), NOBODY, NOTHING, NOTHING);
}

static void asking_service(round *to)
{
    char text[SUBJECT_SIZE];
    for (int i = 0; i < MANY; i++)
        put(to, guess(to->scene->service_inbox, to->messages, text), NOBODY, NOTHING, NOTHING);
}

static void put_large(round *to, const char *subject)
{
    static const char zeros[MOST_BYTES - 1024];
    for (int i = 0; i < 4; i++)
        put(to, subject, NOBODY, NOTHING, (nm_bytes){zeros, sizeof(zeros)});
}

static void large_to_client(round *to)
{
    char text[SUBJECT_SIZE];
    put_large(to, guess(to->scene->client_inbox, 1, text));
}

static void large_to_service(round *to)
{
    char text[SUBJECT_SIZE];
    put_large(to, guess(to->scene->service_inbox, 1, text));
}

static void floods_are_bounded_and_streams_go_on(void **state)
{
    static const attack attacks[] = {
        {"for comparison: tiny messages that nobody gets", tiny_to_nobody, false, false},
        {"a flood of tiny requests", tiny_requests, false, true},
        {"a flood of large requests", large_requests, false, true},
        {"tiny messages to an inbox of a client", tiny_to_client, false, true},
        {"tiny messages to it that ask for an answer", asking_client, false, true},
        {"large messages to it", large_to_client, false, true},
        {"tiny messages to an inbox of a server that ask for an answer", asking_service, false,
         true},
        {"large messages to it", large_to_service, false, true},
    };
    (void)state;
    SUFFER_ALL("serve", attacks);
}

static void so_they_are_when_the_server_is_full(void **state)
{
    static const attack attacks[] = {
        {"tiny requests to a full server", full_and_tiny, false, true},
        {"large requests to a full server", full_and_large, false, true},
    };
    (void)state;
    SUFFER_ALL("serve-few", attacks);
}

/* ---- forgeries ---- */

/* Subjects that a service must not be made to publish to. */
static const char *const forged_replies[] = {"lab.v1.sum",   "lab.v1.download",    "$SRV.INFO.lab",
                                             "$JS.API.INFO", "$SYS.REQ.USER.INFO", "lab.v1.*",
                                             "_INBOX.>",     "_INBOX..x",          "_INBOX."};
#define N_FORGED (sizeof(forged_replies) / sizeof(forged_replies[0]))

static void discovery(round *to)
{
    static const char *const subjects[] = {"$SRV.PING",     "$SRV.INFO",      "$SRV.STATS",
                                           "$SRV.PING.lab", "$SRV.STATS.lab", "$SRV.nonsense"};
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        for (size_t j = 0; j < N_FORGED; j++)
            put(to, subjects[i], forged_replies[j], NOTHING, NOTHING);
        for (int j = 0; j < 16; j++)
            put(to, subjects[i], NOBODY, NOTHING, TEXT("{}"));
        put(to, subjects[i], to->scene->client_inbox, NOTHING, NOTHING);
        put(to, subjects[i], NULL, NOTHING, NOTHING);
    }
}

static void large_discovery(round *to)
{
    put_large(to, "$SRV.PING");
    put_large(to, "$SRV.STATS.lab");
}

static void put_with_header(round *to, const char *subject, const char *name, const char *value)
{
    char headers[2 * SUBJECT_SIZE];
    int length = snprintf(headers, sizeof(headers), "NATS/1.0\r\n%s: %s\r\n\r\n", name, value);
    put(to, subject, NOBODY, (nm_bytes){headers, (size_t)length}, NOTHING);
}

static void replies(round *to)
{
    char text[SUBJECT_SIZE];
    for (size_t i = 0; i < N_FORGED; i++) {
        const char *reply = forged_replies[i];
        put(to, "lab.v1.ping", reply, NOTHING, NOTHING);
        put(to, "lab.v1.ping", reply, NOTHING, TEXT("no request"));
        put_opening(to, "lab.v1.chat", reply);
        put_opening(to, "lab.v1.count_up", reply);
        put_with_header(to, "lab.v1.chat", "Reply-To", reply);
        put(to, guess(to->scene->service_inbox, to->messages, text), reply, NOTHING, NOTHING);
        put_with_header(to, guess(to->scene->service_inbox, to->messages, text),
                        "Nats-Stream-Inbox", reply);
    }
}

static void openings(round *to)
{
    for (int i = 0; i < MANY / 10; i++) {
        put_opening(to, "lab.v1.chat", HOLDS ".the.same");
        put_opening(to, "lab.v1.count_up", HOLDS ".the.same");
    }
}

static void cancelled_openings(round *to)
{
    char inbox[SUBJECT_SIZE];
    for (int i = 0; i < MANY / 10; i++) {
        snprintf(inbox, sizeof(inbox), "%s.%lu", CANCELS, to->number * MANY + to->messages);
        put_opening(to, "lab.v1.chat", inbox);
    }
}

static void cancels(round *to)
{
    static const char plain[] = "NATS/1.0\r\nNats-Stream-End: true\r\nNats-Service-Error-Code: "
                                "CANCELLED\r\nNats-Service-Error: no\r\n\r\n";
    for (int i = 0; i < MANY / 10; i++)
        put_to_inboxes(to, NULL, TEXT(plain), NOTHING);
}

static void resets(round *to)
{
    uint8_t reset[NM_FRAME_RESET_SIZE];
    size_t length = (size_t)(nm_frame_write_reset(reset, "INTERNAL", "no") - reset);
    char text[SUBJECT_SIZE];
    for (int i = 0; i < MANY; i++)
        put(to,
            guess(i % 2 == 0 ? to->scene->client_inbox : to->scene->service_inbox,
                  to->number * MANY + to->messages, text),
            NOBODY, NOTHING, (nm_bytes){reset, length});
}

/* Frames that no peer of ours sends. */
static void malformed_frames(round *to)
{
    const nm_frame_control far = {.ack = NM_FRAME_LAST_NUMBER};
    uint8_t beyond[NM_FRAME_CONTROL_SIZE];
    nm_bytes far_bytes = {beyond, (size_t)(nm_frame_write_control(beyond, &far) - beyond)};
    const nm_frame_control first = {.ack = 0, .gap = true};
    uint8_t old[NM_FRAME_CONTROL_SIZE];
    nm_bytes old_bytes = {old, (size_t)(nm_frame_write_control(old, &first) - old)};
    for (int i = 0; i < MANY / 40; i++) {
        put_to_inboxes(to, NULL, NOTHING, far_bytes);
        put_to_inboxes(to, NULL, NOTHING, old_bytes);
        put_to_inboxes(to, NULL, NOTHING, TEXT("\x12\x05xxxxx"));    /* a message without seq */
        put_to_inboxes(to, NULL, NOTHING, TEXT("\x08\x01\x12\x7f")); /* cut off */
        put_to_inboxes(to, NULL, NOTHING, TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
        put_to_inboxes(to, NULL, NOTHING, TEXT("\x0b\x0b\x0b\x0b")); /* groups */
        put_to_inboxes(to, NOBODY, NOTHING,
                       TEXT("\x0a\x03"
                            "abc")); /* of another type */
    }
}

static void no_responders(round *to)
{
    for (int i = 0; i < MANY / 4; i++)
        put_to_inboxes(to, NULL, TEXT("NATS/1.0 503\r\n\r\n"), NOTHING);
}

/* Each asks for an answer. The bystander's stream answers its peer, as if that had asked. */
static void probes(round *to)
{
    static const char plain[] = "NATS/1.0\r\nNatsmicro-Control: probe\r\n\r\n";
    const nm_frame_control control = {.ack = 0};
    uint8_t probe[NM_FRAME_CONTROL_SIZE];
    nm_bytes bytes = {probe, (size_t)(nm_frame_write_control(probe, &control) - probe)};
    char text[SUBJECT_SIZE];
    for (int i = 0; i < MANY / 4; i++) {
        put(to, to->scene->client_inbox, to->scene->service_inbox, NOTHING, bytes);
        put(to, to->scene->service_inbox, to->scene->client_inbox, NOTHING, bytes);
        put(to, guess(to->scene->client_inbox, to->messages, text), NOBODY, TEXT(plain), NOTHING);
        put(to, guess(to->scene->service_inbox, to->messages, text), NOBODY, TEXT(plain), NOTHING);
    }
}

static void forgeries_harm_nobody_who_keeps_an_inbox_to_himself(void **state)
{
    static const attack attacks[] = {
        {"a flood of discovery", discovery, false, false},
        {"large messages to discovery", large_discovery, false, true},
        {"replies that point at services and at the broker", replies, false, true},
        {"openings that are replayed", openings, false, true},
        {"openings that are cancelled at once", cancelled_openings, true, true},
        {"cancels", cancels, false, false},
        {"resets for guessed inboxes", resets, true, false},
        {"frames that are malformed or old", malformed_frames, false, false},
        {"503s that did not come from the broker", no_responders, false, false},
        {"a flood of probes", probes, false, false},
    };
    (void)state;
    SUFFER_ALL("serve", attacks);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_of_any_kind_and_size_harm_nobody_else),
        cmocka_unit_test(floods_are_bounded_and_streams_go_on),
        cmocka_unit_test(so_they_are_when_the_server_is_full),
        cmocka_unit_test(forgeries_harm_nobody_who_keeps_an_inbox_to_himself),
    };
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2], 0);
    if (argc > 2 && strcmp(argv[1], "serve-few") == 0)
        return serve(argv[2], 4);
    if (argc > 2 && strcmp(argv[1], "bystander") == 0)
        return bystander_main(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
