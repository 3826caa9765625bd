// What whisper.cpp's Go binding lacks: several states over one model, aborting a
// running window, and the no-speech probability as the model's authors define it.
#ifndef REFRAIN_SHIM_H
#define REFRAIN_SHIM_H

#include <ggml-backend.h>
#include <whisper.h>

// refrain_run is one state and what its current window needs. It is C memory, so
// that the callbacks can hold on to it.
typedef struct refrain_run {
	struct whisper_context *ctx;
	struct whisper_state *state;
	int aborted;      // set from another thread; read through atomics only
	int threads;
	int passes;       // encoder passes of the current window
	int judged;       // segments whose no-speech probability is known
	int capacity;     // of no_speech
	float *no_speech; // one a segment; negative where it could not be had
	struct refrain_endings *endings; // NULL where nobody asks for them
} refrain_run;

// Loads a model without a state; NULL if it can't be loaded.
struct whisper_context *refrain_load(const char *path);

// A state over a loaded model; NULL without memory.
refrain_run *refrain_run_new(struct whisper_context *ctx, int threads);
void refrain_run_free(refrain_run *run);

// Hears one window. The parameters' callbacks are replaced. Returns whisper_full's code.
int refrain_run_full(refrain_run *run, struct whisper_full_params *params, const float *samples, int n,
	int endings);

// What a window may say: the token sequences after which its decoding may well end.
// whisper.cpp decodes at most half of a model's text context, 224 tokens.
enum { refrain_ending_tokens = 224, refrain_endings_kept = 64 };

typedef struct refrain_ending {
	double log_prob; // of the tokens and of the end behind them
	int n;
	whisper_token tokens[refrain_ending_tokens];
} refrain_ending;

typedef struct refrain_endings {
	int n;
	int busy; // a lock: beams are read by several threads
	refrain_ending list[refrain_endings_kept];
} refrain_endings;

// Makes room for the endings of the windows to come. Returns 0 without memory.
int refrain_run_want_endings(refrain_run *run);

// Makes the window that runs now end at the next opportunity. Any thread may call it.
void refrain_run_abort(refrain_run *run);

// A logits_filter_callback for a run that wants endings; it changes nothing.
void refrain_note_ending(struct whisper_context *ctx, struct whisper_state *state,
	const whisper_token_data *tokens, int n, float *logits, void *data);

// From here on warnings and errors go to stderr, everything else nowhere.
void refrain_quiet(void);

// Lets abort() end the process with its own signal instead of Go's trace.
void refrain_plain_abort(void);

// The file that libggml was loaded from, or NULL.
const char *refrain_ggml_path(void);

// The size of the parameters as this program was compiled.
int refrain_params_size(void);

#endif
