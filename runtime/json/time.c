/*
 * Time: see time.h. Days are counted as if the calendar of today had always been there, from the
 * first of March of a year, so that the day that leap years add is the last.
 */
#include "json/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* 0001-01-01T00:00:00Z, and the last second of 9999. */
#define FIRST_SECOND INT64_C(-62135596800)
#define LAST_SECOND  INT64_C(253402300799)

/* About 10,000 years. */
#define LONGEST_DURATION INT64_C(315576000000)

#define NANOS 1000000000

#define DAY INT64_C(86400)

/* Of 400 years, which all have as many days; and the days of 0000-03-01 to 1970-01-01. */
#define ERA_DAYS   146097
#define EPOCH_DAYS 719468

/* ---- the calendar ---- */

typedef struct date {
    int year;
    int month;
    int day;
} date;

static date date_of(int64_t days_since_1970)
{
    int64_t days = days_since_1970 + EPOCH_DAYS;
    int64_t era = days / ERA_DAYS;
    int day = (int)(days % ERA_DAYS);
    int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int day_of_year = day - (365 * year + year / 4 - year / 100);
    int month = (5 * day_of_year + 2) / 153; /* 0: March */

    return (date){.year = (int)(era * 400) + year + (month >= 10),
                  .month = month < 10 ? month + 3 : month - 9,
                  .day = day_of_year - (153 * month + 2) / 5 + 1};
}

static int64_t days_since_1970(date d)
{
    int year = d.year - (d.month <= 2);
    int month = d.month > 2 ? d.month - 3 : d.month + 9;
    int day_of_year = (153 * month + 2) / 5 + d.day - 1;

    return (int64_t)365 * year + year / 4 - year / 100 + year / 400 + day_of_year - EPOCH_DAYS;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

/* ---- writing ---- */

/* Writes no fraction, or one of 3, 6 or 9 digits. */
static char *put_fraction(char *at, int32_t nanos)
{
    if (nanos == 0)
        return at;
    int digits = 9;
    for (; nanos % 1000 == 0; nanos /= 1000)
        digits -= 3;
    return at + snprintf(at, 12, ".%0*" PRId32, digits, nanos);
}

char *nm_json_put_timestamp(char *at, nm_json_time time)
{
    if (time.seconds < FIRST_SECOND || time.seconds > LAST_SECOND || time.nanos < 0 ||
        time.nanos >= NANOS)
        return NULL;
    int64_t since_first = time.seconds - FIRST_SECOND;
    int second = (int)(since_first % DAY);
    date d = date_of(since_first / DAY + FIRST_SECOND / DAY);
    at += snprintf(at, 24, "%04d-%02d-%02dT%02d:%02d:%02d", d.year, d.month, d.day, second / 3600,
                   second / 60 % 60, second % 60);
    at = put_fraction(at, time.nanos);
    *at++ = 'Z';
    return at;
}

char *nm_json_put_duration(char *at, nm_json_time time)
{
    if (time.seconds < -LONGEST_DURATION || time.seconds > LONGEST_DURATION ||
        time.nanos <= -NANOS || time.nanos >= NANOS || (time.seconds > 0 && time.nanos < 0) ||
        (time.seconds < 0 && time.nanos > 0))
        return NULL;
    bool is_negative = time.seconds < 0 || time.nanos < 0;
    at += snprintf(at, 24, "%s%" PRId64, is_negative ? "-" : "",
                   is_negative ? -time.seconds : time.seconds);
    at = put_fraction(at, is_negative ? -time.nanos : time.nanos);
    *at++ = 's';
    return at;
}

/* ---- reading ---- */

typedef struct text {
    const char *at;
    const char *end;
} text;

static bool is_digit(const text *t)
{
    return t->at < t->end && *t->at >= '0' && *t->at <= '9';
}

static bool take(text *t, char expected)
{
    if (t->at == t->end || *t->at != expected)
        return false;
    t->at++;
    return true;
}

/* Takes exactly `count` digits. */
static bool take_number(text *t, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(t))
            return false;
        *value = *value * 10 + (*t->at++ - '0');
    }
    return true;
}

/* Takes a fraction of 1 to 9 digits, if there is one. */
static bool take_fraction(text *t, int32_t *nanos)
{
    int32_t unit = NANOS;

    *nanos = 0;
    if (!take(t, '.'))
        return true;
    if (!is_digit(t))
        return false;
    for (; is_digit(t); t->at++) {
        unit /= 10;
        if (unit == 0)
            return false;
        *nanos += (*t->at - '0') * unit;
    }
    return true;
}

static bool take_date(text *t, date *d)
{
    return take_number(t, 4, &d->year) && take(t, '-') && take_number(t, 2, &d->month) &&
           take(t, '-') && take_number(t, 2, &d->day) && d->year >= 1 && d->month >= 1 &&
           d->month <= 12 && d->day >= 1 && d->day <= days_of_month(d->year, d->month);
}

/* Takes hours and minutes as seconds. */
static bool take_hour_and_minute(text *t, int *seconds)
{
    int hour;
    int minute;

    if (!take_number(t, 2, &hour) || !take(t, ':') || !take_number(t, 2, &minute) || hour > 23 ||
        minute > 59)
        return false;
    *seconds = hour * 3600 + minute * 60;
    return true;
}

/* Takes Z, or how far the clock is ahead of UTC. */
static bool take_offset(text *t, int *seconds)
{
    *seconds = 0;
    if (take(t, 'Z'))
        return true;
    if (take(t, '+'))
        return take_hour_and_minute(t, seconds);
    if (!take(t, '-') || !take_hour_and_minute(t, seconds))
        return false;
    *seconds = -*seconds;
    return true;
}

bool nm_json_read_timestamp(const char *bytes, size_t length, nm_json_time *time)
{
    text t = {bytes, bytes + length};
    date d;
    int of_day;
    int second;
    int offset;

    if (!take_date(&t, &d) || !take(&t, 'T') || !take_hour_and_minute(&t, &of_day) ||
        !take(&t, ':') || !take_number(&t, 2, &second) || second > 59 ||
        !take_fraction(&t, &time->nanos) || !take_offset(&t, &offset) || t.at != t.end)
        return false;
    time->seconds = days_since_1970(d) * DAY + of_day + second - offset;
    return time->seconds >= FIRST_SECOND && time->seconds <= LAST_SECOND;
}

bool nm_json_read_duration(const char *bytes, size_t length, nm_json_time *time)
{
    text t = {bytes, bytes + length};
    bool is_negative = take(&t, '-');

    if (!is_digit(&t))
        return false;
    for (time->seconds = 0; is_digit(&t); t.at++) {
        time->seconds = time->seconds * 10 + (*t.at - '0');
        if (time->seconds > LONGEST_DURATION)
            return false;
    }
    if (!take_fraction(&t, &time->nanos) || !take(&t, 's') || t.at != t.end)
        return false;
    if (is_negative) {
        time->seconds = -time->seconds;
        time->nanos = -time->nanos;
    }
    return true;
}
