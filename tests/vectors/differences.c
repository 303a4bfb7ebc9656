/*
 * Differences: see differences.h. The order of the entries matters: what is sent where, then what
 * every message of a stream carries, then what single messages say.
 */
#include "vectors/differences.h"

#include "support/process.h"
#include "vectors/outcomes.h"

#include <stdio.h>
#include <string.h>

#define REPLY_TO   "Reply-To"
#define INBOX      "Nats-Stream-Inbox"
#define SEQ        "Nats-Stream-Seq"
#define END        "Nats-Stream-End"
#define ERROR_TEXT "Nats-Service-Error"
#define ERROR_CODE "Nats-Service-Error-Code"

/* ---- what a message is ---- */

bool is_end_message(const wire_message *message)
{
    const char *end = message_header(message, END);
    return end != NULL && strcmp(end, "true") == 0;
}

bool is_error_message(const wire_message *message)
{
    return message_header(message, ERROR_CODE) != NULL || message_header(message, "Status") != NULL;
}

static bool is_acknowledgement(const wire_message *message)
{
    return !message->from_caller && message_header(message, INBOX) != NULL;
}

static bool is_opening(const wire_message *message)
{
    return message->from_caller && (strncmp(message->subject, "lab.v1.", 7) == 0 ||
                                    strncmp(message->subject, "labjson.v1.", 11) == 0);
}

static bool is_item(const wire_message *message)
{
    return !is_opening(message) && !is_acknowledgement(message) && !is_end_message(message) &&
           !is_error_message(message);
}

static bool is_named(const recorded_call *recording, const char *scenario)
{
    size_t length = strlen(scenario);
    return strncmp(recording->scenario, scenario, length) == 0 &&
           (recording->scenario[length] == '\0' || recording->scenario[length] == '.');
}

static const char *where_to(const wire_message *opening)
{
    const char *reply_to = message_header(opening, REPLY_TO);
    return reply_to != NULL ? reply_to : opening->reply;
}

/* The opening that a service's message belongs to. */
static const wire_message *opening_of(const recorded_call *self, const wire_message *of)
{
    for (size_t i = self->count; i-- > 0;) {
        const wire_message *opening = &self->messages[i];
        if (is_opening(opening) && (strcmp(opening->reply, of->subject) == 0 ||
                                    strcmp(where_to(opening), of->subject) == 0))
            return opening;
    }
    return NULL;
}

/*
 * The name of our service's inbox for that call: the one it acknowledged with, or one never spoken
 * of.
 */
static const char *service_inbox(const recorded_call *self, const wire_message *opening)
{
    recording_kind kind = recording_kind_of(opening->subject);
    if (kind == RECORDED_SERVER_STREAM)
        return "$OWN1";
    for (size_t i = 0; i < self->count; i++) {
        const wire_message *message = &self->messages[i];
        if (is_acknowledgement(message) && opening_of(self, message) == opening)
            return message_header(message, INBOX);
    }
    return NULL;
}

/* That of the service's call that a message is of; NULL: the caller sent it, or there is none. */
static const char *inbox_of_sender(const recorded_call *self, const wire_message *message)
{
    const wire_message *opening = message->from_caller ? NULL : opening_of(self, message);
    return opening != NULL ? service_inbox(self, opening) : NULL;
}

/* How many items came before the index-th message on its subject. */
static int items_before(const recorded_call *self, size_t index)
{
    int count = 0;
    for (size_t i = 0; i < index; i++)
        if (is_item(&self->messages[i]) &&
            strcmp(self->messages[i].subject, self->messages[index].subject) == 0)
            count++;
    return count;
}

/* Whether it is the one answer, or failure, of a client stream. */
static bool is_answer(const recorded_call *self, const wire_message *of)
{
    if (of->from_caller || is_acknowledgement(of))
        return false;
    const wire_message *opening = opening_of(self, of);
    return opening != NULL && recording_kind_of(opening->subject) == RECORDED_CLIENT_STREAM;
}

bool recorded_caller_listens_late(const recorded_call *recording)
{
    return recording->kind == RECORDED_CLIENT_STREAM && strcmp(recording->caller, "go") == 0;
}

static void set_error(wire_message *message, const char *code, const char *text)
{
    message->length = 0;
    message_set_header(message, ERROR_CODE, code);
    message_set_header(message, ERROR_TEXT, text);
}

