/*
 * Events: see events.h.
 */
#include "base/events.h"

#include "base/last_error.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define EVENT_TEXT_SIZE 512

static const char *const names[] = {
    [NATSMICRO_EVENT_DROPPED] = "DROPPED",
    [NATSMICRO_EVENT_REFUSED_SUBJECT] = "REFUSED_SUBJECT",
    [NATSMICRO_EVENT_SLOW_CONSUMER] = "SLOW_CONSUMER",
    [NATSMICRO_EVENT_OVERLOADED] = "OVERLOADED",
    [NATSMICRO_EVENT_PUBLISH_FAILED] = "PUBLISH_FAILED",
    [NATSMICRO_EVENT_UNHEARD] = "UNHEARD",
    [NATSMICRO_EVENT_SETUP_FAILED] = "SETUP_FAILED",
    [NATSMICRO_EVENT_QUEUE_FULL] = "QUEUE_FULL",
    [NATSMICRO_EVENT_OPEN_CALLS] = "OPEN_CALLS",
    [NATSMICRO_EVENT_NO_SERVICES] = "NO_SERVICES",
    [NATSMICRO_EVENT_EXPIRED] = "EXPIRED",
    [NATSMICRO_EVENT_NOT_PERMITTED] = "NOT_PERMITTED",
    [NATSMICRO_EVENT_CALLS_WAITING] = "CALLS_WAITING",
    [NATSMICRO_EVENT_STORE_FAILED] = "STORE_FAILED",
};

const char *natsmicro_event_kind_name(natsmicro_event_kind kind)
{
    if ((int)kind <= 0 || (size_t)kind >= sizeof(names) / sizeof(names[0]))
        return "UNKNOWN";
    return names[kind];
}

void nm_events_init(nm_events *events, natsmicro_on_error on_error, void *user_data,
                    natsmicro_log_level log)
{
    events->log = nm_log_choose(log);
    events->on_error = on_error;
    events->user_data = user_data;
    atomic_init(&events->dropped, 0);
    atomic_init(&events->refused_subjects, 0);
}

void nm_events_count_dropped(nm_events *events, uint64_t count)
{
    atomic_fetch_add_explicit(&events->dropped, count, memory_order_relaxed);
}

void nm_events_emit(nm_events *events, natsmicro_event_kind kind, const char *subject,
                    const char *method, const char *format, ...)
{
    if (kind == NATSMICRO_EVENT_DROPPED)
        nm_events_count_dropped(events, 1);
    if (kind == NATSMICRO_EVENT_REFUSED_SUBJECT)
        atomic_fetch_add_explicit(&events->refused_subjects, 1, memory_order_relaxed);
    if (events->on_error == NULL && events->log < NATSMICRO_LOG_ERROR)
        return;

    va_list arguments;
    va_start(arguments, format);
    char text[EVENT_TEXT_SIZE];
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);

    if (events->log >= NATSMICRO_LOG_ERROR)
        nm_log(NATSMICRO_LOG_ERROR, subject, NULL, "%s: %s%s%s", natsmicro_event_kind_name(kind),
               method != NULL ? method : "", method != NULL ? ": " : "", text);
    if (events->on_error == NULL)
        return;
    natsmicro_event event = {kind, subject != NULL ? subject : "", method != NULL ? method : "",
                             text};
    events->on_error(&event, events->user_data);
}

natsmicro_status nm_events_setup_ended(nm_events *events, const char *what, natsmicro_status status,
                                       nm_error *error)
{
    if (status != NATSMICRO_OK && error->status == NATSMICRO_OK)
        nm_error_set(error, status, "out of memory or threads");
    if (status != NATSMICRO_OK) {
        nm_last_error_set(status, "%s: %s", what, nm_error_text(error));
        nm_events_emit(events, NATSMICRO_EVENT_SETUP_FAILED, NULL, NULL, "%s: %s", what,
                       nm_error_text(error));
    }
    nm_error_clear(error);
    return status;
}
