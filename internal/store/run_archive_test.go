package store

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

// What judges again reads transcripts by a faster reader than the rest: both must read the same.
func FuzzReadTranscript(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, ``, `[]`, `{"segments":null,"utterances":[]}`,
		`{"side":"customer","duration":9000000000,"settings":{"model":{"name":"base","sha256":"ab","demo":true,"packs":true},` +
			`"engine":"whisper.cpp 1.9.5","language":"zh","vad":"1","second":8},"segments":[{"start":1,"end":2,"text":"我没\u5174趣",` +
			`"tokens":[{"start":1,"end":2,"text":"我","prob":0.75,"original":"吾"}],"mean_log_prob":-0.3,"no_speech_prob":1e-7,` +
			`"utterance":{"start":0,"end":3},"snr":17.5,"readings":[{"text":"我没兴趣","prob":0.5}],"agent_likeness":0.1}],` +
			`"utterances":[{"start":0,"end":3}],"heard":[{"start":0,"end":3}],"other_sounds":null,"windows":2,` +
			`"sounds":{"customer":{"length":3,"peak":-3.5}}}`,
		`{"segments":[{"text":"\ud83d\ude00 \"quoted\" \n"}]}`,
		`{"segments":[{"start":-1,"tokens":[]}]}`,
		`{"segments":[{"start":1.5}]}`, `{"windows":"2"}`, `{"segments": 1`, `{"segments":[{]}`, `{"windows":99999999999999999999}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want, got asr.Transcript
		wantErr := json.Unmarshal([]byte(text), &want)
		_ = readTranscript(text, &got)
		if wantErr != nil {
			return // what the store wrote can be read; the rest must only not break the server
		}
		again, err := json.Marshal(want) // as the store writes it
		require.NoError(t, err)
		got = asr.Transcript{}
		require.NoError(t, readTranscript(string(again), &got))
		var stored asr.Transcript
		require.NoError(t, json.Unmarshal(again, &stored))
		require.Equal(t, stored, got)
	})
}
