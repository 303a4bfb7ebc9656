/*
 * Time: google.protobuf.Timestamp and Duration as texts: "2026-11-29T00:40:00.500Z", "-1.5s". Pure
 * functions.
 */
#ifndef NM_JSON_TIME_H
#define NM_JSON_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nm_json_time {
    int64_t seconds;
    int32_t nanos;
} nm_json_time;

/* Room for either text. */
#define NM_JSON_TIME_SIZE 40

/* Write a text without quotes; return its end, or NULL if the time is out of its type's range. */
char *nm_json_put_timestamp(char *at, nm_json_time time);
char *nm_json_put_duration(char *at, nm_json_time time);

/* Read a text; false if it is none of its type, or out of its range. */
bool nm_json_read_timestamp(const char *text, size_t length, nm_json_time *time);
bool nm_json_read_duration(const char *text, size_t length, nm_json_time *time);

#endif
