/*
 * Services: see services.h.
 */
#include "show/services.h"

#include "text/duration.h"
#include "text/show.h"
#include "text/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- JSON ---- */

void cmd_show_json(const json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(2));
    nm_buffer shown = NM_BUFFER_INIT;
    if (text != NULL)
        cmd_show_json_text(&shown, text, strlen(text));
    nm_buffer_append(&shown, "\n", 1);
    if (!shown.failed)
        fwrite(shown.data, 1, shown.length, stdout);
    nm_buffer_free(&shown);
    free(text);
}

json_t *cmd_array_of(const cmd_answers *answers)
{
    json_t *array = json_array();
    for (size_t i = 0; i < answers->count; i++)
        json_array_append(array, answers->items[i].json);
    return array;
}

/* ---- joining ---- */

/* Answers while they are joined: there may be many, so nothing is looked for one by one. */
typedef struct cmd_join {
    json_t *services;
    json_t *by_name;    /* services, by name and version */
    json_t *by_subject; /* their endpoints, by that and the subject */
} cmd_join;

/* The member of an index for a service that has this answer, or for its endpoint. */
static json_t *find(const json_t *index, const json_t *answer, const char *subject, json_t *to_add)
{
    nm_buffer key = NM_BUFFER_INIT;
    nm_buffer_append_format(&key, "%s\n%s\n%s", cmd_text_of(answer, "name"),
                            cmd_text_of(answer, "version"), subject);
    const char *text = nm_buffer_string(&key);
    json_t *found = text != NULL ? json_object_get(index, text) : NULL;
    if (found == NULL && text != NULL && to_add != NULL)
        json_object_set((json_t *)index, text, to_add);
    nm_buffer_free(&key);
    return found;
}

static json_t *make_service(cmd_join *join, const json_t *answer)
{
    json_t *service = json_object();
    static const char *const members[] = {"name", "version", "description", "metadata"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        json_object_set(service, members[i], json_object_get(answer, members[i]));
    json_object_set_new(service, "instances", json_array());
    json_t *endpoints = json_deep_copy(json_object_get(answer, "endpoints"));
    json_object_set_new(service, "endpoints", endpoints);
    json_array_append_new(join->services, service);
    find(join->by_name, answer, "", service);
    size_t index;
    json_t *endpoint;
    json_array_foreach(endpoints, index, endpoint)
        find(join->by_subject, answer, cmd_text_of(endpoint, "subject"), endpoint);
    return service;
}

static void add_service(cmd_join *join, json_t *answer)
{
    json_t *service = find(join->by_name, answer, "", NULL);
    if (service == NULL)
        service = make_service(join, answer);
    json_array_append(json_object_get(service, "instances"), json_object_get(answer, "id"));
}

/* What SCHEMA says of an endpoint goes to the one of INFO with its subject. */
static void add_types(cmd_join *join, const json_t *schema)
{
    size_t index;
    json_t *typed;
    json_array_foreach(json_object_get(schema, "endpoints"), index, typed)
    {
        json_t *endpoint = find(join->by_subject, schema, cmd_text_of(typed, "subject"), NULL);
        json_object_update_missing(endpoint, typed);
    }
}

json_t *cmd_join_answers(const cmd_answers *answers)
{
    cmd_join join = {json_array(), json_object(), json_object()};
    for (size_t i = 0; i < answers->count; i++) {
        if (cmd_is(answers->items[i].json, "type", CMD_INFO))
            add_service(&join, answers->items[i].json);
    }
    for (size_t i = 0; i < answers->count; i++) {
        if (cmd_is(answers->items[i].json, "type", CMD_SCHEMA))
            add_types(&join, answers->items[i].json);
    }
    json_decref(join.by_name);
    json_decref(join.by_subject);
    return join.services;
}

/* ---- lines ---- */

/* Prints texts of strangers, with a gap between those that are not empty. */
static void print_heading(const char *name, const char *version, const char *third,
                          const char *fourth)
{
    const char *const parts[] = {name, version, third, fourth};
    nm_buffer line = NM_BUFFER_INIT;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (*parts[i] == '\0')
            continue;
        if (line.length > 0)
            nm_buffer_append_string(&line, "  ");
        cmd_show(&line, parts[i]);
    }
    cmd_print_line(&line, stdout);
    nm_buffer_free(&line);
}

