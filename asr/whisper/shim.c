#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct whisper_context *refrain_load(const char *path) {
	struct whisper_context_params params = whisper_context_default_params();
	params.flash_attn = true;
	return whisper_init_from_file_with_params_no_state(path, params);
}

refrain_run *refrain_run_new(struct whisper_context *ctx, int threads) {
	refrain_run *run = calloc(1, sizeof *run);
	if (run == NULL)
		return NULL;
	run->ctx = ctx;
	run->threads = threads;
	run->state = whisper_init_state(ctx);
	if (run->state == NULL) {
		free(run);
		return NULL;
	}
	return run;
}

void refrain_run_free(refrain_run *run) {
	if (run == NULL)
		return;
	whisper_free_state(run->state);
	free(run->no_speech);
	free(run->endings);
	free(run);
}

void refrain_run_abort(refrain_run *run) {
	__atomic_store_n(&run->aborted, 1, __ATOMIC_RELEASE);
}

static bool aborted(void *data) {
	refrain_run *run = data;
	return __atomic_load_n(&run->aborted, __ATOMIC_ACQUIRE) != 0;
}

// The probability of the no-speech token right after the start of a transcript, from
// the encoder pass that the state holds now. whisper.cpp's own figure is no use: it
// reads a row of logits that its prompt does not compute, so that it reports what an
// earlier decoding left there.
static float no_speech(refrain_run *run) {
	whisper_token start = whisper_token_sot(run->ctx);
	if (whisper_decode_with_state(run->ctx, run->state, &start, 1, 0, run->threads) != 0)
		return -1;
	const float *logits = whisper_get_logits_from_state(run->state);
	int n = whisper_n_vocab(run->ctx);
	whisper_token nosp = whisper_token_nosp(run->ctx);
	if (logits == NULL || nosp < 0 || nosp >= n)
		return -1;
	float top = logits[0];
	for (int i = 1; i < n; i++)
		top = logits[i] > top ? logits[i] : top;
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum += exp((double)logits[i] - top);
	return (float)(exp((double)logits[nosp] - top) / sum);
}

// Judges the segments that the last encoder pass gave.
static void judge(refrain_run *run) {
	int n = whisper_full_n_segments_from_state(run->state);
	if (n <= run->judged)
		return;
	if (n > run->capacity) {
		float *grown = realloc(run->no_speech, (size_t)n * sizeof *grown);
		if (grown == NULL)
			abort();
		run->no_speech = grown;
		run->capacity = n;
	}
	float p = no_speech(run);
	while (run->judged < n)
		run->no_speech[run->judged++] = p;
}

// The window that this thread hears, for the log.
static __thread refrain_run *running;

static bool encoder_begins(struct whisper_context *ctx, struct whisper_state *state, void *data) {
	(void)ctx;
	(void)state;
	refrain_run *run = data;
	if (aborted(run))
		return false;
	judge(run); // while the state still holds the pass before
	run->passes++;
	return true;
}

int refrain_run_full(refrain_run *run, struct whisper_full_params *params, const float *samples, int n,
	int endings) {
	run->passes = 0;
	run->judged = 0;
	params->suppress_nst = true;
	// whisper.cpp would drop text by its unreliable no-speech probability.
	params->no_speech_thold = 2;
	params->new_segment_callback = NULL;
	params->progress_callback = NULL;
	params->logits_filter_callback = NULL;
	if (endings && !refrain_run_want_endings(run))
		return -7;
	if (endings) {
		params->no_timestamps = true; // or else beams would differ in them alone
		params->logits_filter_callback = refrain_note_ending;
		params->logits_filter_callback_user_data = run;
	}
	params->encoder_begin_callback = encoder_begins;
	params->encoder_begin_callback_user_data = run;
	params->abort_callback = aborted;
	params->abort_callback_user_data = run;
	running = run;
	int rc = whisper_full_with_state(run->ctx, run->state, *params, samples, n);
	if (rc == 0 && !aborted(run))
		judge(run);
	running = NULL;
	return rc;
}

static void forward(enum ggml_log_level level, const char *text, void *data) {
	(void)data;
	static __thread bool wanted;
	if (running != NULL && aborted(running))
		return; // that a window was given up is no news
	if (level != GGML_LOG_LEVEL_CONT)
		wanted = level == GGML_LOG_LEVEL_WARN || level == GGML_LOG_LEVEL_ERROR;
	if (wanted)
		fputs(text, stderr);
}

void refrain_quiet(void) {
	whisper_log_set(forward, NULL);
	ggml_log_set(forward, NULL);
}

void refrain_plain_abort(void) {
	signal(SIGABRT, SIG_DFL);
}

const char *refrain_ggml_path(void) {
	Dl_info info;
	void *symbol = dlsym(RTLD_DEFAULT, "ggml_backend_load_all_from_path");
	if (symbol == NULL || dladdr(symbol, &info) == 0)
		return NULL;
	return info.dli_fname;
}

int refrain_params_size(void) {
	return (int)sizeof(struct whisper_full_params);
}
