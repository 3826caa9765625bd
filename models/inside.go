package models

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/atomicfile"
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

// materialise puts the demo model on disk for whisper.cpp, in a file in dir that is
// named after its contents, and returns its path. A file that is there and intact is
// left alone; a damaged one is replaced. Several processes may do this at once.
func materialise(dir string) (string, error) {
	path := filepath.Join(dir, "ggml-"+DemoName+"-"+demoSHA256()[:16]+".bin")
	if sums, err := sumFile(path); err == nil && sums.SHA256 == demoSHA256() {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("a folder for the demo model: %w", err)
	}
	if err := atomicfile.Write(path, demoFile, 0o644); err != nil {
		return "", fmt.Errorf("putting the demo model on disk: %w",
			explainDisk(err, dir, int64(len(demoFile))))
	}
	return path, nil
}