static void set_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

static void number_end(recorded_call *self, size_t index)
{
    char digits[16];
    snprintf(digits, sizeof(digits), "%d", items_before(self, index));
    message_set_header(&self->messages[index], SEQ, digits);
}

/* ---- our service: where things go ---- */

static bool streams_to_the_reply(recorded_call *self)
{
    bool changed = false;
    wire_message *opening = &self->messages[0];
    if ((self->kind != RECORDED_SERVER_STREAM && self->kind != RECORDED_BIDI) ||
        opening->header_count != 0 || opening->reply[0] == '\0')
        return false;
    for (size_t i = self->count; i-- > 1;) {
        wire_message *message = &self->messages[i];
        if (message->from_caller)
            continue;
        if (is_acknowledgement(message)) {
            if (self->kind == RECORDED_SERVER_STREAM)
                recording_remove(self, i);
            continue;
        }
        set_text(message->subject, sizeof(message->subject), opening->reply);
        changed = true;
    }
    return changed;
}

static bool answers_on_the_reply(recorded_call *self)
{
    static const uint8_t ten_of_one[] = {0x08, 0x0a, 0x10, 0x01};
    if (!is_named(self, "sum_no_reply_to"))
        return false;
    wire_message answer = {.payload = ten_of_one, .length = sizeof(ten_of_one)};
    set_text(answer.subject, sizeof(answer.subject), self->messages[0].reply);
    recording_insert(self, self->count, &answer);
    return true;
}

static bool reads_names_in_any_case(recorded_call *self)
{
    const char *reply_to = message_header(&self->messages[0], "reply-to");
    if (reply_to == NULL)
        return false;
    for (size_t i = self->count; i-- > 1;) {
        if (is_acknowledgement(&self->messages[i]))
            recording_remove(self, i);
        else
            set_text(self->messages[i].subject, sizeof(self->messages[i].subject), reply_to);
    }
    message_set_header(&self->messages[0], REPLY_TO, reply_to); /* as who reads it so sees it */
    return true;
}

static bool acknowledges_on_reply_to(recorded_call *self)
{
    if (!is_named(self, "sum_no_nats_reply"))
        return false;
    wire_message acknowledgement = {.from_caller = false};
    set_text(acknowledgement.subject, sizeof(acknowledgement.subject),
             message_header(&self->messages[0], REPLY_TO));
    message_set_header(&acknowledgement, INBOX, "$INBOX2");
    recording_insert(self, 1, &acknowledgement);
    return true;
}

static bool serves_calls_at_once(recorded_call *self)
{
    if (!is_named(self, "sum_two_at_once"))
        return false;
    /* The second call's acknowledgement comes before the first one's items. */
    for (size_t i = 4; i < self->count; i++) {
        wire_message late = self->messages[i];
        if (!is_acknowledgement(&late))
            continue;
        recording_remove(self, i);
        recording_insert(self, 3, &late);
        return true;
    }
    return false;
}

/* ---- our service: what every message of a stream carries ---- */

static bool names_its_inbox(recorded_call *self)
{
    bool changed = false;
    for (size_t i = 0; i < self->count; i++) {
        wire_message *message = &self->messages[i];
        const char *inbox = inbox_of_sender(self, message);
        if (inbox == NULL)
            continue;
        if (is_error_message(message) && !is_end_message(message) && !is_answer(self, message))
            continue; /* a refused opening makes no call, and no inbox */
        if (is_acknowledgement(message) || is_end_message(message) || is_answer(self, message) ||
            items_before(self, i) == 0) {
            set_text(message->reply, sizeof(message->reply), inbox);
            changed = true;
        }
    }
    return changed;
}

/* A token is random, so any will do. */
static bool says_its_token(recorded_call *self)
{
    bool changed = false;
    for (size_t i = 0; i < self->count; i++) {
        wire_message *message = &self->messages[i];
        const char *inbox = inbox_of_sender(self, message);
        if (inbox == NULL || strcmp(message->reply, inbox) != 0)
            continue;
        message_set_header(message, "Natsmicro-Service", "*");
        changed = true;
    }
    return changed;
}

static bool numbers_its_end(recorded_call *self)
{
    bool changed = false;
    for (size_t i = 0; i < self->count; i++) {
        if (self->messages[i].from_caller || !is_end_message(&self->messages[i]))
            continue;
        number_end(self, i);
        changed = true;
    }
    return changed;
}

