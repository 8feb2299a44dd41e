#ifndef VIT_INTERFACES_H
#define VIT_INTERFACES_H

#include <stddef.h>

/* The network interfaces of a host, for people whose ranks do not reach each other: Open MPI takes
 * an address that two hosts have each for itself, as bridges of containers do, for a way from one
 * to the other. All local. */

/* One that is up and has an IPv4 address; the loopback interface is none. */
typedef struct Interface {
    char name[16], address[16];
} Interface;

/* Of this host, in the kernel's order, `most` at most; returns their number. */
size_t interfaces_find(size_t most, Interface *interface);

/* "network interfaces here: eth0 (10.0.0.1), docker0 (172.17.0.1, ...)", and mpirun's option that
 * leaves out bridges of containers and virtual machines, or chooses among others. include, exclude:
 * what Open MPI is already told of them (OMPI_MCA_btl_tcp_if_...), or NULL. What does not fit into
 * `bytes` is cut off. */
void interfaces_describe(size_t count, const Interface *interface, const char *include,
                         const char *exclude, char *text, size_t bytes);

#endif