static void print_service(const json_t *service)
{
    size_t count = json_array_size(json_object_get(service, "instances"));
    char instances[48];
    snprintf(instances, sizeof(instances), "%zu instance%s", count, count == 1 ? "" : "s");
    print_heading(cmd_text_of(service, "name"), cmd_text_of(service, "version"), instances,
                  cmd_text_of(service, "description"));
}

/* ---- ls ---- */

/* "shop.v1.Order" as "Order" beside a method of the same package, "shop.v1.Stock.Take". */
static const char *short_type(const char *type, const char *method)
{
    size_t dots = 0;
    size_t length = strlen(method);
    while (length > 0 && dots < 2)
        dots += method[--length] == '.';
    return dots == 2 && strncmp(type, method, length + 1) == 0 ? type + length + 1 : type;
}

static bool has_types(const json_t *service)
{
    size_t index;
    json_t *endpoint;
    json_array_foreach(json_object_get(service, "endpoints"), index, endpoint)
    {
        if (!cmd_is(endpoint, "method", ""))
            return true;
    }
    return false;
}

static const char *kind_of(const json_t *endpoint)
{
    static const char *const kinds[][2] = {{"unary", "unary"},
                                           {"server_stream", "server stream"},
                                           {"client_stream", "client stream"},
                                           {"bidi_stream", "bidi stream"}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (cmd_is(endpoint, "kind", kinds[i][0]))
            return kinds[i][1];
    }
    return cmd_text_of(endpoint, "kind");
}

static void print_methods(const json_t *service)
{
    cmd_table table;
    cmd_table_begin(&table, "  ", "METHOD|KIND|REQUEST -> RESPONSE");
    size_t index;
    json_t *endpoint;
    json_array_foreach(json_object_get(service, "endpoints"), index, endpoint)
    {
        const char *method = cmd_text_of(endpoint, "method");
        cmd_table_add(&table, *method != '\0' ? method : cmd_text_of(endpoint, "subject"));
        cmd_table_format(&table, "%s%s%s", kind_of(endpoint),
                         cmd_is(endpoint, "chunk_field", "") ? "" : ", chunked",
                         json_is_true(json_object_get(endpoint, "json")) ? ", JSON" : "");
        if (*method != '\0')
            cmd_table_format(&table, "%s -> %s",
                             short_type(cmd_text_of(endpoint, "request"), method),
                             short_type(cmd_text_of(endpoint, "response"), method));
        else
            cmd_table_add(&table, "types: unknown (use --proto)");
    }
    cmd_table_end(&table, stdout);
}

static void print_subjects(const json_t *service)
{
    cmd_table table;
    cmd_table_begin(&table, "  ", "SUBJECT|TYPES");
    size_t index;
    json_t *endpoint;
    json_array_foreach(json_object_get(service, "endpoints"), index, endpoint)
    {
        cmd_table_add(&table, cmd_text_of(endpoint, "subject"));
        cmd_table_add(&table, "unknown (use --proto)");
    }
    cmd_table_end(&table, stdout);
}

void cmd_show_list(const json_t *services)
{
    size_t index;
    json_t *service;
    json_array_foreach(services, index, service)
    {
        if (index > 0)
            putchar('\n');
        print_service(service);
        if (has_types(service))
            print_methods(service);
        else if (json_array_size(json_object_get(service, "endpoints")) > 0)
            print_subjects(service);
    }
}

/* ---- info ---- */

static void append_pairs(nm_buffer *text, const json_t *metadata)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)metadata, name, value)
    {
        const char *shown = json_string_value(value);
        nm_buffer_append_format(text, "%s%s=%s", text->length > 0 ? ", " : "", name,
                                shown != NULL ? shown : "");
    }
}

static void add_pairs(cmd_table *table, const json_t *object)
{
    nm_buffer text = NM_BUFFER_INIT;
    append_pairs(&text, json_object_get(object, "metadata"));
    cmd_table_add(table, nm_buffer_string(&text));
    nm_buffer_free(&text);
}

static void print_about(const json_t *service)
{
    cmd_table table;
    cmd_table_begin(&table, "  ", "|");
    size_t index;
    json_t *id;
    json_array_foreach(json_object_get(service, "instances"), index, id)
    {
        cmd_table_add(&table, index == 0 ? "instances" : "");
        cmd_table_add(&table, json_string_value(id));
    }
    if (json_object_size(json_object_get(service, "metadata")) > 0) {
        cmd_table_add(&table, "metadata");
        add_pairs(&table, service);
    }
    cmd_table_end(&table, stdout);
}

