/*
 * Outcomes: see outcomes.h. First what is right, as far as a recorded service does it; then, by
 * service, what is the most that can be had of one that does not.
 */
#include "vectors/outcomes.h"

#include "vectors/differences.h"
#include "vectors/lab_json.h"

#include <stdio.h>
#include <string.h>

typedef struct outcome {
    const char *scenario; /* or how it begins, with an asterisk */
    const char *words;
} outcome;

#define ONE   "0a03616e6e12036f6e65"
#define TWO   "0a03616e6e120374776f"
#define THREE "0a03616e6e12057468726565"

static const outcome right[] = {
    {"ping_ok", "0a0568656c6c6f OK"},
    {"ping_headers", "0a03686472 OK X-Seen-Trace=trace-42"},
    {"ping_duplicate_header_names", "0a0568656c6c6f OK X-Seen-Trace=first"},
    {"ping_empty_payload", "- OK"},
    {"ping_unknown_field", "0a0568656c6c6f OK"},
    {"ping_not_found", "NOT_FOUND: no such thing"},
    {"ping_plain_error", "INTERNAL: plain failure"},
    {"ping_custom_code", "QUOTA_EXCEEDED: quota used up"},
    {"ping_newline_error", "INTERNAL: first line  X-Injected: yes"},
    {"ping_unicode_error", "NOT_FOUND: gr\xc3\xb6\xc3\x9f"
                           "e \xe2\x9c\x93"},
    {"ping_empty_error", "NOT_FOUND: NOT_FOUND"},
    {"ping_error_with_data", "NOT_FOUND: see payload data=010203"},
    {"count_up_0", "END"},
    {"count_up_3", "0805 0806 0807 END"},
    {"count_up_headers", "0805 0806 0807 END"},
    {"count_up_reply_to_and_reply", "0805 0806 0807 END"},
    {"download_2_5", "0a10000102030405060708090a0b0c0d0e0f 0a10101112131415161718191a1b1c1d1e1f "
                     "0a082021222324252627 END"},
    {"sum_0", "- OK"},
    {"sum_headers", "- OK"},
    {"sum_3", "083c1003 OK"},
    {"sum_empty_item", "1001 OK"},
    {"sum_either_ack", "081e1002 OK"},
    {"sum_early_plain_error", "INTERNAL: plain failure"},
    {"sum_end_with_error", GIVEN_UP},
    {"chat_0", "END"},
    {"chat_3", ONE " " TWO " " THREE " END"},
    {"chat_3_paused", ONE " " TWO " " THREE " END"},
    {"chat_either_ack", ONE " " TWO " END"},
    {"chat_either_ack_caller_error", GIVEN_UP},
    {"chat_caller_error", GIVEN_UP},
    {"upload_2_5*",
     "08281240356661613465656333363131353536383132633264373462343337633863343961646433663931306631"
     "3030363364383031343431663764373563643565336"
     "2 OK"},
    {"upload_default_chunk",
     "0880801412403261343835643938303834373166373232353163646634313761653133656638373562633036613"
     "3383766393838623164623963336236383735623636653930 OK"},
    {"ping_no_server", "UNAVAILABLE: lab.v1.Lab.Ping: nobody serves lab.v1.ping"},
    {"count_up_no_server", "UNAVAILABLE: lab.v1.Lab.CountUp: nobody serves lab.v1.count_up"},
    {"sum_no_server", "UNAVAILABLE: lab.v1.Lab.Sum: nobody serves lab.v1.sum"},
    {"json_echo_full", JSON_FULL " OK"},
    {"json_echo_odd_values", JSON_ODD " OK"},
    {"json_echo_empty", "- OK"},
    {"json_echo_not_found", "NOT_FOUND: no such thing"},
    {"json_echo_plain_error", "INTERNAL: plain failure"},
    {"json_echo_custom_code", "QUOTA_EXCEEDED: quota used up"},
    {"json_watch_2", "- 0801108080808080204801 END"},
    {"json_gather_2", "08ac021204626f6c7412036e7574 OK"},
    {"json_talk_1", "0a04626f6c741001 END"},
    {"chat_no_server", "UNAVAILABLE: lab.v1.Lab.Chat: nobody serves lab.v1.chat"},
};

typedef struct exception {
    const char *services; /* between blanks */
    const char *scenario;
    const char *says; /* in one of the service's errors; NULL: whatever it says */
    const char *words;
    const char *reason;
} exception;

