#include "engine/dialect.h"

#include "engine/tests/support.h"

START_TEST(a_flipped_trait_leaves_all_others_as_they_are) {
    const ttl_dialect plain = ttl_dialect_of(TTL_FAMILY_REDIS, VERSION(7, 0, 0));
    const size_t most = (size_t)TTL_TRAIT_WORDS * TTL_TRAITS_IN_WORD;
    for (size_t flipped = 0; flipped < most; flipped++) {
        ttl_dialect bent = plain;
        ttl_dialect_flip(&bent, flipped);
        for (size_t i = 0; i < most; i++)
            ck_assert_int_eq(ttl_dialect_has(&bent, i) != ttl_dialect_has(&plain, i), i == flipped);
        ttl_dialect_flip(&bent, flipped);
        ck_assert_mem_eq(bent.traits, plain.traits, sizeof plain.traits);
    }
}
END_TEST

/* Redict has taken over what Redis has since 7.4. */
static bool is_taken_over(const ttl_dialect *dialect, const ttl_trait *trait) {
    static const char *const ids[] = {"hscan.novalues", "xread.last",
                                      "xread.last-of-nothing-is-an-error",
                                      "xread.last-is-of-the-last-id"};
    if (dialect->family != TTL_FAMILY_REDICT) return false;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (strcmp(trait->id, ids[i]) == 0) return true;
    return false;
}

START_TEST(a_dialect_has_the_traits_whose_versions_it_lies_in) {
    for (size_t name = 0; ttl_dialect_names[name] != NULL; name++) {
        ttl_dialect dialect;
        ck_assert(ttl_dialect_parse(ttl_dialect_names[name], &dialect));
        for (size_t i = 0; i < ttl_trait_count(); i++) {
            ttl_trait trait = ttl_trait_at(i);
            ck_assert_int_eq(ttl_dialect_has(&dialect, i),
                             dialect_in(&dialect, trait.redis, trait.valkey) ||
                                 is_taken_over(&dialect, &trait));
        }
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("dialect");
    TCase *tests = tcase_create("dialect");
    tcase_add_test(tests, a_flipped_trait_leaves_all_others_as_they_are);
    tcase_add_test(tests, a_dialect_has_the_traits_whose_versions_it_lies_in);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
