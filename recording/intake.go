package recording

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/request"
)

// MaxSize is the largest file taken in, in bytes.
const MaxSize = 512 << 20

const opUpload = "recording.Upload"

// Blob is audio on its way into storage.
type Blob interface {
	io.Writer
	// Reread reads what was written so far from its beginning.
	Reread() (io.ReadCloser, error)
	// Commit makes what was written durable under the recording's id, in place of what
	// may lie there: at every moment one of the two is there. After it, the blob survives
	// a crash. Where ctx ends before, either of the two may be there.
	Commit(ctx context.Context, id ID) error
	// Discard forgets what was written; after Commit it does nothing.
	Discard()
}

// The reasons of faults, Unavailable, of a store of audio that is not on this machine.
const (
	// StoreUnavailable: it is away, fails or takes too long.
	StoreUnavailable = "AUDIO_STORE_UNAVAILABLE"
	// StoreRefuses: it answers, and doesn't let us, or is not the one that it was.
	StoreRefuses = "AUDIO_STORE_REFUSES"
)

// StoreAway tells whether that is what is wrong, and so nothing is known of the audio itself.
func StoreAway(err error) bool {
	reason := fault.ReasonOf(err)
	return reason == StoreUnavailable || reason == StoreRefuses
}

// Blobs stores audio. Where it lies elsewhere and that can't be had, StoreAway tells so of the errors.
type Blobs interface {
	// NewBlob begins a blob that nobody else sees until it is committed.
	NewBlob() (Blob, error)
	// Has reports whether there is a committed blob.
	Has(ctx context.Context, id ID) (bool, error)
	// Open opens a committed blob for reading, which ends with ctx.
	Open(ctx context.Context, id ID) (io.ReadCloser, error)
	// Remove deletes a committed blob.
	Remove(ctx context.Context, id ID) error
}

// Archives are directories whose files are read where they are.
type Archives interface {
	// OpenArchived opens a file in them for reading, and begins a blob that refers to it: what is
	// written to it, the file's bytes, it only checks the file against later. Precondition
	// (NOT_IN_ARCHIVE) for what doesn't lie in them, whatever links lead out.
	OpenArchived(path string) (io.ReadCloser, Blob, error)
}

// Store keeps recordings.
type Store interface {
	// RecordingByCall finds the recording with that call id and part. NotFound
	// where there is none.
	RecordingByCall(ctx context.Context, callID, part string) (Recording, error)
	// CreateRecording adds a recording and the job that will transcribe it, in one
	// transaction. Where its call id and part are taken it changes nothing and
	// returns the recording that has them, and false. One that was erased, or whose call was, or that began
	// before its person was, it returns as erased, and false; of the latter two nobody knows an id. Forbidden
	// (request.CheckLine) for another part of a call that is known of a line which ctx doesn't name.
	CreateRecording(ctx context.Context, r Recording) (Recording, bool, error)
	Replacing
	Placed
}

// Replacing puts files in the place of others.
type Replacing interface {
	// ReplaceAudio puts the file of next in the place of the recording's own (see
	// Recording.With), keeps the old one's particulars and what was made of it as a
	// version, and queues it, in one transaction that reads and writes the recording
	// under one lock.
	ReplaceAudio(ctx context.Context, id ID, next Recording) (Recording, error)
	// SetAside gives the recording another part, and keeps why. Precondition where it doesn't
	// have the part that it is said to have had.
	SetAside(ctx context.Context, id ID, part string, why SetAside) error
}

// Placed tells whether a store is where it was opened.
type Placed interface {
	// InPlace is nil where what was read before is kept still. Unavailable where it may have come
	// from files that were taken away since, and are lost once they are closed.
	InPlace() error
}

// Queues tells what waits.
type Queues interface {
	Waiting(ctx context.Context) ([]Waiting, error)
}

