#include "synth_set.h"
#include "vit_data.h"

Status data_synth(const char *out, const SynthOptions *options) {
    DataSet set;
    Status status = synth_set(options, &set);
    if (status == STATUS_OK)
        status = data_write(out, &set);
    data_set_free(&set);
    return status;
}
