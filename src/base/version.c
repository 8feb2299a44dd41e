#include "vit/version.h"

const char *const version_text = VIT_VERSION;
const char *const version_compiler = VIT_COMPILER;