// Intake takes recordings in.
type Intake struct {
	Store    Store
	Blobs    Blobs
	Archives Archives
	// Queue tells how many wait; only asked where MostBacklog is above 0, which is how many of the past
	// may.
	Queue       Queues
	MostBacklog int
	Defaults    Defaults
	// Files reads what comes; the zero value reads WAV only.
	Files audio.Files
	// Now is the clock.
	Now func() time.Time
}

// Upload takes one recording in: checks it, makes it durable, and queues it. It
// reads body to its end unless something is wrong before; where the metadata name a file in an
// archive, that is read, and stays where it is. duplicate reports that the
// very same recording was there already, or one that begins with it. A file that begins
// with the very samples of the one that is there, and goes on, takes its place. Errors:
// Invalid where the metadata or the audio can't be used, Exists where the call id and part
// belong to other audio, Unavailable where the file is not finished, its recording just
// being heard, or the database taken away. Whatever the error, nothing is left behind.
func (in *Intake) Upload(
	ctx context.Context, m Metadata, body io.Reader,
) (rec Recording, duplicate bool, err error) {
	rec, duplicate, err = in.take(ctx, m, body)
	if err == nil && duplicate { // nothing was written, which would have told
		err = in.Store.InPlace()
	}
	if err != nil {
		return Recording{}, false, err
	}
	return rec, duplicate, nil
}

// take is Upload, whose duplicates are only what the database is read to hold.
func (in *Intake) take(
	ctx context.Context, m Metadata, body io.Reader,
) (rec Recording, duplicate bool, err error) {
	r, err := in.Defaults.begin(m)
	if err != nil {
		return Recording{}, false, err
	}
	if known, err := in.known(ctx, r); known != nil || err != nil && (m.Replace == nil ||
		fault.KindOf(err) != fault.Exists) {
		return deref(known), known != nil, err
	}
	if err := in.checkBacklog(ctx, r); err != nil {
		return Recording{}, false, err
	}
	file, blob, err := in.begin(m, body)
	if err != nil {
		return Recording{}, false, err
	}
	defer blob.Discard()
	defer func() { _ = file.Close() }() // it was only read
	claimed := r.SHA256
	if r, err = in.receive(ctx, r, file, blob); err != nil {
		return Recording{}, false, err
	}
	if claimed != "" && claimed != r.SHA256 {
		return Recording{}, false, &fault.Error{Op: opUpload, Kind: fault.Invalid,
			Reason: "SHA256_MISMATCH",
			Message: fmt.Sprintf("the bytes that arrived have SHA-256 %s, not the given %s; send "+
				"the file again", r.SHA256, claimed)}
	}
	return in.keep(ctx, r, blob, m)
}

// checkBacklog refuses recordings of the past while enough of them wait: whoever has the archive keeps
// them better. Live ones are always taken.
func (in *Intake) checkBacklog(ctx context.Context, r Recording) error {
	if r.Priority == Live || in.MostBacklog <= 0 {
		return nil
	}
	waiting, err := in.Queue.Waiting(ctx)
	if err != nil {
		return err
	}
	n := 0
	for _, w := range waiting {
		if w.Priority != Live {
			n += w.Count
		}
	}
	if n < in.MostBacklog {
		return nil
	}
	return &fault.Error{Op: opUpload, Kind: fault.Exhausted, Reason: "BACKLOG_FULL",
		Message: fmt.Sprintf("%d recordings of the past wait already, and at most %d may "+
			"(intake.most_backlog); send this one later", n, in.MostBacklog)}
}

// begin readies what the file is read from and the blob that it becomes.
func (in *Intake) begin(m Metadata, body io.Reader) (io.ReadCloser, Blob, error) {
	if m.ArchivePath != "" {
		return in.Archives.OpenArchived(m.ArchivePath)
	}
	blob, err := in.Blobs.NewBlob()
	if err != nil {
		return nil, nil, fmt.Errorf("begin a blob: %w", err)
	}
	return io.NopCloser(body), blob, nil
}

