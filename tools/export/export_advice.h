#ifndef TOOLS_EXPORT_ADVICE_H
#define TOOLS_EXPORT_ADVICE_H

#include "export.h"

/* Logs what was written, the line of Python that loads it, and how pictures become what the model
 * takes; a warning where the checkpoint does not know that, or something else in the folder tells
 * it otherwise. Local. */
void export_advice_show(const TrainedModel *model, const ExportWish *wish);

#endif
