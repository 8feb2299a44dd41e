/* Charts: round ticks that hold all values, and drawings that tell everything without colours. */

#include "chart.h"
#include "check.h"

static void assert_ticks(double low, double high, double first, double step, size_t count) {
    const ChartTicks ticks = chart_ticks(low, high, 6);
    assert_true(fabs(ticks.first - first) <= 1e-9 * step);
    assert_true(fabs(ticks.step - step) <= 1e-9 * step);
    assert_int_equal(ticks.count, count);
}

static void ticks_are_round_numbers(void **state) {
    (void)state;
    assert_ticks(0.0, 1.0, 0.0, 0.2, 6);
    assert_ticks(0.03, 0.97, 0.0, 0.2, 6);
    assert_ticks(1.0, 106.0, 0.0, 20.0, 7);
    assert_ticks(0.0, 600.0, 0.0, 100.0, 7);
    assert_ticks(0.0, 601.0, 0.0, 200.0, 5);
    assert_ticks(-3.0, 2.0, -3.0, 1.0, 6);
    assert_ticks(1e-5, 1e-3, 0.0, 2e-4, 6);
}

/* Whatever the range: within the ticks, at most 6 steps, and not more than half of them empty. */
static void ticks_hold_their_range(void **state) {
    (void)state;
    float *values = test_values(2000, 1.0f, 7);
    for (size_t i = 0; i < 2000; i += 2) {
        const double scale = pow(10.0, (double)(i % 20) - 10.0);
        const double low = scale * fmin((double)values[i], (double)values[i + 1]);
        const double high = scale * fmax((double)values[i], (double)values[i + 1]);
        const ChartTicks ticks = chart_ticks(low, high, 6);
        const double end = ticks.first + (double)(ticks.count - 1) * ticks.step;
        const double digit = ticks.step / pow(10.0, floor(log10(ticks.step) + 1e-9));
        assert_true(ticks.count >= 2 && ticks.count <= 7);
        assert_true(ticks.first <= low + 1e-6 * ticks.step);
        assert_true(end >= high - 1e-6 * ticks.step);
        assert_true(end - ticks.first <= high - low + 2.0 * ticks.step);
        assert_true(fabs(digit - 1) < 1e-6 || fabs(digit - 2) < 1e-6 || fabs(digit - 5) < 1e-6);
    }
    memory_free(values);
}

static void one_value_has_room_around_it(void **state) {
    (void)state;
    const double last = nextafter(2.3, 3.0); /* a loss that moves in its last digit */
    const ChartTicks ticks_of_digit = chart_ticks(2.3, last, 6);
    assert_true(ticks_of_digit.first < 2.3 && ticks_of_digit.step > 0.01);
    const double values[] = {0.0, 5.0, -2.0};
    for (size_t i = 0; i < 3; i++) {
        const ChartTicks ticks = chart_ticks(values[i], values[i], 6);
        assert_true(ticks.first < values[i]);
        assert_true(ticks.first + (double)(ticks.count - 1) * ticks.step > values[i]);
    }
}

static void assert_label(double value, double step, bool percent, const char *wanted) {
    char label[CHART_LABEL_BYTES];
    chart_label(value, step, percent, label);
    assert_string_equal(label, wanted);
}

static void labels_have_the_digits_that_tell_them_apart(void **state) {
    (void)state;
    assert_label(20.0, 20.0, false, "20");
    assert_label(0.5, 0.5, false, "0.5");
    assert_label(1.0, 0.25, false, "1.0");
    assert_label(0.2, 0.2, true, "20%");
    assert_label(0.995, 0.001, true, "99.5%");
    assert_label(2e-5, 1e-5, false, "2e-05");
    assert_label(0.0015, 0.0005, false, "0.0015");
    assert_label(4.6047, 0.0001, false, "4.6047");
    assert_label(4.60514, 0.00002, false, "4.60514");
    assert_label(1.2e6, 2e5, false, "1.2e+06");
    assert_label(1234560.0, 20.0, false, "1.23456e+06");
    assert_label(1.5e20, 5e19, false, "1.5e+20");
    assert_label(-1e-19, 0.2, false, "0");
}

/* ---- drawings ---- */

static size_t occurrences(const char *text, const char *what) {
    size_t count = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        count++;
    return count;
}

static const double epochs[] = {1.0, 2.0, 3.0, 4.0};
static const double rising[] = {0.1, 0.2, 0.4, 0.5};
static const double gapped[] = {0.3, NAN, 0.2, 0.1};

static void a_chart_tells_what_it_shows(void **state) {
    (void)state;
    const ChartSeries series[] = {
        {.name = "one & <two>", .count = 4, .x = epochs, .y = rising, .style = 0},
        {.name = "other", .count = 4, .x = epochs, .y = gapped, .style = 1, .dashed = true}};
    const Chart chart = {.title = "A <title>",
                         .about = "What \"it\" is.",
                         .x_name = "epoch",
                         .percent = true,
                         .count = 2,
                         .series = series};
    Html html = {0};
    chart_draw(&html, &chart);
    assert_int_equal(html.status, STATUS_OK);
    assert_non_null(strstr(html.text, "role=img aria-labelledby=\"t0 d0\"><title id=\"t0\">"
                                      "A &lt;title&gt;</title><desc id=\"d0\">What &quot;it&quot; "
                                      "is.</desc>"));
    assert_null(strstr(html.text, "<two>"));
    assert_non_null(strstr(html.text, "one &amp; &lt;two&gt;"));
    assert_non_null(strstr(html.text, "class=\"s1 d\"")); /* not by its colour alone */
    assert_non_null(strstr(html.text, "<tr><th scope=row>3</th><td class=n>40.00%</td>"
                                      "<td class=n>20.00%</td></tr>"));
    /* A gap is none in the table, and begins the line anew. */
    assert_non_null(strstr(html.text, "<td class=n>20.00%</td><td></td></tr>"));
    assert_null(strstr(html.text, "nan"));
    const char *line = strstr(strstr(html.text, "</desc>"), "class=\"s1 d\"");
    const char *end = strstr(line, "\"/>");
    assert_int_equal(occurrences(line, "M") - occurrences(end, "M"), 2);
    html_free(&html);
}