// known answers at once where the recorder's checksum reports that the recording is
// there already, with its audio, and where it was erased.
func (in *Intake) known(ctx context.Context, r Recording) (*Recording, error) {
	old, err := in.Store.RecordingByCall(ctx, r.CallID, r.Part)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := mayChange(ctx, old); err != nil {
		return nil, err
	}
	switch {
	case old.Erased(): // what is erased stays erased
		return &old, nil
	case r.SHA256 == "":
		return nil, nil
	}
	if old.SHA256 != r.SHA256 && len(differences(old, r)) == 0 {
		return nil, nil // it may go on where the other ends: all of it must be seen
	}
	if err := sameAs(old, r); err != nil {
		return nil, err
	}
	if has, err := in.Blobs.Has(ctx, old.ID); err != nil || !has {
		return nil, err
	}
	return &old, nil
}

// keep makes the received recording durable and known.
func (in *Intake) keep(
	ctx context.Context, r Recording, blob Blob, m Metadata,
) (Recording, bool, error) {
	old, err := in.Store.RecordingByCall(ctx, r.CallID, r.Part)
	known := err == nil
	if !known && fault.KindOf(err) != fault.NotFound {
		return Recording{}, false, err
	}
	if known {
		if err := mayChange(ctx, old); err != nil {
			return Recording{}, false, err
		}
	}
	if !known || old.SHA256 != r.SHA256 { // else it was taken as it is
		if err := checkFinished(r, m.UnfinishedOK); err != nil {
			return Recording{}, false, err
		}
	}
	if !known {
		return in.create(ctx, r, blob)
	}
	kept, duplicate, err := in.keepAgain(ctx, old, r, blob, m.Replace)
	if m.Replace != nil && fault.KindOf(err) == fault.Exists {
		return in.setAside(ctx, old, r, blob, *m.Replace)
	}
	return kept, duplicate, err
}

// mayChange refuses those who may not ask about the line of what is there. What was erased with its line
// nobody can change any more.
func mayChange(ctx context.Context, old Recording) error {
	if old.Erased() && old.Line == "" {
		return nil
	}
	return request.CheckLine(ctx, opUpload, old.Name(), old.Line)
}

// create makes a recording that is new durable, and then known.
func (in *Intake) create(ctx context.Context, r Recording, blob Blob) (Recording, bool, error) {
	now := in.Now().UTC().Truncate(time.Microsecond)
	r.ID, r.CreatedAt, r.UpdatedAt = ID(ulid.MustNewDefault(now).String()), now, now
	if err := blob.Commit(ctx, r.ID); err != nil {
		return Recording{}, false, fmt.Errorf("store the audio: %w", err)
	}
	kept, created, err := in.Store.CreateRecording(ctx, r)
	if err == nil && created {
		return kept, false, nil
	}
	if rm := in.Blobs.Remove(context.WithoutCancel(ctx), r.ID); rm != nil {
		err = errors.Join(err, fmt.Errorf("remove audio that nothing refers to: %w", rm))
	}
	if err == nil {
		err = mayChange(ctx, kept)
	}
	if err == nil && !kept.Erased() {
		err = sameAs(kept, r)
	}
	return kept, err == nil, err
}

// keepAgain takes a recording that is known. Where its audio has been lost, such as
// with a backup that was restored without it, it is kept again: the recorder is about
// to delete its own copy.
func (in *Intake) keepAgain(
	ctx context.Context, old, r Recording, blob Blob, replace *Replacement,
) (Recording, bool, error) {
	if old.Erased() {
		return old, true, nil
	}
	has, err := in.Blobs.Has(ctx, old.ID)
	if err != nil {
		return Recording{}, false, fmt.Errorf("look for the audio: %w", err)
	}
	if has && old.SHA256 != r.SHA256 && len(differences(old, r)) == 0 {
		return in.goOn(ctx, old, r, blob, replace)
	}
	if err := sameAs(old, r); err != nil {
		return Recording{}, false, err
	}
	if !has {
		err = blob.Commit(ctx, old.ID)
	}
	if err != nil {
		return Recording{}, false, fmt.Errorf("store the audio: %w", err)
	}
	return old, true, nil
}