/* A caller that has given up need not hear the end of its call. */
static bool is_end_to_be_heard(const recorded_call *self, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (self->messages[i].from_caller && is_error_message(&self->messages[i]))
            return false;
    return !self->messages[index].from_caller && is_end_message(&self->messages[index]);
}

static bool publishes_until_heard(recorded_call *self)
{
    bool changed = false;
    for (size_t i = 0; i < self->count; i++) {
        wire_message *answer = &self->messages[i];
        bool is_end = is_end_to_be_heard(self, i);
        if (!(is_end || is_answer(self, answer)) || answer->reply[0] == '\0')
            continue;
        answer->may_repeat = true;
        /* A caller that does not listen yet has not heard what was recorded before its end. */
        bool before_end = i + 1 < self->count && self->messages[self->count - 1].from_caller;
        answer->at_least = !is_end && recorded_caller_listens_late(self) && before_end ? 2 : 1;
        changed = true;
    }
    return changed;
}

/* ---- our service: what messages say ---- */

static bool sends_the_code(recorded_call *self)
{
    bool changed = false;
    for (size_t i = 0; i < self->count; i++) {
        wire_message *message = &self->messages[i];
        const char *text = message_header(message, ERROR_TEXT);
        char code[48];
        if (message->from_caller || text == NULL || sscanf(text, "[%47[A-Z_]]", code) != 1)
            continue;
        char rest[256];
        snprintf(rest, sizeof(rest), "%s", strstr(text, ": ") + 2);
        set_error(message, code, rest);
        changed = true;
    }
    return changed;
}

static bool says_the_code_for_no_text(recorded_call *self)
{
    if (!is_named(self, "ping_empty_error"))
        return false;
    wire_message answer = {.from_caller = false};
    set_text(answer.subject, sizeof(answer.subject), self->messages[0].reply);
    set_error(&answer, "NOT_FOUND", "NOT_FOUND");
    recording_insert(self, 1, &answer);
    return true;
}

#define UNDECODABLE "failed to decode request: "
#define NO_JSON     "failed to decode JSON request: " /* Go's */
#define NO_ITEM     "a message of the peer cannot be decoded: "
#define LOOKS_BINARY(type) \
    "this looks like binary protobuf, not JSON: a labjson.v1." type " was expected as JSON"
#define PAST_THE_END "byte 0: a length that reaches past the end"
#define GOS_WORDS    UNDECODABLE "proto: cannot parse invalid wire-format data"
#define OUR_WORDS    UNDECODABLE PAST_THE_END

/* Our decoder's words for what is wrong, instead of Go's. */
static const char *our_words(const recorded_call *self)
{
    if (is_named(self, "ping_malformed_wire_type"))
        return UNDECODABLE "byte 0: unknown wire type";
    if (is_named(self, "ping_malformed_utf8"))
        return UNDECODABLE "field lab.v1.PingRequest.payload: not UTF-8";
    return OUR_WORDS;
}

/* The same of JSON. */
static const char *our_words_of_json(const recorded_call *self)
{
    static const struct {
        const char *scenario;
        const char *words;
    } all[] = {
        {"json_malformed",
         "field smallInt: expected ',' or '}', not the end of the text (line 1, column 15)"},
        {"json_unknown_enum_name",
         "field color: labjson.v1.Color has no value \"COLOR_MAUVE\" (line 1, column 11)"},
        {"json_unknown_field",
         "labjson.v1.Everything has no field \"noSuchField\" (line 1, column 17)"},
        {"json_wrong_type", "field flag: expected true or false, not a string (line 1, column 10)"},
    };
    static char text[160];
    const char *words = LOOKS_BINARY("Everything");
    if (self->messages[0].length == 0)
        words = "an empty payload is not JSON: an empty message is {}";
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (is_named(self, all[i].scenario))
            words = all[i].words;
    snprintf(text, sizeof(text), UNDECODABLE "%s", words);
    return text;
}

