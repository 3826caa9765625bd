//go:build generate

// Command gen trains the model of package learned from the tuning parts of the labelled
// utterances and from the folder of ordinary talk that its argument names, and writes it to
// model.bin in the current folder. The same utterances, talk and lexicon make the same file,
// byte for byte, on the same kind of processor.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/learned"
	"github.com/refrain-asr/refrain/keywords/learned/training"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

const (
	folder    = "../testdata/labelled/tune"
	heardFile = "../testdata/labelled/heard.tsv"
)

func main() {
	if err := train(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func train(args []string) error {
	if len(args) != 1 || args[0] == "" {
		return errors.New("name a folder of ordinary talk, *.txt with an utterance a line: make " +
			"train NEGATIVES=FOLDER; " +
			"without it a model takes ordinary talk for refusals. " +
			"keywords/testdata/labelled/README.md says where to get some")
	}
	judge, err := keywords.New(lexicon.Default(), keywords.Options{Unlearned: true})
	if err != nil {
		return err
	}
	parts, data, err := training.Load(folder)
	if err != nil {
		return err
	}
	ordinary, err := training.LoadOrdinary(args[0])
	if err != nil {
		return err
	}
	heard, err := training.LoadHeard(heardFile)
	if err != nil {
		return err
	}
	t, err := training.New(judge, parts, ordinary, heard)
	if err != nil {
		return err
	}
	weights, err := t.Train(data)
	if err != nil {
		return err
	}
	file, err := learned.Write(weights)
	if err != nil {
		return err
	}
	fmt.Printf("%d features, %d bytes; %+v\n", len(weights.Features), len(file), weights.Balance)
	return os.WriteFile("model.bin", file, 0o644)
}
