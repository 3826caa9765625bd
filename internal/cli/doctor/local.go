package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/models"
)

// backupAge is how old the last backup may be.
const backupAge = 36 * time.Hour

// putKeyBack is what to do where ledger.key is missing.
const putKeyBack = "put it back from where you keep a copy (backups hold it only with --with-key)"

// configured reports whether there is a configuration to go on with.
func (d *doctor) configured(file, data string) bool {
	cfg, err := config.Load(file)
	if err == nil {
		err = cfg.Validate()
	}
	if err != nil {
		d.add("configuration", bad, strings.ReplaceAll(err.Error(), "\n", "; "), "mend "+cmp.Or(file, "refrain.yaml")+" or the environment")
		d.add("data directory, model, ffmpeg", warn, "were not looked at", "the configuration says where they are")
		return false
	}
	if data != "" {
		cfg.Data = data
	}
	d.cfg = cfg
	d.add("configuration", good, "can be read", "")
	return true
}

func (d *doctor) directory() {
	dir := d.cfg.Data
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.add("data directory", warn, dir+" is not there yet", "a server makes it at its first start; name another with --data")
		return
	case err != nil:
		d.add("data directory", bad, err.Error(), "run this as the server's user")
		return
	case !info.IsDir():
		d.add("data directory", bad, dir+" is no directory", "name another with --data")
		return
	case info.Mode().Perm()&0o022 != 0:
		d.add("data directory", bad, fmt.Sprintf("%s can be written by others (%v)", dir, info.Mode().Perm()), "chmod 700 "+dir)
	default:
		d.add("data directory", good, dir, "")
	}
	if d.cfg.Ledger.Key.Set() { // the key lies elsewhere
		d.kept("refrain.db")
	} else {
		d.kept("refrain.db", "ledger.key")
	}
	d.backup()
}

// kept looks at the files without which nothing goes on.
func (d *doctor) kept(database string, more ...string) {
	if _, err := os.Stat(d.cfg.Path(database)); err != nil {
		return // it is new
	}
	for _, name := range append([]string{database}, more...) {
		info, err := os.Stat(d.cfg.Path(name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			d.add(name, bad, "is missing: the ledger can't be continued without it", putKeyBack)
		case err != nil:
			d.add(name, bad, err.Error(), "run this as the server's user")
		case info.Mode().Perm()&0o077 != 0:
			d.add(name, warn, fmt.Sprintf("others may read it (%v)", info.Mode().Perm()), "chmod 600 "+d.cfg.Path(name))
		default:
			d.add(name, good, fmt.Sprintf("%d bytes", info.Size()), "")
		}
	}
}

func (d *doctor) backup() {
	info, err := os.Stat(d.cfg.Path(backup.DoneFile))
	at := ""
	if err == nil {
		at = output.TextTime(timestamppb.New(info.ModTime()))
	}
	switch {
	case err != nil:
		d.add("backup", warn, "nobody tells of one", "make backups with refrain backup, or touch "+d.cfg.Path(backup.DoneFile)+" after each")
	case d.Now().Sub(info.ModTime()) > backupAge:
		d.add("backup", warn, "the last was made "+at, "see why it isn't made any more")
	default:
		d.add("backup", good, "made "+at, "")
	}
}

func (d *doctor) model() {
	s := d.cfg.Speech
	switch s.Engine {
	case config.EngineHTTP:
		d.add("model", good, "the speech server's, "+s.HTTP.Address, "")
		return
	case config.EngineWorkers:
		d.add("model", good, "the workers'", "")
		return
	}
	if s.Model == "" || s.Model == models.DefaultName || s.Model == "demo" {
		d.add("model", good, "is inside the program", "")
		return
	}
	_, m, err := models.Resolve(s.Model, d.cfg.Path("models"))
	if err != nil {
		d.add("model", bad, err.Error(), "fetch one with: refrain model get NAME --dir "+d.cfg.Path("models"))
		return
	}
	d.add("model", good, m.Name, "")
}

func (d *doctor) ffmpeg() {
	name := d.cfg.Audio.FFmpeg
	if name == "off" {
		d.add("ffmpeg", good, "is off: only WAV is read", "")
		return
	}
	if name == "auto" {
		name = "ffmpeg"
	}
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		d.add("ffmpeg", good, path, "")
	case d.cfg.Audio.FFmpeg == "auto":
		d.add("ffmpeg", warn, "is not here: only WAV is read", "install it where recorders send MP3 and the like")
	default:
		d.add("ffmpeg", bad, err.Error(), "mend audio.ffmpeg, or install it")
	}
}
