package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/asr/audio"
)

// run is one run of ffmpeg. It implements audio.Decoded.
type run struct {
	ctx     context.Context // of the reading, which goes on for as long
	format  audio.Foreign
	cmd     *exec.Cmd
	out     *os.File
	silence time.Duration
	log     log
	gave    int64 // bytes
	stop    func() bool
	done    chan struct{} // closed once it is gone
	ended   error         // how, then
	closing sync.Once
}

// start starts ffmpeg. It is watched by one thread: Linux kills a child whose parent's thread
// ends.
func (r *run) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := r.cmd.Start()
		started <- err
		if err == nil {
			r.ended = r.cmd.Wait()
			close(r.done)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	r.stop = context.AfterFunc(r.ctx, r.kill)
	return nil
}

// kill ends ffmpeg and whatever it started, unless it is gone.
func (r *run) kill() {
	select {
	case <-r.done:
	default:
		killGroup(r.cmd.Process.Pid)
	}
}

// Read implements io.Reader.
func (r *run) Read(p []byte) (int, error) {
	if err := r.out.SetReadDeadline(time.Now().Add(r.silence)); err != nil {
		return 0, fmt.Errorf("ffmpeg: %w", err)
	}
	n, err := r.out.Read(p)
	r.gave += int64(n)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		r.kill()
		return n, r.refuse("gave nothing for %v", r.silence)
	case errors.Is(err, io.EOF):
		return n, r.verdict()
	case err != nil:
		return n, fmt.Errorf("ffmpeg: %w", err)
	}
	return n, nil
}

// verdict is how reading ends: io.EOF where there was something to decode.
func (r *run) verdict() error {
	<-r.done
	exit, _ := errors.AsType[*exec.ExitError](r.ended)
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case r.ended == nil:
		return io.EOF
	case exit == nil:
		return fmt.Errorf("ffmpeg: %w", r.ended)
	case exit.ExitCode() == notStarted || exit.ExitCode() == notExecutable:
		return fmt.Errorf("ffmpeg can't run: %s", r.log.mistake())
	case exit.ExitCode() < 0:
		return r.refuse("died of it, or of its limits (%v)", exit)
	case strings.Contains(r.log.mistake(), "exactly one stream"):
		return r.refuse("holds several audio streams: send one of them, or both sides in one")
	case r.gave <= headerSize:
		return r.refuse("says: %s", r.log.mistake())
	}
	return io.EOF
}

// Exit codes of a program that the system couldn't run.
const notStarted, notExecutable = 127, 126

// headerSize is what ffmpeg may have written without having decoded anything, in bytes.
const headerSize = 128

func (r *run) refuse(format string, args ...any) error {
	return audio.Refuse(audio.Undecodable, "the file looks like %s, but ffmpeg can't decode it "+
		"(it %s): send it as the recorder wrote it, or as WAV with one channel a speaker",
		r.format.Name, fmt.Sprintf(format, args...))
}

// Lacks implements audio.Decoded.
func (r *run) Lacks(got time.Duration) bool {
	select {
	case <-r.done:
		claimed := r.log.duration()
		return r.ended != nil || claimed-got > max(time.Second/2, claimed/50)
	default:
		return false
	}
}

// Close ends ffmpeg. It never fails.
func (r *run) Close() error {
	r.closing.Do(func() {
		r.stop()
		r.kill()
		_ = r.out.Close()
		<-r.done
	})
	return nil
}
