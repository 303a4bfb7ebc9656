/*
 * Includes cmocka, and the headers that cmocka needs before its own.
 */
#ifndef TESTS_UNIT_CMOCKA_TEST_H
#define TESTS_UNIT_CMOCKA_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
