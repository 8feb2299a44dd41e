/* Pictures inside a page: what is drawn, and that the page has a PNG of it. */

#include "check.h"
#include "inline_image.h"

static void stored_pictures_are_drawn_by_their_channels(void **state) {
    (void)state;
    const uint8_t grey[] = {10, 20, 30, 40, 50, 60}, four[] = {1, 2, 3, 200};
    InlineImage image;
    assert_ok(inline_image_init(&image, 4, 4));
    inline_image_draw(&image, 1, 2, (Picture){.height = 2, .width = 3, .channels = 1}, grey);
    inline_image_draw(&image, 0, 0, (Picture){.height = 1, .width = 1, .channels = 4}, four);
    for (size_t c = 0; c < 3; c++) {
        assert_int_equal(inline_image_pixel(&image, 1, 2)[c], 10);
        assert_int_equal(inline_image_pixel(&image, 3, 3)[c], 60);
        assert_int_equal(inline_image_pixel(&image, 0, 0)[c], c + 1);
        assert_int_equal(inline_image_pixel(&image, 1, 0)[c], 0);
    }
    inline_image_free(&image);
    inline_image_free(&image);
}

/* The part of light that an eye sees of each colour. */
static double lightness(double value) {
    uint8_t pixel[3];
    inline_image_heat(value, pixel);
    return 0.2126 * pixel[0] + 0.7152 * pixel[1] + 0.0722 * pixel[2];
}

static void larger_values_are_lighter(void **state) {
    (void)state;
    for (int i = 0; i < 50; i++)
        assert_true(lightness((i + 1) / 50.0) > lightness(i / 50.0));
    assert_true(lightness(-1.0) == lightness(0.0) && lightness(2.0) == lightness(1.0));
}

/* The signature (RFC 2083, section 3.1) and the header's length and name, in base64. */
static void the_page_has_a_png_with_its_description(void **state) {
    (void)state;
    Html html = {0};
    InlineImage image;
    assert_ok(inline_image_init(&image, 4, 2));
    inline_image_add(&html, &image, 100, "two \"rows\"");
    assert_int_equal(html.status, STATUS_OK);
    const char *wanted = "<img width=100 height=50 alt=\"two &quot;rows&quot;\" "
                         "src=\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUg";
    assert_memory_equal(html.text, wanted, strlen(wanted));
    inline_image_free(&image);
    html_free(&html);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_pictures_are_drawn_by_their_channels),
        cmocka_unit_test(larger_values_are_lighter),
        cmocka_unit_test(the_page_has_a_png_with_its_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
