package app

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/recording"
)

// bucketHeadEvery is how often the ledger's head is noted in the bucket, where it has changed.
const bucketHeadEvery = time.Minute

// believeHead refuses a database whose ledger is behind what was noted in the bucket, or went another way: the
// data directory may have been put back as a whole, with the head that lies in it.
func (a *App) believeHead(ctx context.Context) error {
	text, err := a.bucket.Head(ctx)
	if recording.StoreAway(err) || text == nil {
		return nil // nothing tells
	}
	if err != nil {
		return err
	}
	noted, err := datadir.ParseHead(text)
	if err != nil {
		return fmt.Errorf("read the ledger's head in %s: %w", a.bucket, err)
	}
	is, err := a.db.Inspect(ctx, noted.Entries)
	if err != nil {
		return err
	}
	switch {
	case is.Entries < noted.Entries:
		return a.believed(datadir.Finding{Kind: datadir.OlderDatabase, Message: fmt.Sprintf("the database is older than its "+
			"bucket knows it: its ledger has %d entries, while %d were noted in %s: %d freezes or releases are lost. Put back "+
			"the latest database, or the latest backup", is.Entries, noted.Entries, a.bucket, noted.Entries-is.Entries),
			Means: "the database is believed, and what it lacks is lost"})
	case noted.Entries > 0 && is.Noted != noted.MAC && !a.means(datadir.OtherKey, datadir.MissingKey):
		return a.believed(datadir.Finding{Kind: datadir.OtherDatabase, Message: fmt.Sprintf("the database went another way "+
			"than its bucket knows: entry %d of its ledger is not the one that was noted in %s. It is a copy that was used "+
			"elsewhere, or was tampered with: put this one's own back", noted.Entries, a.bucket),
			Means: "the database is believed, and its head noted"})
	}
	return nil
}

// noteBucketHead notes in the bucket how far the ledger has come, where that was not noted for a while.
func (a *App) noteBucketHead(ctx context.Context, now time.Time) {
	k := a.bucket
	if a.onlyChecks() || k.behind || a.blobs.Ready() != nil || now.Sub(k.noted).Abs() < bucketHeadEvery {
		return
	}
	k.noted = now
	entries, mac, err := a.db.Freezes.LedgerHead(ctx)
	head := datadir.Head{Entries: entries, MAC: mac}
	if err == nil && head != k.head {
		if err = k.NoteHead(ctx, head.Text()); err == nil {
			k.head = head
		}
	}
	if err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "the ledger's head could not be noted in the bucket; trying again in a minute", "error", err)
	}
}

// lastBucketHead notes the head at a stop, which waits for it a moment.
func (a *App) lastBucketHead(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, bindFor)
	defer cancel()
	a.bucket.noted = time.Time{}
	a.noteBucketHead(ctx, a.now())
}