static void charts_have_names_of_their_own(void **state) {
    (void)state;
    const ChartSeries series = {.name = "s", .count = 4, .x = epochs, .y = rising};
    const Chart chart = {
        .title = "t", .about = "a", .x_name = "epoch", .count = 1, .series = &series};
    Html html = {0};
    chart_draw(&html, &chart);
    chart_draw(&html, &chart);
    assert_int_equal(occurrences(html.text, "id=\"t0\""), 1);
    assert_int_equal(occurrences(html.text, "id=\"t1\""), 1);
    assert_int_equal(occurrences(html.text, "<svg"), 2); /* one line needs no legend */
    html_free(&html);
}

static void nothing_to_show_is_no_chart(void **state) {
    (void)state;
    const double none[] = {NAN, NAN, NAN, NAN};
    const ChartSeries series = {.name = "s", .count = 4, .x = epochs, .y = none};
    const Chart chart = {
        .title = "t", .about = "a", .x_name = "epoch", .count = 1, .series = &series};
    Html html = {0};
    chart_draw(&html, &chart);
    assert_int_equal(html.length, 0);
    html_free(&html);
}

/* A run of one epoch: a marker, and whole epochs on the axis. */
static void one_point_is_drawn(void **state) {
    (void)state;
    const ChartSeries series = {.name = "s", .count = 1, .x = epochs, .y = rising};
    const Chart chart = {
        .title = "t", .about = "a", .x_name = "epoch", .count = 1, .series = &series};
    Html html = {0};
    chart_draw(&html, &chart);
    assert_int_equal(occurrences(html.text, "<circle"), 1);
    assert_null(strstr(html.text, "class=m>0.5<"));
    assert_non_null(strstr(html.text, "class=m>1<"));
    html_free(&html);
}

/* Between gaps, on any of the lines. */
static void points_without_a_line_are_drawn(void **state) {
    (void)state;
    double x[20], y[20];
    for (size_t i = 0; i < 20; i++) {
        x[i] = (double)i;
        y[i] = i == 7 || i == 11 || i == 19 ? 1.0 : NAN;
    }
    for (size_t style = 0; style < CHART_STYLES; style++) {
        const ChartSeries series = {.name = "s", .count = 20, .x = x, .y = y, .style = style};
        const Chart chart = {
            .title = "t", .about = "a", .x_name = "epoch", .count = 1, .series = &series};
        Html html = {0};
        chart_draw(&html, &chart);
        const char *line = strstr(html.text, "<path class=l");
        assert_int_equal(occurrences(line, "/>") - 1, 3);
        html_free(&html);
    }
}

static void series_without_values_are_left_out(void **state) {
    (void)state;
    const double none[] = {NAN, NAN, NAN, NAN};
    const ChartSeries series[] = {
        {.name = "nothing", .count = 4, .x = epochs, .y = none, .style = 0},
        {.name = "something", .count = 4, .x = epochs, .y = rising, .style = 1}};
    const Chart chart = {
        .title = "t", .about = "a", .x_name = "epoch", .count = 2, .series = series};
    Html html = {0};
    chart_draw(&html, &chart);
    assert_null(strstr(html.text, "nothing"));
    assert_int_equal(occurrences(html.text, "something"), 2); /* legend, table */
    assert_null(strstr(html.text, "<td></td>"));
    html_free(&html);
}

static void an_axis_holds_what_it_is_told_to(void **state) {
    (void)state;
    const double x[] = {95.0}, y[] = {0.5};
    const ChartSeries series = {.name = "s", .count = 1, .x = x, .y = y};
    const Chart chart = {
        .title = "t", .about = "a", .x_name = "%", .x_to = 100.0, .count = 1, .series = &series};
    Html html = {0};
    chart_draw(&html, &chart);
    assert_non_null(strstr(html.text, "class=m>0<"));
    assert_non_null(strstr(html.text, "class=m>100<"));
    assert_null(strstr(html.text, "class=m>120<"));
    html_free(&html);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round_numbers),
        cmocka_unit_test(ticks_hold_their_range),
        cmocka_unit_test(one_value_has_room_around_it),
        cmocka_unit_test(labels_have_the_digits_that_tell_them_apart),
        cmocka_unit_test(a_chart_tells_what_it_shows),
        cmocka_unit_test(charts_have_names_of_their_own),
        cmocka_unit_test(nothing_to_show_is_no_chart),
        cmocka_unit_test(one_point_is_drawn),
        cmocka_unit_test(points_without_a_line_are_drawn),
        cmocka_unit_test(series_without_values_are_left_out),
        cmocka_unit_test(an_axis_holds_what_it_is_told_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
