package models

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/atomicfile"
)

// The models that the program carries.
const (
	// DefaultName is the model that hears where nobody names another: OpenAI's Whisper base,
	// multilingual, in 8 bits. "" means it too.
	DefaultName = "base-q8_0"
	// DemoName is the demo model's; "demo" means it too.
	DemoName = "refrain-demo-zh"
)

// The files are strings, which lie in the part of the program that is only read: what was not
// touched takes no memory, and what was is given back to the system when it is short.
var (
	//go:embed ggml-base-q8_0.bin
	defaultFile string
	//go:embed ggml-refrain-demo-zh.bin
	demoFile string
)

var demoSHA256 = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(demoFile))
	return hex.EncodeToString(sum[:])
})

// Default is the model that hears where nobody names another.
func Default() asr.Model {
	k, _ := Find(DefaultName)
	return k.Model()
}

// Demo is a small model, trained for trying and testing Refrain and no recogniser for real
// calls. It hears one utterance at a time, and was trained to be run on less than 30 s.
func Demo() asr.Model {
	return asr.Model{Name: DemoName, SHA256: demoSHA256(), Demo: true, ShortContext: true}
}

// IsDefault reports whether a user who asked for that means the default model.
func IsDefault(pathOrName string) bool {
	return slices.Contains([]string{"", DefaultName}, pathOrName)
}

// IsDemo reports whether a user who asked for that means the demo model.
func IsDemo(pathOrName string) bool {
	return slices.Contains([]string{"demo", DemoName}, pathOrName)
}

// IsInside reports whether a user who asked for that means a model that the program carries.
func IsInside(pathOrName string) bool { return IsDefault(pathOrName) || IsDemo(pathOrName) }

// inside is a model that the program carries.
type inside struct {
	contents string
	// name is that of its file once it is on disk.
	name  string
	model asr.Model
}

// carried is the model of that name, which must be inside.
func carried(pathOrName string) inside {
	if IsDemo(pathOrName) {
		return inside{demoFile, "ggml-" + DemoName + "-" + demoSHA256()[:16] + ".bin", Demo()}
	}
	return inside{defaultFile, "ggml-" + DefaultName + ".bin", Default()}
}

// materialise puts a model on disk for whisper.cpp, in a file in dir, and returns its path. A
// file that is there and intact is left alone; a damaged one is replaced. Several processes
// may do this at once.
func (m inside) materialise(dir string) (string, error) {
	path := filepath.Join(dir, m.name)
	if sum, err := sha256File(path); err == nil && sum == m.model.SHA256 {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("a folder for the model %s: %w", m.model.Name, err)
	}
	if err := m.write(path); err != nil {
		return "", fmt.Errorf("putting the model %s on disk: %w", m.model.Name,
			explainDisk(err, dir, int64(len(m.contents))))
	}
	return path, nil
}

func (m inside) write(path string) error {
	f, err := atomicfile.Create(filepath.Dir(path), filepath.Base(path)+".*.tmp", 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(m.contents); err != nil {
		f.Discard()
		return err
	}
	return f.Commit(path)
}