static bool words_of_the_decoder(recorded_call *self)
{
    static char json[4096];
    bool changed = false;
    for (size_t i = 0; i < self->count; i++) {
        wire_message *message = &self->messages[i];
        const char *text = message_header(message, ERROR_TEXT);
        if (text != NULL && strncmp(text, UNDECODABLE, strlen(UNDECODABLE)) == 0) {
            message_set_header(message, ERROR_TEXT, our_words(self));
            changed = true;
        }
        if (text != NULL && strncmp(text, NO_JSON, strlen(NO_JSON)) == 0) {
            message_set_header(message, ERROR_TEXT, our_words_of_json(self));
            changed = true;
        }
        const char *words = message->json != NULL ? strstr(message->json, GOS_WORDS) : NULL;
        if (words != NULL) {
            snprintf(json, sizeof(json), "%.*s%s%s", (int)(words - message->json), message->json,
                     OUR_WORDS, words + strlen(GOS_WORDS));
            message->json = json;
            changed = true;
        }
    }
    return changed;
}

/* The service's message whose error text begins so, or NULL. */
static wire_message *failure_that_says(recorded_call *self, const char *beginning)
{
    for (size_t i = 0; i < self->count; i++) {
        const char *text = message_header(&self->messages[i], ERROR_TEXT);
        if (!self->messages[i].from_caller && text != NULL &&
            strncmp(text, beginning, strlen(beginning)) == 0)
            return &self->messages[i];
    }
    return NULL;
}

static bool blames_the_caller_for_its_message(recorded_call *self)
{
    wire_message *failure = failure_that_says(self, "failed to decode stream message: proto:");
    if (failure == NULL)
        return false;
    const char *of_bidi = "lab.v1.Lab.Chat: " NO_ITEM PAST_THE_END;
    const char *of_other = "lab.v1.Lab.Sum: " NO_ITEM PAST_THE_END;
    if (recording_is_json(self)) {
        of_bidi = "labjson.v1.LabJson.Talk: " NO_ITEM LOOKS_BINARY("Item");
        of_other = "labjson.v1.LabJson.Gather: " NO_ITEM LOOKS_BINARY("Item");
    }
    set_error(failure, "INVALID_ARGUMENT", self->kind == RECORDED_BIDI ? of_bidi : of_other);
    return true;
}

static bool passes_on_the_callers_error(recorded_call *self)
{
    wire_message *failure = failure_that_says(self, "stream error [ABORTED]: gave up");
    if (failure == NULL)
        return false;
    set_error(failure, "ABORTED",
              self->kind == RECORDED_BIDI ? "lab.v1.Lab.Chat: the caller ended the call: gave up"
                                          : "lab.v1.Lab.Sum: the caller ended the call: gave up");
    /* The error ends the call at once: what was answered before must have been asked before. */
    for (size_t i = 1; i + 1 < self->count; i++)
        if (self->messages[i].from_caller && is_end_message(&self->messages[i]) &&
            is_item(&self->messages[i + 1]) && !is_answer(self, &self->messages[i + 1])) {
            wire_message end = self->messages[i];
            recording_remove(self, i);
            recording_insert(self, i + 1, &end);
            break;
        }
    return true;
}

static bool notices_a_lost_item(recorded_call *self)
{
    if (!is_named(self, "sum_seq_gap"))
        return false;
    for (size_t i = 0; i < self->count; i++)
        if (is_answer(self, &self->messages[i]) && self->messages[i].length > 0)
            set_error(&self->messages[i], "DATA_LOSS",
                      "lab.v1.Lab.Sum: message 3 came after message 1: 1 lost");
    return true;
}

static bool notices_silence(recorded_call *self)
{
    wire_message *failure = failure_that_says(self, "context deadline exceeded");
    if (failure == NULL || self->kind != RECORDED_CLIENT_STREAM)
        return false;
    set_error(failure, "UNAVAILABLE", "lab.v1.Lab.Sum: nothing came from the peer for 300 ms");
    return true;
}

static bool names_the_deadline(recorded_call *self)
{
    wire_message *failure = failure_that_says(self, "context deadline exceeded");
    if (failure == NULL || self->kind != RECORDED_UNARY)
        return false;
    set_error(failure, "DEADLINE_EXCEEDED",
              "lab.v1.Lab.Ping: the service's timeout passed before the handler replied");
    return true;
}

static bool refuses_on_reply_to(recorded_call *self)
{
    bool is_malformed = is_named(self, "count_up_malformed");
    bool is_binary = recording_is_json(self) && self->kind == RECORDED_SERVER_STREAM &&
                     self->messages[0].json == NULL;
    if (!is_malformed && !is_binary)
        return false;
    wire_message refusal = {.from_caller = false};
    set_text(refusal.subject, sizeof(refusal.subject),
             message_header(&self->messages[0], REPLY_TO));
    message_set_header(&refusal, END, "true");
    set_error(&refusal, "INVALID_ARGUMENT",
              is_binary ? UNDECODABLE LOOKS_BINARY("WatchRequest") : OUR_WORDS);
    recording_insert(self, 1, &refusal);
    return true;
}

