#ifndef VIT_FORMAT_H
#define VIT_FORMAT_H

/* The version of what this program writes to checkpoints and metrics. A field or column that is
 * added takes the next number as its `since`, which becomes FORMAT_VERSION: files of earlier
 * versions lack it and have its default, and their digests do without it. A file of a later
 * version is refused, since what it holds beside what is known here may matter. */
enum { FORMAT_VERSION = 3 };

#endif