// sameAs refuses to take r for old where its audio or what is said of it differs: a
// recorder that sends a correction must not believe that it was taken over.
func sameAs(old, r Recording) error {
	differs, what := differences(old, r), "other particulars"
	if old.SHA256 != r.SHA256 {
		differs, what = append([]string{"audio"}, differs...), "other audio"
	}
	if len(differs) == 0 {
		return nil
	}
	return &fault.Error{Op: opUpload, Kind: fault.Exists, Reason: "RECORDING_EXISTS",
		Subject: old.Name(),
		Message: fmt.Sprintf("call %q, part %q is there already with %s (%s); recordings do not "+
			"change, unless a file goes on where the one before was cut: send it as another part, or, where "+
			"it is the right one, with a replace_reason (refrain send --replace REASON)",
			old.CallID, old.Part, what, strings.Join(differs, ", ")),
		Meta: map[string]string{"recording": old.Name(), "sha256": old.SHA256,
			"differs": strings.Join(differs, ",")}}
}

// differences names what is said differently of two recordings, as far as it decides
// who is frozen: a recorder may well spell an agent otherwise the second time.
func differences(a, b Recording) []string {
	var names []string
	for _, d := range []struct {
		name string
		is   bool
	}{
		{"number", a.Number != b.Number},
		{"customer_channel", a.CustomerChannel != b.CustomerChannel},
		{"answer_offset", a.AnswerOffset != b.AnswerOffset},
	} {
		if d.is {
			names = append(names, d.name)
		}
	}
	return names
}

// receive reads the body once: into the blob, through the checksum and through the
// audio reader.
func (in *Intake) receive(
	ctx context.Context, r Recording, body io.Reader, blob io.Writer,
) (Recording, error) {
	tap := &tap{src: body, dst: blob, hash: sha256.New()}
	info, err := in.Files.Inspect(ctx, tap)
	if err == nil {
		err = info.Side(r.CustomerChannel)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, tap) // what follows the sound is kept, too
	}
	if tap.err != nil {
		return Recording{}, tap.err
	}
	if bad, ok := errors.AsType[*audio.Error](err); ok {
		return Recording{}, refusal(bad)
	}
	if err != nil {
		return Recording{}, fmt.Errorf("read the audio: %w", err)
	}
	r.Audio, r.Size, r.SHA256 = info, tap.n, hex.EncodeToString(tap.hash.Sum(nil))
	return r, r.checkAudio()
}

func refusal(bad *audio.Error) error {
	e := &fault.Error{Op: opUpload, Kind: fault.Invalid, Reason: "AUDIO_" +
		strings.ToUpper(string(bad.Kind)), Message: bad.Error()}
	if bad.Field != "" {
		e.Meta = map[string]string{"header_field": bad.Field}
	}
	return e
}

// tap copies what is read to a blob and a checksum, and stops at MaxSize. Its own
// failures are kept apart, because they are not the audio's fault.
type tap struct {
	src  io.Reader
	dst  io.Writer
	hash hash.Hash
	n    int64
	err  error
}

func (t *tap) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.src.Read(p)
	t.n += int64(n)
	t.hash.Write(p[:n])
	if _, werr := t.dst.Write(p[:n]); werr != nil {
		err = fmt.Errorf("store the audio: %w", werr)
	}
	if t.n > MaxSize {
		err = &fault.Error{Op: opUpload, Kind: fault.Invalid, Reason: "TOO_LARGE",
			Message: fmt.Sprintf("the file is larger than %d MiB; send it in parts", MaxSize>>20)}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		t.err = err
	}
	return n, err
}

func deref(r *Recording) Recording {
	if r == nil {
		return Recording{}
	}
	return *r
}
