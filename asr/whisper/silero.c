#include "silero.h"

#include <string.h>

struct source {
	const char *bytes;
	size_t left;
};

static size_t source_read(void *ctx, void *to, size_t n) {
	struct source *s = ctx;
	if (n > s->left)
		n = s->left;
	memcpy(to, s->bytes, n);
	s->bytes += n;
	s->left -= n;
	return n;
}

static bool source_eof(void *ctx) {
	return ((struct source *)ctx)->left == 0;
}

static void source_close(void *ctx) {
	(void)ctx;
}

struct whisper_vad_context *refrain_silero_load(const void *bytes, size_t n) {
	struct source source = {bytes, n};
	struct whisper_model_loader loader = {&source, source_read, source_eof, source_close};
	struct whisper_vad_context_params params = whisper_vad_default_context_params();
	// It is too small a network for several threads, or for a graphics card.
	params.n_threads = 1;
	params.use_gpu = false;
	return whisper_vad_init_with_params(&loader, params);
}
