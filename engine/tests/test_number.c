/* Numbers as text: what is read is what was written, in the words of the servers. */
#include "engine/number.h"

#include <float.h>
#include <math.h>

#include "support.h"

static const char *shortest(double number) {
    static char text[NUMBER_DOUBLE_ROOM + 1];
    text[number_format_shortest(number, text)] = '\0';
    return text;
}

static const char *digits_17(double number) {
    static char text[NUMBER_DOUBLE_ROOM + 1];
    text[number_format_double(number, text)] = '\0';
    return text;
}

static const char *long_form(long double number) {
    static char text[NUMBER_LONG_DOUBLE_ROOM + 1];
    text[number_format_long_double(number, text)] = '\0';
    return text;
}

static const char *integer(int64_t number) {
    static char text[NUMBER_INTEGER_ROOM + 1];
    text[number_format_integer(number, text)] = '\0';
    return text;
}

START_TEST(integers_of_all_lengths_are_written) {
    ck_assert_str_eq(integer(0), "0");
    ck_assert_str_eq(integer(-1), "-1");
    ck_assert_str_eq(integer(1000), "1000");
    ck_assert_str_eq(integer(INT64_MAX), "9223372036854775807");
    ck_assert_str_eq(integer(INT64_MIN), "-9223372036854775808");
}
END_TEST

/* Each of these was answered by a server of Redis 7.2 or later. */
START_TEST(the_shortest_form_is_that_of_the_servers) {
    ck_assert_str_eq(shortest(0.0), "0");
    ck_assert_str_eq(shortest(-0.0), "-0");
    ck_assert_str_eq(shortest(INFINITY), "inf");
    ck_assert_str_eq(shortest(-INFINITY), "-inf");
    ck_assert_str_eq(shortest(3.14), "3.14");
    ck_assert_str_eq(shortest(0.1 + 0.2), "0.30000000000000004");
    ck_assert_str_eq(shortest(0.000123), "0.000123");
    ck_assert_str_eq(shortest(1e-5), "0.00001");
    ck_assert_str_eq(shortest(1.234e-5), "1.234e-5");
    ck_assert_str_eq(shortest(1e-7), "1e-7");
    ck_assert_str_eq(shortest(-1.25e-9), "-1.25e-9");
    ck_assert_str_eq(shortest(4e18), "4000000000000000000");
    ck_assert_str_eq(shortest(5e18), "5e+18");
    ck_assert_str_eq(shortest(12345678901234567890.0), "12345678901234567000");
    ck_assert_str_eq(shortest(1e20), "1e+20");
    ck_assert_str_eq(shortest(DBL_MAX), "1.7976931348623157e+308");
    ck_assert_str_eq(shortest(5e-324), "5e-324");
}
END_TEST

START_TEST(seventeen_digits_are_those_of_the_older_servers) {
    ck_assert_str_eq(digits_17(3.14), "3.1400000000000001");
    ck_assert_str_eq(digits_17(1e17), "1e+17");
    ck_assert_str_eq(digits_17(123456789), "123456789");
    ck_assert_str_eq(digits_17(-INFINITY), "-inf");
}
END_TEST

START_TEST(long_doubles_never_have_an_exponent) {
    ck_assert_str_eq(long_form(10.5L), "10.5");
    ck_assert_str_eq(long_form(3.0L), "3");
    ck_assert_str_eq(long_form(-0.0L), "0");
    ck_assert_str_eq(long_form(1e25L), "10000000000000000000000000");
    ck_assert_uint_eq(strlen(long_form(LDBL_MAX)), 4933);
    ck_assert_str_eq(long_form((long double)INFINITY), "");
}
END_TEST

static void read_back(double number) {
    double back;
    ck_assert(number_parse_double(ttl_bytes_of(shortest(number)), &back));
    ck_assert_msg(back == number, "%s", shortest(number));
    ck_assert(number_parse_double(ttl_bytes_of(digits_17(number)), &back));
    ck_assert_msg(back == number, "%s", digits_17(number));
}

START_TEST(what_is_written_is_read_back) {
    uint64_t random = 99;
    for (int i = 0; i < 20000; i++) {
        union {
            uint64_t bits;
            double number;
        } any = {.bits = random_next(&random)};
        if (!isnan(any.number)) read_back(any.number);
        read_back((double)(random_next(&random) >> 40) / 1000.0);
    }
}
END_TEST

