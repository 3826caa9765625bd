package models

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/refrain-asr/refrain/asr"
)

// DemoName is the demo model's name; "demo" and "" mean it too.
const DemoName = "refrain-demo-zh"

//go:embed ggml-refrain-demo-zh.bin
var demoFile []byte

var demoSHA256 = sync.OnceValue(func() string {
	sum := sha256.Sum256(demoFile)
	return hex.EncodeToString(sum[:])
})

// Demo is the embedded model: a small one, trained for trying and testing Refrain and
// no recogniser for real calls. It hears one utterance at a time, and was trained to
// be run on less than 30 s.
func Demo() asr.Model {
	return asr.Model{Name: DemoName, SHA256: demoSHA256(), Demo: true, ShortContext: true}
}

// Materialise puts the demo model on disk for whisper.cpp, in a file in dir that is
// named after its contents, and returns its path. A file that is there and intact is
// left alone; a damaged one is replaced. Several processes may do this at once.
func Materialise(dir string) (string, error) {
	path := filepath.Join(dir, "ggml-"+DemoName+"-"+demoSHA256()[:16]+".bin")
	if sums, err := sumFile(path); err == nil && sums.SHA256 == demoSHA256() {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("a folder for the demo model: %w", err)
	}
	if err := writeAtomically(path, demoFile); err != nil {
		return "", fmt.Errorf("putting the demo model on disk: %w", explainDisk(err, dir, int64(len(demoFile))))
	}
	return path, nil
}

// writeAtomically gives path its new contents whole or not at all.
func writeAtomically(path string, contents []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already where the rename succeeded
	if _, err := bytes.NewReader(contents).WriteTo(f); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		_ = f.Close()
		return err
	}
	return commitFile(f, path)
}

// commitFile makes what was written to f durable, closes it, and moves it to path.
func commitFile(f *os.File, path string) error {
	if err := f.Sync(); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}