static const exception exceptions[] = {
    {" go ", "count_up_fail_at_2", NULL, "0805 0806 INTERNAL: [NOT_FOUND] CountUp: no more numbers",
     "Go's service calls every error of a stream INTERNAL; the code is in the text"},
    {" go ", "chat_error", NULL, ONE " INTERNAL: [NOT_FOUND] Chat: no such user", "the same"},
    {" go ", "chat_either_ack_fail", NULL, ONE " INTERNAL: [NOT_FOUND] Chat: no such user",
     "the same"},
    {" go py pyfix ", "*", "[NOT_FOUND] Sum:", "INTERNAL: [NOT_FOUND] Sum: negative value",
     "the same, Python's too"},
    {" tsfix ", "sum_*", "negative value", "INTERNAL: negative value",
     "TypeScript's service sends 500"},
    {" py ", "*", "NameError", "INTERNAL: NameError(\"name 'logging' is not defined\")",
     "Python's service trips over itself and says so"},
    {" go ", "*", "context deadline exceeded", "INTERNAL: context deadline exceeded",
     "Go's service calls its own limit INTERNAL"},
    {" py ", "ping_slow_handler", NULL, "INTERNAL: request timeout for Ping", "Python's, too"},
    {" ts ", "ping_slow_handler", NULL, "INTERNAL: Request timeout", "and TypeScript's"},
    {" ts tsfix ", "ping_headers", NULL, "0a03686472 OK",
     "a TypeScript handler cannot set response headers"},
    {" ts ", "ping_duplicate_header_names", NULL, "0a0568656c6c6f OK", "the same"},
    {" py ", "ping_duplicate_header_names", NULL, "0a0568656c6c6f OK X-Seen-Trace=second",
     "a Python handler sees the last of several values"},
    {" py pyfix tsfix ", "count_up_fail_at_2", NULL,
     "0805 0806 UNAVAILABLE: lab.v1.Lab.CountUp: nothing came from the peer for 500 ms",
     "their services fall silent when a handler of a server stream fails"},
    {" go ", "json_watch_fail_at_1", NULL, "- INTERNAL: [NOT_FOUND] Watch: no more numbers",
     "Go's service calls every error of a stream INTERNAL; the code is in the text"},
    {" py pyfix ", "json_watch_fail_at_1", NULL,
     "- UNAVAILABLE: labjson.v1.LabJson.Watch: nothing came from the peer for 500 ms",
     "their services fall silent when a handler of a server stream fails"},
    {" pyfix ", "json_echo_full", NULL,
     JSON_FULL_BEGIN JSON_ITEM_10 JSON_ITEM_2 JSON_FULL_END " OK",
     "Python writes a map in another order"},
    {" ts ", "json_*", "illegal tag: field no 12", "INTERNAL: illegal tag: field no 12 wire type 6",
     "TypeScript's service takes JSON for a binary message"},
    {" ts ", "json_*", "illegal tag: field no 13", "INTERNAL: illegal tag: field no 13 wire type 6",
     "the same"},
    {" ts ", "json_*", "premature EOF", "INTERNAL: premature EOF", "the same"},
    {" ts ", "json_*", "unknown map entry",
     "INTERNAL: unknown map entry field for labjson.v1.Everything.count_map", "the same"},
    {" tsfix pyfix ", "chat_either_ack_fail", NULL, ONE " END",
     "their services send a plain end: nothing on the wire tells of the failure"},
};

#define RIGHTS     (sizeof(right) / sizeof(right[0]))
#define EXCEPTIONS (sizeof(exceptions) / sizeof(exceptions[0]))

static bool right_met[RIGHTS];
static bool exception_met[EXCEPTIONS];

/* ---- looking up ---- */

/* The scenario's name without the number of its variant. */
static bool is_of(const char *pattern, const char *scenario)
{
    const char *variant = strstr(scenario, ".variant");
    size_t length = variant != NULL ? (size_t)(variant - scenario) : strlen(scenario);
    size_t beginning = strcspn(pattern, "*");
    if (pattern[beginning] == '*')
        return strncmp(pattern, scenario, beginning) == 0;
    return beginning == length && strncmp(pattern, scenario, length) == 0;
}

static bool is_among(const char *list, const char *service)
{
    const char *at = strstr(list, service);
    return at != NULL && at[-1] == ' ' && at[strlen(service)] == ' ';
}

