/*
 * Sanitized: under sanitizers, which make everything slow, tests do less.
 */
#ifndef TESTS_SUPPORT_SANITIZED_H
#define TESTS_SUPPORT_SANITIZED_H

#ifndef __has_feature
#define __has_feature(name) 0 /* gcc defines macros instead */
#endif

/* A value for normal builds, and one for builds with a sanitizer. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PLAIN_OR_SANITIZED(plain, sanitized) (sanitized)
#else
#define PLAIN_OR_SANITIZED(plain, sanitized) (plain)
#endif

#endif
