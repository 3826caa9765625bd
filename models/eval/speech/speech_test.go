// Package speech_test measures what hearing costs: how many refusals are found in labelled
// lines that natural voices speak, by telephone and in noise, beside the same lines as text.
package speech_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/eval"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/models"
	modeleval "github.com/refrain-asr/refrain/models/eval"
)

var (
	spoken = flag.String("spoken", "", "the folder that make_speech.py has filled with the lines")
	lines  = flag.String("lines", "lines.tsv", "the labelled lines that were spoken")
	people = flag.String("people", "", "a folder of people's recordings, with a table NAME.tsv "+
		"(name, text) for each of its folders NAME; nobody refuses in them")
	model = flag.String("model", "", "the model, as refrain model list names it")
	heard = flag.String("heard", "", "a file to write what was heard to")
)

// conditions are the folders of make_speech.py.
var conditions = []string{"clean", "telephone", "noise20", "noise10"}

// The test binary is its own speech process.
func TestMain(m *testing.M) {
	whisper.ExitIfChild()
	os.Exit(m.Run())
}

type line struct {
	name, voice, text string
	refusal           bool
}

// readTable reads a table that has the header.
func readTable(t *testing.T, path, header string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	var rows [][]string
	table := bufio.NewScanner(f)
	for table.Scan() {
		row := strings.Split(table.Text(), "\t")
		require.Len(t, row, strings.Count(header, "\t")+1, "%s: %s", path, table.Text())
		rows = append(rows, row)
	}
	require.NoError(t, table.Err())
	if len(rows) > 0 && strings.Join(rows[0], "\t") == header {
		rows = rows[1:]
	}
	return rows
}

func readLines(t *testing.T) []line {
	t.Helper()
	var list []line
	for _, v := range readTable(t, *lines, "name\tvoice\tlabel\ttext") {
		list = append(list, line{v[0], v[1], v[3], v[2] == "refusal"})
	}
	return list
}

// result is what the lines of one sort came to.
type result struct {
	wrong, of    int
	found, false eval.Rate
}

func (r *result) add(l line, text string, suspect bool) {
	wrong, of := modeleval.Errors(l.text, text)
	r.wrong, r.of = r.wrong+wrong, r.of+of
	if l.refusal {
		r.found.Add(suspect)
	} else {
		r.false.Add(suspect)
	}
}

func (r *result) row(name string) string {
	right := eval.Rate{Met: r.found.Met, Of: r.found.Met + r.false.Met}
	return fmt.Sprintf("| %s | %.3f | %s | %s | %s |", name, float64(r.wrong)/float64(max(1, r.of)),
		r.found.Percent(), right.Percent(), r.false.Percent())
}

// results are those of every sort, in the order in which they came.
type results struct {
	mu    sync.Mutex
	names []string
	of    map[string]*result
}

func (r *results) add(sort string, l line, text string, suspect bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[string]*result{}
	}
	if r.of[sort] == nil {
		r.of[sort] = &result{}
		r.names = append(r.names, sort)
	}
	r.of[sort].add(l, text, suspect)
}

func (r *results) log(t *testing.T) {
	t.Helper()
	rows := []string{"", "| what | CER | refusals found | precision | false suspects |",
		"| --- | --- | --- | --- | --- |"}
	for _, name := range r.names {
		rows = append(rows, r.of[name].row(name))
	}
	t.Log(strings.Join(rows, "\n"))
}

// listener hears files and judges them, as the program does.
type listener struct {
	engine asr.Engine
	cfg    asr.Config
	judge  *keywords.Judge
}

func newListener(t *testing.T) listener {
	t.Helper()
	judge, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	path, m, err := models.Resolve(*model, t.TempDir())
	require.NoError(t, err)
	settings := config.Default().Speech
	settings.Model, settings.States = *model, runtime.NumCPU()
	engine, err := app.NewEngine(path, m, settings, app.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	return listener{engine, asr.Config{Mixer: asr.NewMixer(), Second: judge}, judge}
}

func (l listener) hear(t *testing.T, path string) (asr.Transcript, keywords.Verdict, error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		return asr.Transcript{}, keywords.Verdict{}, err
	}
	defer func() { _ = f.Close() }()
	transcript, _, err := asr.Hear(t.Context(), l.engine, l.cfg,
		asr.Track{Side: asr.Customer, Audio: f, Channel: audio.Mono})
	return transcript, l.judge.Transcript(transcript, 0), err
}

// together hears so many files at once, so that no core waits.
const together = 16

func TestSpokenLines(t *testing.T) {
	if *spoken == "" {
		t.Skip("-spoken=FOLDER names no lines that were spoken: `make eval-speech` speaks them")
	}
	ear, list := newListener(t), readLines(t)
	var sums, voices results
	for _, l := range list {
		v := ear.judge.Text(l.text)
		sums.add("as text", l, l.text, v.Suspect)
		voices.add("as text, "+l.voice, l, l.text, v.Suspect)
	}
	log := newLog(t)
	for _, condition := range conditions {
		var work errgroup.Group
		work.SetLimit(together)
		for _, l := range list {
			work.Go(func() error {
				path := filepath.Join(*spoken, condition, l.name+".wav")
				transcript, v, err := ear.hear(t, path)
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				sums.add(condition, l, transcript.Text(), v.Suspect)
				voices.add(condition+", "+l.voice, l, transcript.Text(), v.Suspect)
				log.add(condition, l, transcript, v)
				return nil
			})
		}
		require.NoError(t, work.Wait())
	}
	sums.log(t)
	voices.log(t)
}

// log tells what was heard of each line, if -heard names a file.
type log struct {
	mu sync.Mutex
	to *os.File
}

func newLog(t *testing.T) *log {
	t.Helper()
	if *heard == "" {
		return &log{}
	}
	f, err := os.Create(*heard)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return &log{to: f}
}

func (l *log) add(condition string, of line, heard asr.Transcript, v keywords.Verdict) {
	if l.to == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.to, "%s\t%s\t%s\t%t\t%.2f\t%s\t%s\n", condition, of.name, of.voice, of.refusal,
		v.Score, of.text, heard.Text())
}

// People who read news, names and commands refuse nothing.
func TestPeople(t *testing.T) {
	if *people == "" {
		t.Skip("-people=FOLDER names no recordings of people")
	}
	tables, err := filepath.Glob(filepath.Join(*people, "*.tsv"))
	require.NoError(t, err)
	require.NotEmpty(t, tables, "no tables in %s", *people)
	ear := newListener(t)
	var sums results
	for _, table := range tables {
		folder := strings.TrimSuffix(table, ".tsv")
		var work errgroup.Group
		work.SetLimit(together)
		for _, v := range readTable(t, table, "name\ttext") {
			work.Go(func() error {
				l := line{name: v[0], text: v[1]}
				files, _ := filepath.Glob(filepath.Join(folder, l.name+".*"))
				if len(files) != 1 {
					return fmt.Errorf("%s: no recording of %s in %s", table, l.name, folder)
				}
				transcript, verdict, err := ear.hear(t, files[0])
				if err == nil {
					sums.add(filepath.Base(folder), l, transcript.Text(), verdict.Suspect)
				}
				return err
			})
		}
		require.NoError(t, work.Wait())
	}
	sums.log(t)
}