/* ---- our caller ---- */

static bool opens_with_one_inbox(recorded_call *self)
{
    wire_message *opening = &self->messages[0];
    const char *reply_to = message_header(opening, REPLY_TO);
    if (reply_to == NULL)
        return false;
    char old[192];
    set_text(old, sizeof(old), reply_to);
    if (opening->reply[0] == '\0')
        set_text(opening->reply, sizeof(opening->reply), old);
    message_set_header(opening, REPLY_TO, opening->reply);
    for (size_t i = 1; i < self->count; i++)
        if (strcmp(self->messages[i].subject, old) == 0)
            set_text(self->messages[i].subject, sizeof(self->messages[i].subject), opening->reply);
    return true;
}

/* Who does not know the header leaves it unread, and the stream is as recorded. */
static bool offers_a_reliable_stream(recorded_call *self)
{
    if (self->kind == RECORDED_UNARY)
        return false;
    bool one_answer = self->kind == RECORDED_CLIENT_STREAM; /* passes whatever the window */
    message_set_header(&self->messages[0], "Natsmicro-Stream",
                       one_answer ? "1; messages=1048576; bytes=1024"
                                  : "1; messages=1048576; bytes=4194304");
    return true;
}

static bool caller_names_its_inbox(recorded_call *self)
{
    bool changed = false;
    for (size_t i = 1; i < self->count; i++) {
        wire_message *message = &self->messages[i];
        if (!message->from_caller || is_opening(message))
            continue;
        bool gives_up = is_end_message(message) && is_error_message(message);
        if (gives_up || (!is_end_message(message) && items_before(self, i) > 0))
            continue;
        set_text(message->reply, sizeof(message->reply), self->messages[0].reply);
        changed = true;
    }
    return changed;
}

static bool caller_numbers_its_end(recorded_call *self)
{
    bool changed = false;
    for (size_t i = 1; i < self->count; i++) {
        if (!self->messages[i].from_caller || !is_end_message(&self->messages[i]))
            continue;
        number_end(self, i);
        changed = true;
    }
    return changed;
}

static bool sends_headers_with_streams(recorded_call *self)
{
    if (!is_named(self, "sum_headers") || message_header(&self->messages[0], "X-Trace-Id") != NULL)
        return false;
    message_set_header(&self->messages[0], "X-Trace-Id", "trace-42");
    return true;
}

static bool sends_no_blank_header(recorded_call *self)
{
    if (message_header(&self->messages[0], "X-Empty") == NULL)
        return false;
    message_remove_header(&self->messages[0], "X-Empty");
    return true;
}

/* Our caller of a call that nobody answers waits for less than the proto gives. */
static bool says_how_long_it_waits(recorded_call *self)
{
    if (self->kind != RECORDED_UNARY || !service_is_silent(self))
        return false;
    message_set_header(&self->messages[0], "Natsmicro-Timeout", "*");
    return true;
}

static bool stops_when_the_call_has_failed(recorded_call *self)
{
    bool failed = false;
    bool changed = false;
    if (self->kind != RECORDED_CLIENT_STREAM)
        return false;
    for (size_t i = 1; i < self->count; i++) {
        const wire_message *message = &self->messages[i];
        if (!message->from_caller && is_error_message(message))
            failed = true;
        else if (failed && message->from_caller) {
            recording_remove(self, i--);
            changed = true;
        }
    }
    return changed;
}

/* Whether the service has ended the call. */
static bool is_over(const recorded_call *self)
{
    for (size_t i = 1; i < self->count; i++)
        if (!self->messages[i].from_caller &&
            (is_error_message(&self->messages[i]) || is_end_message(&self->messages[i]) ||
             is_answer(self, &self->messages[i])))
            return true;
    return false;
}

