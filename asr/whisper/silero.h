// Silero VAD, as libwhisper runs it: how likely somebody speaks, by 32 ms.
#ifndef REFRAIN_SILERO_H
#define REFRAIN_SILERO_H

#include <stddef.h>
#include <whisper.h>

// Reads a model out of memory, which is not needed afterwards; NULL if it can't be used.
struct whisper_vad_context *refrain_silero_load(const void *bytes, size_t n);

#endif
