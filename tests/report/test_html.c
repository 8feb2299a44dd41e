/* A page in memory: escaping, base64 (RFC 4648, section 10), numbers. */

#include "check.h"
#include "html.h"

static void assert_page(Html *html, const char *wanted) {
    assert_int_equal(html->status, STATUS_OK);
    assert_string_equal(html->text, wanted);
    assert_int_equal(html->length, strlen(wanted));
    html_free(html);
}

static void assert_text(const char *text, const char *wanted) {
    Html html = {0};
    html_raw(&html, "|");
    html_text(&html, text);
    html_raw(&html, "|");
    char whole[256];
    snprintf(whole, sizeof whole, "|%s|", wanted);
    assert_page(&html, whole);
}

static void what_means_something_to_html_is_escaped(void **state) {
    (void)state;
    assert_text("<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;");
    assert_text("plain text, 100%", "plain text, 100%");
    assert_text("", "");
}

static void control_characters_are_spaces(void **state) {
    (void)state;
    assert_text("a\nb\t\x01\x7f", "a b   ");
}

static void utf8_stays_and_what_is_none_is_a_question_mark(void **state) {
    (void)state;
    assert_text("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d");
    assert_text("\xe9t\xe9", "?t?");         /* Latin-1 */
    assert_text("\xc0\xbc", "??");           /* a long form of '<' */
    assert_text("\xe0\x80\xbc", "???");      /* another one */
    assert_text("\xed\xa0\x80", "???");      /* a surrogate */
    assert_text("\xf4\x90\x80\x80", "????"); /* above U+10FFFF */
    assert_text("\xc2\x80", "??");           /* a control character */
    assert_text("\xe2\x82", "??");           /* cut short */
    assert_text("\xe2\x82<", "??&lt;");      /* and does not swallow what follows */
}

static void a_part_ends_where_it_is_told(void **state) {
    (void)state;
    Html html = {0};
    html_text_part(&html, "\xc3\xa9\xc3\xa9", 3);
    assert_page(&html, "\xc3\xa9?");
}

static void elements_and_numbers(void **state) {
    (void)state;
    Html html = {0};
    html_element(&html, "h3", "a<b");
    html_number(&html, "%.1f%%", 12.34);
    assert_page(&html, "<h3>a&lt;b</h3><td class=n>12.3%</td>");
}

static void base64_is_the_standards(void **state) {
    (void)state;
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"},
                                             {"\xff\xef\xbe", "/+++"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        Html html = {0};
        html_raw(&html, ":");
        html_base64(&html, (const uint8_t *)vectors[i][0], strlen(vectors[i][0]));
        char whole[32];
        snprintf(whole, sizeof whole, ":%s", vectors[i][1]);
        assert_page(&html, whole);
    }
}

static void it_grows(void **state) {
    (void)state;
    Html html = {0};
    for (int i = 0; i < 20000; i++)
        html_raw(&html, "%05d", i);
    assert_int_equal(html.length, 100000);
    assert_memory_equal(html.text + 5 * 12345, "12345", 5);
    assert_int_equal(html.text[html.length], '\0');
    html_free(&html);
    html_free(&html);
}

static void after_a_failure_nothing_is_added(void **state) {
    (void)state;
    Html html = {.status = STATUS_INTERNAL};
    html_raw(&html, "text");
    html_text(&html, "text");
    assert_int_equal(html.length, 0);
    assert_int_equal(html.status, STATUS_INTERNAL);
    html_free(&html);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_means_something_to_html_is_escaped),
        cmocka_unit_test(control_characters_are_spaces),
        cmocka_unit_test(utf8_stays_and_what_is_none_is_a_question_mark),
        cmocka_unit_test(a_part_ends_where_it_is_told),
        cmocka_unit_test(elements_and_numbers),
        cmocka_unit_test(base64_is_the_standards),
        cmocka_unit_test(it_grows),
        cmocka_unit_test(after_a_failure_nothing_is_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
