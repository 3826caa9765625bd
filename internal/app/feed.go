package app

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/internal/grpcapi"
	"github.com/refrain-asr/refrain/internal/store"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// feed is what gates elsewhere follow.
func (a *App) feed() (grpcapi.Feed, error) {
	names, err := a.keys.Names()
	if err != nil {
		return grpcapi.Feed{}, err
	}
	return grpcapi.Feed{
		AsOf: a.knownUpTo, Followed: a.followed, Changes: a.db, Freezes: a.db.Freezes, Denied: a.table, Names: names,
		Ledger: feedLedger{a.db}, Uses: feedUses{a.db.Figures, a.db.Access},
		Plan: &pb.NumberPlan{Region: a.cfg.Intake.Region, Prefixes: a.cfg.Numbers.Prefixes, Virtual: a.cfg.Numbers.Virtual},
	}, nil
}

// take takes changes over into memory, and then has gates told of them. What memory could not take over it is told
// again, and what gates are told comes from there.
func (a *App) take(changes []feed.Change) error {
	if err := a.follower.Follow(changes); err != nil {
		return err
	}
	return a.followed.Follow(changes)
}

// knownUpTo is the moment up to which this server knows what happened: now, where no other works with the database.
func (a *App) knownUpTo() time.Time {
	now := a.now()
	if a.alone() {
		return now
	}
	if at := a.db.AsOf(); at.Before(now) {
		return at
	}
	return now
}

// feedLedger is a grpcapi.FeedLedger.
type feedLedger struct{ db *store.DB }

// LedgerHead implements grpcapi.FeedLedger.
func (l feedLedger) LedgerHead(ctx context.Context) (entries int64, head freeze.MAC, err error) {
	return l.db.Freezes.LedgerHead(ctx)
}

// Installation implements grpcapi.FeedLedger.
func (l feedLedger) Installation(ctx context.Context, entry int64) (id string, mac freeze.MAC, err error) {
	i, err := l.db.Inspect(ctx, entry)
	return i.Directory, i.Noted, err
}

// feedUses is a grpcapi.FeedUses.
type feedUses struct {
	*store.Figures
	*store.Access
}
