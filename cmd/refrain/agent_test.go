package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/review"
	"github.com/refrain-asr/refrain/internal/cli/transcribe"
)

// dialogue is what is shown of a call in which the agent was heard around the hits.
const dialogue = `   0:07.3  customer  喂，你好。
   0:08.8  agent     您好，我是保险公司的客服。
   0:13.3  agent     给您介绍一下我们的养老保险。
   0:17.3  customer  不好意思，我【没兴趣】。
           not_interested "没兴趣" 0.91
   0:20.5  agent     您可以先了解一下。
   0:23.2  customer  我真的【不感兴趣】。
           not_interested "不感兴趣" 0.47
   0:25.7  agent     好的那不打扰您了。
   0:28.6  customer  再见。
`

func TestTranscribeDialogue(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	file := filepath.Join(samplesDir, "01-not-interested.wav")
	got := refrain(t, "", "transcribe", "--model", "demo", file)
	require.Equal(t, console.ExitDone, got.code, got.errors)
	require.Contains(t, got.out, dialogue)

	asJSON := func(track string) transcribe.Line {
		got := refrain(t, "", "transcribe", "--model", "demo", "--format", "json", "--agent-track", track,
			file)
		require.Equal(t, console.ExitDone, got.code, got.errors)
		return lines[transcribe.Line](t, got.out)[0]
	}
	off, short, on := asJSON("off"), asJSON("short"), asJSON("on")
	require.Nil(t, off.AgentTranscript)
	require.Len(t, short.AgentTranscript.Segments, 4)
	require.NotEmpty(t, short.AgentTranscript.Heard)
	require.Len(t, on.AgentTranscript.Segments, 4)
	require.Empty(t, on.AgentTranscript.Heard)
	require.Equal(t, off.Segments, on.Segments, "the customer's words are what they are")
	require.Equal(t, []bool{true, true, true}, []bool{off.Suspect, short.Suspect, on.Suspect})

	got = refrain(t, "", "transcribe", "--model", "demo", "--agent-track", "off", file)
	require.NotContains(t, got.out, "customer  ", "with one side there is nobody to tell apart")
}

func TestReviewDialogue(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.must("send", filepath.Join(samplesDir, "01-not-interested.wav"), "--number", "13800138000",
		"--agent", "a-17", "--call-id", "c-1", "--wait")
	suspect := lines[review.Line](t, u.must("review", "list", "--format", "json"))[0].Suspect
	require.Contains(t, u.must("review", "show", suspect), dialogue)
	shown := lines[review.ShownLine](t, u.must("review", "show", suspect, "--format", "json"))[0]
	require.Equal(t, "customer", shown.Transcript.Track)
	require.Equal(t, "agent", shown.AgentTranscript.Track)
	require.Equal(t, "您好，我是保险公司的客服。", shown.AgentTranscript.Segments[0].Text)
	require.NotEmpty(t, shown.AgentTranscript.Heard)
}