static bool says_that_it_gives_up(recorded_call *self)
{
    const char *inbox = NULL;
    size_t end = 0;
    if (self->kind != RECORDED_CLIENT_STREAM && self->kind != RECORDED_BIDI)
        return false;
    for (size_t i = 1; i < self->count; i++) {
        if (is_acknowledgement(&self->messages[i]))
            inbox = message_header(&self->messages[i], INBOX);
        if (self->messages[i].from_caller && is_end_message(&self->messages[i]))
            end = i;
    }
    if (end > 0 && !is_error_message(&self->messages[end]))
        return false;
    if (end == 0) {
        if (inbox == NULL || is_over(self))
            return false;
        wire_message given_up = {.from_caller = true};
        set_text(given_up.subject, sizeof(given_up.subject), inbox);
        message_set_header(&given_up, END, "true");
        end = self->count;
        recording_insert(self, end, &given_up);
    }
    set_error(&self->messages[end], "CANCELLED", "closed before its end");
    return true;
}

/* ---- the list ---- */

const difference differences[] = {
    {OF_SERVICE, "server or bidirectional stream without `Reply-To`", "the messages arrive",
     streams_to_the_reply},
    {OF_SERVICE, "client stream without `Reply-To`", "the response arrives", answers_on_the_reply},
    {OF_SERVICE, "names of headers", "HTTP's habit", reads_names_in_any_case},
    {OF_SERVICE, "stream with `Reply-To`, without NATS reply", "nothing speaks against it",
     acknowledges_on_reply_to},
    {OF_SERVICE, "several calls of one method", "a long stream must not block others",
     serves_calls_at_once},
    {OF_SERVICE, "NATS reply of messages, ends, answers",
     "dead peers and unheard answers are noticed", names_its_inbox},
    {OF_SERVICE, "token on the same messages", "two services that answer can be told apart",
     says_its_token},
    {OF_SERVICE, "end of a stream", "a lost tail shows; peers ignore it", numbers_its_end},
    {OF_SERVICE, "response or failure of a client stream, end of another",
     "Go's caller subscribes after its own end, and any caller may be connecting again",
     publishes_until_heard},
    {OF_SERVICE, "code of an error on a stream", "a caller can act on it", sends_the_code},
    {OF_SERVICE, "error with an empty text", "the caller would wait for nothing",
     says_the_code_for_no_text},
    {OF_SERVICE, "text of an undecodable request", "another decoder", words_of_the_decoder},
    {OF_SERVICE, "undecodable message on a stream", "it is the caller's mistake",
     blames_the_caller_for_its_message},
    {OF_SERVICE, "caller's error on its end", "the call has failed with that code",
     passes_on_the_callers_error},
    {OF_SERVICE, "numbers of the caller's messages", "loss must not pass for success",
     notices_a_lost_item},
    {OF_SERVICE, "caller that falls silent", "the code says what happened", notices_silence},
    {OF_SERVICE, "handler slower than the timeout", "the code says what happened",
     names_the_deadline},
    {OF_SERVICE, "refused opening of a server stream without NATS reply",
     "the caller would wait for its limit", refuses_on_reply_to},

    {OF_CALLER, "C's calls: opening of a stream",
     "nobody serving is noticed at once; the acknowledgement is found wherever it comes",
     opens_with_one_inbox},
    {OF_CALLER, "C's calls: offer of a reliable stream",
     "two sides of this library lose nothing; others do not read it", offers_a_reliable_stream},
    {OF_CALLER, "C's calls: request headers on client and bidirectional streams",
     "a user sets them for every call", sends_headers_with_streams},
    {OF_CALLER, "C's calls: blank request header", "nats.c cannot read it", sends_no_blank_header},
    {OF_CALLER, "C's calls: how long the caller waits",
     "a handler knows when nobody waits any more", says_how_long_it_waits},
    {OF_CALLER, "C's calls: after the service's failure", "nobody reads what is sent",
     stops_when_the_call_has_failed},
    {OF_CALLER, "C's calls: giving up", "it must never look finished", says_that_it_gives_up},
    {OF_CALLER, "C's calls: NATS reply of first message and end", "a dead service is noticed",
     caller_names_its_inbox},
    {OF_CALLER, "C's calls: end of a stream", "a lost tail shows; peers ignore it",
     caller_numbers_its_end},
};

const size_t difference_count = sizeof(differences) / sizeof(differences[0]);

void differences_apply(difference_side side, recorded_call *recording, unsigned *counts)
{
    for (size_t i = 0; i < difference_count; i++)
        if (differences[i].side == side && differences[i].edit(recording))
            counts[i]++;
}
