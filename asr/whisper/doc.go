// Package whisper recognises speech with whisper.cpp, in a child process of its own.
//
// whisper.cpp ends its process when a model file or its own state is bad, and a
// server must not die of that. So the recogniser (recogniser.go, over the C library)
// runs in a child: the same program, started again with ChildCommand as its argument.
// A Supervisor starts it, hands it windows over a pipe in frames (frames.go), and
// starts it again when it dies. The Supervisor is the asr.Transcriber, and Engine the
// asr.Engine that starts one when it is first needed.
//
// The child holds one model in memory and N states over it, so N windows are heard
// at once. Whatever happens to it, the parent gets a typed error: *ModelError when
// the model can't be loaded, *ChildDiedError when the child died with windows in
// flight; they are an asr.ErrModel and an asr.ErrDied. A window that says Alone has the
// child to itself, so that a death can be laid at one recording's door.
//
// The child also tells where in a sound somebody speaks, by Silero VAD (silero.go), which
// libwhisper runs and this program carries: so that music and noise needn't be recognised.
//
// Parameters are set through whisper.cpp's own Go binding; a small C shim adds what
// the binding lacks: a state for each worker, aborting, and a no-speech probability
// that can be relied on.
package whisper