static bool service_says(const recorded_call *recording, const char *words)
{
    for (size_t i = 0; i < recording->count; i++) {
        const wire_message *message = &recording->messages[i];
        const char *text = message_header(message, "Nats-Service-Error");
        if (text == NULL)
            text = message_header(message, "Description");
        if (!message->from_caller && text != NULL && strstr(text, words) != NULL)
            return true;
    }
    return false;
}

bool service_ended(const recorded_call *recording)
{
    for (size_t i = 0; i < recording->count; i++) {
        const wire_message *message = &recording->messages[i];
        bool acknowledges = message_header(message, "Nats-Stream-Inbox") != NULL;
        bool answers =
            recording->kind == RECORDED_UNARY || recording->kind == RECORDED_CLIENT_STREAM;
        if (!message->from_caller &&
            (is_error_message(message) || is_end_message(message) || (answers && !acknowledges)))
            return true;
    }
    return false;
}

bool service_is_silent(const recorded_call *recording)
{
    for (size_t i = 0; i < recording->count; i++)
        if (!recording->messages[i].from_caller)
            return false;
    return strcmp(recording->service, "none") != 0;
}

bool caller_left(const recorded_call *recording)
{
    if (recording->kind != RECORDED_CLIENT_STREAM && recording->kind != RECORDED_BIDI)
        return false;
    for (size_t i = 0; i < recording->count; i++)
        if (recording->messages[i].from_caller && is_end_message(&recording->messages[i]))
            return false;
    return !service_ended(recording) && !service_is_silent(recording) && recording->count > 1;
}

/* A service that says nothing at all: it has died, or knows no streams. */
static const char *of_silence(const recorded_call *recording)
{
    static const struct {
        const char *subject;
        const char *words;
    } all[] = {
        {"lab.v1.ping", "DEADLINE_EXCEEDED: lab.v1.Lab.Ping: no answer before the deadline"},
        {"lab.v1.count_up",
         "UNAVAILABLE: lab.v1.Lab.CountUp: nothing came from the peer for 50 ms"},
        {"lab.v1.sum",
         "DEADLINE_EXCEEDED: lab.v1.Lab.Sum: no answer to the opening before the deadline"},
        {"lab.v1.chat",
         "DEADLINE_EXCEEDED: lab.v1.Lab.Chat: no answer to the opening before the deadline"},
        {"lab.v1.upload",
         "DEADLINE_EXCEEDED: lab.v1.Lab.Upload: no answer to the opening before the deadline"},
        {"lab.v1.download",
         "UNAVAILABLE: lab.v1.Lab.Download: nothing came from the peer for 50 ms"},
        {"labjson.v1.watch",
         "UNAVAILABLE: labjson.v1.LabJson.Watch: nothing came from the peer for 50 ms"},
        {"labjson.v1.gather", "DEADLINE_EXCEEDED: labjson.v1.LabJson.Gather: no answer to the "
                              "opening before the deadline"},
        {"labjson.v1.talk",
         "DEADLINE_EXCEEDED: labjson.v1.LabJson.Talk: no answer to the opening before the deadline"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(recording->messages[0].subject, all[i].subject) == 0)
            return all[i].words;
    return NULL;
}

const char *outcome_of(const recorded_call *recording)
{
    if (service_is_silent(recording))
        return of_silence(recording);
    if (caller_left(recording))
        return GIVEN_UP;
    for (size_t i = 0; i < EXCEPTIONS; i++)
        if (is_among(exceptions[i].services, recording->service) &&
            is_of(exceptions[i].scenario, recording->scenario) &&
            (exceptions[i].says == NULL || service_says(recording, exceptions[i].says))) {
            exception_met[i] = true;
            return exceptions[i].words;
        }
    for (size_t i = 0; i < RIGHTS; i++)
        if (is_of(right[i].scenario, recording->scenario)) {
            right_met[i] = true;
            return right[i].words;
        }
    return NULL;
}

bool outcomes_all_met(void)
{
    bool all = true;
    for (size_t i = 0; i < RIGHTS; i++)
        if (!right_met[i]) {
            printf("# no recording of %s\n", right[i].scenario);
            all = false;
        }
    for (size_t i = 0; i < EXCEPTIONS; i++)
        if (!exception_met[i]) {
            printf("# no recording of%s%s: %s\n", exceptions[i].services, exceptions[i].scenario,
                   exceptions[i].reason);
            all = false;
        }
    return all;
}