static bool reads(const char *text) {
    double number;
    return number_parse_double(ttl_bytes_of(text), &number);
}

static bool bounds(const char *text, double expected) {
    double number;
    return number_parse_bound(ttl_bytes_of(text), &number) && number == expected;
}

START_TEST(scores_and_ends_of_ranges_differ_in_what_they_accept) {
    static const char *const good[] = {"1",   "+1",        "-.5",  "1.",     "1e5",
                                       "inf", "-Infinity", "0x10", "1e-320", "0e999"};
    static const char *const bad[] = {"",     " 1",  "1 ",    "1x",     ".",   "1e",    "nan",
                                      "-nan", "1,5", "1e400", "1e-400", "++1", "nan(1)"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(reads(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!reads(bad[i]), "%s", bad[i]);
    ck_assert(bounds("", 0) && bounds(" 1", 1) && bounds("1e999", INFINITY));
    ck_assert(bounds("1e-999", 0) && bounds("0x10", 16));
    ck_assert(!bounds("1 ", 1) && !bounds("nan", 0) && !bounds("(1", 1));
    ck_assert(!number_is_decimal(ttl_bytes_of("0x10")) && !number_is_decimal(ttl_bytes_of(" 1")));
    ck_assert(number_is_decimal(ttl_bytes_of("")) && number_is_decimal(ttl_bytes_of("-1.5e3")));
}
END_TEST

START_TEST(bytes_behind_a_nul_are_not_overlooked) {
    double number;
    uint64_t cursor;
    ck_assert(!number_parse_double((ttl_bytes){"1\0", 2}, &number));
    ck_assert(number_parse_bound((ttl_bytes){"1\0"
                                             "2",
                                             3},
                                 &number));
    ck_assert(number == 1);
    ck_assert(number_parse_unsigned((ttl_bytes){"12", 1}, &cursor));
    ck_assert_uint_eq(cursor, 1);
}
END_TEST

START_TEST(cursors_are_read_as_strtoul_does) {
    uint64_t cursor;
    ck_assert(number_parse_unsigned(ttl_bytes_of("18446744073709551615"), &cursor));
    ck_assert_uint_eq(cursor, UINT64_MAX);
    ck_assert(number_parse_unsigned(ttl_bytes_of("-1"), &cursor));
    ck_assert_uint_eq(cursor, UINT64_MAX);
    ck_assert(number_parse_unsigned(ttl_bytes_of(""), &cursor));
    ck_assert_uint_eq(cursor, 0);
    ck_assert(!number_parse_unsigned(ttl_bytes_of("18446744073709551616"), &cursor));
    ck_assert(!number_parse_unsigned(ttl_bytes_of(" 0"), &cursor));
    ck_assert(!number_parse_unsigned(ttl_bytes_of("0x"), &cursor));
}
END_TEST

START_TEST(texts_longer_than_any_number_are_none) {
    static char text[NUMBER_TEXT_MOST + 2];
    double number;
    memset(text, '0', sizeof text);
    ck_assert(number_parse_double((ttl_bytes){text, NUMBER_TEXT_MOST}, &number));
    ck_assert(!number_parse_double((ttl_bytes){text, NUMBER_TEXT_MOST + 1}, &number));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("number");
    TCase *laws = tcase_create("laws");
    tcase_add_test(laws, integers_of_all_lengths_are_written);
    tcase_add_test(laws, the_shortest_form_is_that_of_the_servers);
    tcase_add_test(laws, seventeen_digits_are_those_of_the_older_servers);
    tcase_add_test(laws, long_doubles_never_have_an_exponent);
    tcase_add_test(laws, what_is_written_is_read_back);
    tcase_add_test(laws, scores_and_ends_of_ranges_differ_in_what_they_accept);
    tcase_add_test(laws, bytes_behind_a_nul_are_not_overlooked);
    tcase_add_test(laws, cursors_are_read_as_strtoul_does);
    tcase_add_test(laws, texts_longer_than_any_number_are_none);
    suite_add_tcase(suite, laws);
    return run_suite(suite);
}