void cmd_show_info(const json_t *services)
{
    size_t index;
    json_t *service;
    json_array_foreach(services, index, service)
    {
        if (index > 0)
            putchar('\n');
        print_service(service);
        print_about(service);
        cmd_table table;
        cmd_table_begin(&table, "  ", "ENDPOINT|SUBJECT|QUEUE GROUP|METADATA");
        size_t k;
        json_t *endpoint;
        json_array_foreach(json_object_get(service, "endpoints"), k, endpoint)
        {
            cmd_table_add(&table, cmd_text_of(endpoint, "name"));
            cmd_table_add(&table, cmd_text_of(endpoint, "subject"));
            const char *group = cmd_text_of(endpoint, "queue_group");
            cmd_table_add(&table, *group != '\0' ? group : "-");
            add_pairs(&table, endpoint);
        }
        cmd_table_end(&table, stdout);
    }
}

/* ---- stats ---- */

/* How long ago a time in RFC 3339 was, in UTC; "" if it is none. */
static void write_uptime(const char *started, char *text, size_t size)
{
    struct tm utc = {0};
    *text = '\0';
    if (sscanf(started, "%4d-%2d-%2dT%2d:%2d:%2d", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
               &utc.tm_hour, &utc.tm_min, &utc.tm_sec) != 6 ||
        utc.tm_mon < 1 || utc.tm_mon > 12)
        return;
    /* Days by the civil calendar: mktime would take them for local time. */
    int64_t year = utc.tm_mon <= 2 ? utc.tm_year - 1 : utc.tm_year;
    int64_t month = (utc.tm_mon + 9) % 12;
    int64_t days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 +
                   utc.tm_mday - 1 - 719468;
    int64_t then = ((days * 24 + utc.tm_hour) * 60 + utc.tm_min) * 60 + utc.tm_sec;
    int64_t seconds = (int64_t)time(NULL) - then;
    char age[32];
    cmd_write_age(seconds > 0 ? (uint64_t)seconds : 0, age, sizeof(age));
    snprintf(text, size, "up %s", age);
}

static void add_stats(cmd_table *table, const json_t *endpoint)
{
    char average[32];
    cmd_write_duration((uint64_t)cmd_number_of(endpoint, "average_processing_time"), average,
                       sizeof(average));
    int64_t requests = cmd_number_of(endpoint, "num_requests");
    cmd_table_add(table, cmd_text_of(endpoint, "name"));
    cmd_table_format(table, "%" PRId64, requests);
    cmd_table_format(table, "%" PRId64, cmd_number_of(endpoint, "num_errors"));
    cmd_table_add(table, requests > 0 ? average : "-");
    cmd_table_add(table, cmd_text_of(endpoint, "last_error"));
}

void cmd_show_stats(const cmd_answers *answers)
{
    for (size_t i = 0; i < answers->count; i++) {
        const json_t *answer = answers->items[i].json;
        char uptime[48];
        write_uptime(cmd_text_of(answer, "started"), uptime, sizeof(uptime));
        if (i > 0)
            putchar('\n');
        print_heading(cmd_text_of(answer, "name"), cmd_text_of(answer, "version"),
                      cmd_text_of(answer, "id"), uptime);
        cmd_table table;
        cmd_table_begin(&table, "  ", "ENDPOINT|>REQUESTS|>ERRORS|>AVERAGE|LAST ERROR");
        size_t index;
        json_t *endpoint;
        json_array_foreach(json_object_get(answer, "endpoints"), index, endpoint)
            add_stats(&table, endpoint);
        cmd_table_end(&table, stdout);
    }
}

/* ---- ping ---- */

void cmd_show_ping(const cmd_answers *answers)
{
    cmd_table table;
    cmd_table_begin(&table, "", "SERVICE|VERSION|INSTANCE|>TIME");
    for (size_t i = 0; i < answers->count; i++) {
        char time_text[32];
        cmd_write_duration(answers->items[i].after_ns, time_text, sizeof(time_text));
        cmd_table_add(&table, cmd_text_of(answers->items[i].json, "name"));
        cmd_table_add(&table, cmd_text_of(answers->items[i].json, "version"));
        cmd_table_add(&table, cmd_text_of(answers->items[i].json, "id"));
        cmd_table_add(&table, time_text);
    }
    cmd_table_end(&table, stdout);
}
