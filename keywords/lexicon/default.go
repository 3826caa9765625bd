package lexicon

import (
	"embed"
	"io/fs"
	"sync"
)

// Schema is a JSON schema of the file, for editors.
//
//go:embed schema.json
var Schema []byte

//go:embed zh/*.yaml
var zh embed.FS

// Default is the lexicon that comes with Refrain.
var Default = sync.OnceValue(func() *Lexicon {
	lex, err := Parse(defaultSource())
	if err != nil {
		panic("the embedded lexicon is broken: " + err.Error()) // a test parses it
	}
	return lex
})

// defaultSource joins the files of the default lexicon.
func defaultSource() []byte {
	folder, err := fs.Sub(zh, "zh")
	if err != nil {
		panic(err) // the folder is embedded
	}
	source, err := join(folder)
	if err != nil {
		panic("the embedded lexicon is broken: " + err.Error())
	}
	return source.Text
}
