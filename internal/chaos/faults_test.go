package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// breaker does what must not harm.
type breaker struct {
	*world
	rnd     *rand.Rand
	disk    string // the file system that is filled, "" for none
	root    string // what is not part of the data directory, in the same file system
	spare   string // on another one
	backups int
	done    map[string]int // by kind
}

// fault is one kind of what goes wrong, and how often it does beside others.
type fault struct {
	kind   string
	weight int
	do     func() error
}

func (b *breaker) faults() []fault {
	all := []fault{
		{"server killed", 20, b.killed}, {"killed while it starts", 8, b.killedStarting},
		{"server stopped and started", 8, b.restarted},
		{"speech process killed", 12, b.childKilled}, {"speech process stands still", 6, b.childStopped},
		{"server stands still", 8, b.paused}, {"clock set", 14, b.clockSet},
		{"backup, restored", 1, b.backedUp},
	}
	all = append(all, b.wrongRestores()...)
	if b.disk != "" {
		all = append(all, fault{"disk full", 8, b.diskFull},
			fault{"disk full, and killed", 4, b.diskFullKilled})
	}
	return all
}

// one does one fault by chance.
func (b *breaker) one() error {
	all := b.faults()
	sum := 0
	for _, f := range all {
		sum += f.weight
	}
	k := b.rnd.IntN(sum)
	for _, f := range all {
		if k -= f.weight; k >= 0 {
			continue
		}
		if err := f.do(); err != nil {
			return fmt.Errorf("%s: %w", f.kind, err)
		}
		b.done[f.kind]++
		break
	}
	return nil
}

// moment is at most d.
func (b *breaker) moment(d time.Duration) { <-time.After(time.Duration(b.rnd.Int64N(int64(d)))) }

// again starts the server that has been ended, and looks whether it knows what it said.
func (b *breaker) again() error {
	s, err := start(b.t, b.dir, b.offset())
	if err != nil {
		return err
	}
	b.serve(s)
	b.allFrozen(s, b.frozen.snapshot())
	return nil
}

func (b *breaker) offset() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.off
}

func (b *breaker) killed() error {
	s, _ := b.current()
	b.moment(20 * time.Millisecond) // at any moment of a transaction
	s.kill()
	return b.again()
}

func (b *breaker) restarted() error {
	s, _ := b.current()
	if err := s.stop(); err != nil {
		return err
	}
	return b.again()
}

// killedStarting kills a server that has hardly begun.
func (b *breaker) killedStarting() error {
	s, _ := b.current()
	s.kill()
	for range 1 + b.rnd.IntN(3) {
		s, ready, err := launch(b.t, b.dir, b.offset())
		if err != nil {
			return err
		}
		select {
		case <-ready:
		case <-time.After(time.Duration(b.rnd.IntN(400)) * time.Millisecond):
		}
		s.kill()
	}
	return b.again()
}

func (b *breaker) childKilled() error {
	s, _ := b.current()
	for _, pid := range s.children() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return nil
}

// childStopped has the speech processes stand still for a while; other faults come meanwhile.
func (b *breaker) childStopped() error {
	s, _ := b.current()
	pids := s.children()
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGSTOP)
	}
	time.AfterFunc(time.Duration(500+b.rnd.IntN(2500))*time.Millisecond, func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	})
	return nil
}

func (b *breaker) paused() error {
	s, _ := b.current()
	s.signal(syscall.SIGSTOP)
	b.moment(time.Second)
	s.signal(syscall.SIGCONT)
	return nil
}

// mostOff is by how much the clock is off at most: a freeze must not end by it.
const mostOff = 48 * time.Hour

// clockSet sets the clock forward or back, by seconds or by hours.
func (b *breaker) clockSet() error {
	step := time.Duration(b.rnd.Int64N(int64(time.Minute)))
	if b.rnd.IntN(2) == 0 {
		step = time.Duration(b.rnd.Int64N(int64(26 * time.Hour)))
	}
	if b.rnd.IntN(2) == 0 {
		step = -step
	}
	return b.setOff(min(max(b.offset()+step, 0), mostOff))
}

func (b *breaker) setOff(off time.Duration) error {
	b.mu.Lock()
	b.off = off
	b.mu.Unlock()
	s, _ := b.current()
	if err := s.setClock(off); err != nil {
		return fmt.Errorf("set the clock: %w\n%s", err, s.log.text())
	}
	return nil
}

// diskFull fills the disk for a while.
func (b *breaker) diskFull() error {
	return b.whileFull(func() error { b.moment(1500 * time.Millisecond); return nil })
}

// diskFullKilled kills the server meanwhile. Whether it starts then is its own affair, but once
// there is room it does.
func (b *breaker) diskFullKilled() error {
	err := b.whileFull(func() error {
		b.moment(500 * time.Millisecond)
		s, _ := b.current()
		s.kill()
		s, ready, err := launch(b.t, b.dir, b.offset())
		if err != nil {
			return err
		}
		select {
		case <-ready:
		case <-time.After(3 * time.Second):
		}
		s.kill()
		return nil
	})
	if err != nil {
		return err
	}
	return b.again()
}

func (b *breaker) whileFull(do func() error) error {
	empty, err := fill(b.disk)
	if err != nil {
		return err
	}
	b.filled()
	err = do()
	empty()
	b.filled()
	return err
}

// freezeOne has a freeze acknowledged, so that the ledger has an entry more.
func (b *breaker) freezeOne() error {
	number := b.phone(1330)
	s, _ := b.current()
	for range 100 { // a full disk, or a server that has not come to itself
		ctx, cancel := context.WithTimeout(b.t.Context(), patience)
		_, err := s.Freezes.CreateFreeze(apitest.As(ctx, "chaos"),
			&pb.CreateFreezeRequest{Number: number, Reason: "chaos", RequestId: number})
		cancel()
		if err == nil {
			b.frozen.add(number, "frozen before the server ended")
			b.ack("freezes by hand", 1)
			return nil
		}
		<-time.After(50 * time.Millisecond)
	}
	return errors.New("a freeze is not acknowledged\n" + s.log.text())
}
