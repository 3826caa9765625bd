#include "shim.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

// An end less likely than this is none: e^-5 is under one in a hundred.
static const float least_end = -5;

int refrain_run_want_endings(refrain_run *run) {
	if (run->endings == NULL)
		run->endings = calloc(1, sizeof *run->endings);
	if (run->endings != NULL)
		run->endings->n = 0;
	return run->endings != NULL;
}

static void lock(refrain_endings *e) {
	while (__atomic_exchange_n(&e->busy, 1, __ATOMIC_ACQUIRE) != 0)
		;
}

static void unlock(refrain_endings *e) { __atomic_store_n(&e->busy, 0, __ATOMIC_RELEASE); }

static refrain_ending *least(refrain_endings *e) {
	refrain_ending *worst = e->list;
	for (int i = 1; i < e->n; i++)
		if (e->list[i].log_prob < worst->log_prob)
			worst = &e->list[i];
	return worst;
}

// Several beams may hold the same tokens: whisper.cpp begins all of them with the best.
static bool known(const refrain_endings *e, const whisper_token_data *tokens, int n) {
	for (int i = 0; i < e->n; i++) {
		int k = 0;
		if (e->list[i].n == n)
			while (k < n && e->list[i].tokens[k] == tokens[k].id)
				k++;
		if (k == n && e->list[i].n == n)
			return true;
	}
	return false;
}

static void keep(refrain_endings *e, const whisper_token_data *tokens, int n, double log_prob) {
	refrain_ending *to;
	if (known(e, tokens, n))
		return;
	if (e->n < refrain_endings_kept)
		to = &e->list[e->n++];
	else if ((to = least(e))->log_prob >= log_prob)
		return;
	to->log_prob = log_prob;
	to->n = n;
	for (int i = 0; i < n; i++)
		to->tokens[i] = tokens[i].id;
}

static float end_log_prob(struct whisper_context *ctx, const float *logits) {
	int n = whisper_n_vocab(ctx);
	float top = -INFINITY;
	for (int i = 0; i < n; i++)
		top = logits[i] > top ? logits[i] : top;
	float end = logits[whisper_token_eot(ctx)];
	if (!(end - top > least_end))
		return -INFINITY;
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum += exp((double)(logits[i] - top));
	return end - top - (float)log(sum);
}

void refrain_note_ending(struct whisper_context *ctx, struct whisper_state *state,
	const whisper_token_data *tokens, int n, float *logits, void *data) {
	(void)state;
	refrain_run *run = data;
	if (n == 0 || n > refrain_ending_tokens)
		return;
	double log_prob = end_log_prob(ctx, logits);
	if (!(log_prob > least_end))
		return;
	for (int i = 0; i < n; i++)
		log_prob += tokens[i].plog;
	lock(run->endings);
	keep(run->endings, tokens, n, log_prob);
	unlock(run->endings);
}
