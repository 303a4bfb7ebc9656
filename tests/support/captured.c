/*
 * Captured: see captured.h. The bytes go into a file without a name.
 */
#include "support/captured.h"

#include "support/process.h"
#include "support/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void captured_begin(captured *self)
{
    char path[] = "/tmp/captured-XXXXXX";
    self->file = mkstemp(path);
    if (self->file < 0)
        support_die("cannot make %s", path);
    unlink(path);
    fflush(stderr);
    self->stderr_before = dup(STDERR_FILENO);
    if (self->stderr_before < 0 || dup2(self->file, STDERR_FILENO) < 0)
        support_die("cannot redirect stderr");
    self->text[0] = '\0';
}

static void look(captured *self)
{
    ssize_t length = pread(self->file, self->text, CAPTURED_SIZE - 1, 0);
    self->text[length > 0 ? length : 0] = '\0';
}

typedef struct search {
    captured *where;
    const char *part;
} search;

static bool holds(void *data)
{
    search *self = data;
    look(self->where);
    return strstr(self->where->text, self->part) != NULL;
}

bool captured_wait(captured *self, const char *part, int64_t timeout_ms)
{
    search wanted = {self, part};
    return eventually(holds, &wanted, timeout_ms);
}

void captured_end(captured *self)
{
    dup2(self->stderr_before, STDERR_FILENO);
    close(self->stderr_before);
    look(self);
    close(self->file);
}

size_t captured_count(const captured *self, const char *part)
{
    size_t count = 0;
    for (const char *at = self->text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}
