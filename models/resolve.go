package models

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/refrain-asr/refrain/asr"
)

// The reasons why a model can't be had. The errors that wrap them say what to do.
var (
	// ErrNotDownloaded: an official model that is not in the models folder.
	ErrNotDownloaded = errors.New("the model is not downloaded")
	// ErrUnknown: neither a file nor the name of a model.
	ErrUnknown = errors.New("no such model")
	// ErrEnglishOnly: a model that can't hear Chinese.
	ErrEnglishOnly = errors.New("the model understands English only")
)

// Resolve turns what a user asked for into a model file and its traits:
//
//   - "" or DefaultName, "demo" or DemoName: a model that the program carries, put into
//     modelsDir;
//   - an official model's name ("base"), or file name where no such file is at hand:
//     that file in modelsDir;
//   - anything else: a file.
//
// A file must have a sound header, and the published checksum where its name is an
// official model's.
//
// It reads the whole file for its SHA-256, some seconds for the largest.
func Resolve(pathOrName, modelsDir string) (string, asr.Model, error) {
	if IsInside(pathOrName) {
		m := carried(pathOrName)
		path, err := m.materialise(modelsDir)
		return path, m.model, err
	}
	path, err := locate(pathOrName, modelsDir)
	if err != nil {
		return "", asr.Model{}, err
	}
	r, err := Verify(path)
	if err != nil {
		return "", asr.Model{}, err
	}
	if !r.Header.Multilingual() {
		return "", asr.Model{}, fmt.Errorf("%w: %s; take one whose name does not end in .en",
			ErrEnglishOnly, path)
	}
	return path, r.Model, nil
}

// Check is nil where Resolve would find a file, whatever is in it. It writes nothing.
func Check(pathOrName, modelsDir string) error {
	if known, ok := Find(pathOrName); IsInside(pathOrName) || ok && known.Name == DefaultName {
		return nil
	}
	_, err := locate(pathOrName, modelsDir)
	return err
}

func locate(pathOrName, modelsDir string) (string, error) {
	known, isKnown := Find(pathOrName)
	_, err := os.Stat(pathOrName)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case isKnown && (missing || pathOrName == known.Name):
		return locateKnown(known, modelsDir)
	case !missing:
		return pathOrName, nil // Verify says what is wrong with it
	case strings.HasSuffix(pathOrName, ".en"):
		return "", fmt.Errorf("%w: %q; take %q", ErrEnglishOnly, pathOrName,
			strings.TrimSuffix(pathOrName, ".en"))
	}
	return "", fmt.Errorf("%w: %q is neither a file nor a name that refrain model list shows",
		ErrUnknown, pathOrName)
}

func locateKnown(known Known, modelsDir string) (string, error) {
	if known.Name == DefaultName {
		return carried(DefaultName).materialise(modelsDir)
	}
	path := filepath.Join(modelsDir, known.File())
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: %s is not in %s; get it with: refrain model get %s",
			ErrNotDownloaded, known.File(), modelsDir, known.Name)
	}
	return path, nil
}
