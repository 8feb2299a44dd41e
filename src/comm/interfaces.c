#include "vit/interfaces.h"

#include "vit/list.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What Docker, libvirt, LXC, Kubernetes' plug-ins and Podman call their bridges, or how these names
 * begin. By name, since a bridge can also be what connects the hosts. */
static const char *const bridges[] = {"docker", "virbr",  "lxcbr",      "lxdbr",
                                      "cni",    "podman", "cni-podman", "nerdctl"};

/* "br-" and twelve digits: a network that a user of Docker made. */
static bool is_docker_network(const char *name) {
    return strncmp(name, "br-", 3) == 0 && strspn(name + 3, "0123456789abcdef") == 12 &&
           strlen(name) == 15;
}

static bool is_bridge(const char *name) {
    for (size_t i = 0; i < sizeof bridges / sizeof *bridges; i++)
        if (strncmp(name, bridges[i], strlen(bridges[i])) == 0)
            return true;
    return is_docker_network(name);
}

size_t interfaces_find(size_t most, Interface *interface) {
    struct ifaddrs *all = NULL;
    size_t count = 0;
    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *one = all; one && count < most; one = one->ifa_next) {
        if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || !(one->ifa_flags & IFF_UP) ||
            (one->ifa_flags & IFF_LOOPBACK))
            continue;
        const struct sockaddr_in *address = (const void *)one->ifa_addr;
        Interface *found = &interface[count++];
        snprintf(found->name, sizeof found->name, "%s", one->ifa_name);
        inet_ntop(AF_INET, &address->sin_addr, found->address, sizeof found->address);
    }
    freeifaddrs(all);
    return count;
}

/* Appends what fits. */
__attribute__((format(printf, 3, 4))) static void say(char *text, size_t bytes, const char *format,
                                                      ...) {
    const size_t used = strlen(text);
    va_list values;
    va_start(values, format);
    vsnprintf(text + used, bytes - used, format, values);
    va_end(values);
}

/* The first part of Open MPI's own list, which an option replaces. */
static const char default_exclude[] = "127.0.0.1/8";

/* The option that leaves the bridges out. */
static void advise_exclude(size_t count, const Interface *interface, const char *exclude,
                           char *text, size_t bytes) {
    say(text, bytes, "; to leave such bridges out: mpirun --mca btl_tcp_if_exclude %s", exclude);
    for (size_t i = 0; i < count; i++)
        if (is_bridge(interface[i].name) && !list_has(exclude, interface[i].name))
            say(text, bytes, ",%s", interface[i].name);
}

void interfaces_describe(size_t count, const Interface *interface, const char *include,
                         const char *exclude, char *text, size_t bytes) {
    size_t open = 0, others = 0; /* bridges that are not excluded, and what is no bridge */
    const char *other = NULL;
    if (!exclude || !*exclude)
        exclude = default_exclude;
    snprintf(text, bytes, "network interfaces here: %s", count ? "" : "none");
    for (size_t i = 0; i < count; i++) {
        const bool bridge = is_bridge(interface[i].name);
        say(text, bytes, "%s%s (%s%s)", i ? ", " : "", interface[i].name, interface[i].address,
            bridge ? ", a bridge whose address other hosts may have too" : "");
        open += bridge && !list_has(exclude, interface[i].name);
        others += !bridge;
        if (!bridge && !other)
            other = interface[i].name;
    }
    if (include && *include)
        say(text, bytes, "; Open MPI is told to use %s", include);
    else if (open)
        advise_exclude(count, interface, exclude, text, bytes);
    else if (others > 1)
        say(text, bytes, "; to take one only: mpirun --mca btl_tcp_if_include %s", other);
}
