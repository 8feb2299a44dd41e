/* What is told of the network's interfaces. */

#include "check.h"
#include "vit/interfaces.h"

static const Interface ethernet = {"eth0", "10.0.0.1"}, docker = {"docker0", "172.17.0.1"},
                       libvirt = {"virbr0", "192.168.122.1"},
                       network = {"br-0123456789ab", "172.18.0.1"}, bridge = {"br-lan", "10.1.0.1"};

static void check_text(size_t count, const Interface *interface, const char *include,
                       const char *exclude, const char *expected) {
    char text[1024];
    interfaces_describe(count, interface, include, exclude, text, sizeof text);
    assert_string_equal(text, expected);
}

static void bridges_are_named_with_the_option_against_them(void **state) {
    (void)state;
    check_text(4, (Interface[]){ethernet, docker, libvirt, network}, NULL, NULL,
               "network interfaces here: eth0 (10.0.0.1), docker0 (172.17.0.1, a bridge whose "
               "address other hosts may have too), virbr0 (192.168.122.1, a bridge whose address "
               "other hosts may have too), br-0123456789ab (172.18.0.1, a bridge whose address "
               "other hosts may have too); to leave such bridges out: mpirun --mca "
               "btl_tcp_if_exclude 127.0.0.1/8,docker0,virbr0,br-0123456789ab");
}

/* A list of the person's is extended, and one that has them already, or says what to take, is all
 * that can be said. */
static void what_open_mpi_is_told_counts(void **state) {
    (void)state;
    const Interface both[] = {ethernet, docker};
    const char found[] = "network interfaces here: eth0 (10.0.0.1), docker0 (172.17.0.1, a bridge "
                         "whose address other hosts may have too)";
    char expected[512];
    check_text(2, both, NULL, "lo,docker0", found);
    snprintf(expected, sizeof expected, "%s; Open MPI is told to use eth0", found);
    check_text(2, both, "eth0", NULL, expected);
    snprintf(expected, sizeof expected,
             "%s; to leave such bridges out: mpirun --mca btl_tcp_if_exclude lo,ib0,docker0",
             found);
    check_text(2, both, NULL, "lo,ib0", expected);
}

/* A bridge without the name of such software may be what connects the hosts. */
static void among_others_one_can_be_chosen(void **state) {
    (void)state;
    check_text(0, NULL, NULL, NULL, "network interfaces here: none");
    check_text(1, &ethernet, NULL, NULL, "network interfaces here: eth0 (10.0.0.1)");
    check_text(2, (Interface[]){bridge, ethernet}, NULL, NULL,
               "network interfaces here: br-lan (10.1.0.1), eth0 (10.0.0.1); to take one only: "
               "mpirun --mca btl_tcp_if_include br-lan");
}

static void a_text_that_is_too_long_is_cut(void **state) {
    (void)state;
    char text[40];
    interfaces_describe(2, (Interface[]){ethernet, docker}, NULL, NULL, text, sizeof text);
    assert_string_equal(text, "network interfaces here: eth0 (10.0.0.1");
}

static void the_loopback_is_no_interface(void **state) {
    (void)state;
    Interface found[64];
    const size_t count = interfaces_find(64, found);
    for (size_t i = 0; i < count; i++) {
        assert_string_not_equal(found[i].name, "lo");
        assert_true(strlen(found[i].address) >= strlen("1.1.1.1"));
    }
    assert_int_equal(interfaces_find(0, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bridges_are_named_with_the_option_against_them),
        cmocka_unit_test(what_open_mpi_is_told_counts),
        cmocka_unit_test(among_others_one_can_be_chosen),
        cmocka_unit_test(a_text_that_is_too_long_is_cut),
        cmocka_unit_test(the_loopback_is_no_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
