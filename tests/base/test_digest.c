#include "vit/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_digest(const char *bytes, size_t count, const char *expected) {
    Digest digest;
    char text[DIGEST_TEXT];
    assert_int_equal(digest_init(&digest), STATUS_OK);
    digest_add(&digest, bytes, count);
    assert_int_equal(digest_finish(&digest, text), STATUS_OK);
    assert_string_equal(text, expected);
}

/* The examples of NIST for FIPS 180-4. */
static void the_published_examples_come_out(void **state) {
    (void)state;
    const char *blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    expect_digest(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_digest(blocks, strlen(blocks),
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million_bytes_in_uneven_pieces(void **state) {
    (void)state;
    Digest digest;
    char piece[777], text[DIGEST_TEXT];
    memset(piece, 'a', sizeof piece);
    assert_int_equal(digest_init(&digest), STATUS_OK);
    for (size_t left = 1000000, count; left; left -= count) {
        count = left < sizeof piece ? left : sizeof piece;
        digest_add(&digest, piece, count);
        digest_add(&digest, NULL, 0);
    }
    assert_int_equal(digest_finish(&digest, text), STATUS_OK);
    assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void a_released_digest_gives_an_error_and_no_text(void **state) {
    (void)state;
    Digest digest;
    char text[DIGEST_TEXT] = "x";
    assert_int_equal(digest_init(&digest), STATUS_OK);
    digest_free(&digest);
    digest_free(&digest);
    digest_add(&digest, "abc", 3);
    assert_int_equal(digest_finish(&digest, text), STATUS_INTERNAL);
    assert_string_equal(text, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_examples_come_out),
        cmocka_unit_test(a_million_bytes_in_uneven_pieces),
        cmocka_unit_test(a_released_digest_gives_an_error_and_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
