#ifndef VIT_VERSION_H
#define VIT_VERSION_H

/* "0.3.0": the project's, as CMakeLists.txt has it. */
extern const char *const version_text;
/* "GNU 12.2.0": what compiled it. */
extern const char *const version_compiler;

#endif
