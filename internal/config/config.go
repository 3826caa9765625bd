package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/secret"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/review"
)

// FileName is looked for in the working directory where no file is named.
const FileName = "refrain.yaml"

// Config is what an operator can set. Default gives every field a value that works.
type Config struct {
	// Data is the directory that everything lies in.
	Data string `yaml:"data" env:"DATA"`
	// GRPC and HTTP are the addresses to listen on; port 0 takes a free one.
	GRPC Listener `yaml:"grpc" envPrefix:"GRPC_"`
	HTTP Listener `yaml:"http" envPrefix:"HTTP_"`
	// TLS protects both on their way; without it they listen on loopback only.
	TLS TLS `yaml:"tls" envPrefix:"TLS_"`
	// Database sets where state is kept: in the data directory, or in PostgreSQL.
	Database Database `yaml:"database" envPrefix:"DATABASE_"`
	// Ledger sets what the ledger of freezes is sealed with.
	Ledger Ledger `yaml:"ledger" envPrefix:"LEDGER_"`
	// Speech sets recognition.
	Speech Speech `yaml:"speech" envPrefix:"SPEECH_"`
	// Audio sets how recordings are read.
	Audio Audio `yaml:"audio" envPrefix:"AUDIO_"`
	// Intake sets what recordings are taken to be where they don't say.
	Intake Intake `yaml:"intake" envPrefix:"INTAKE_"`
	// Numbers sets how numbers are written where they come from.
	Numbers Numbers `yaml:"numbers" envPrefix:"NUMBERS_"`
	// Judging sets what makes a suspect.
	Judging Judging `yaml:"judging" envPrefix:"JUDGING_"`
	// Review sets the reviewers' work.
	Review Review `yaml:"review" envPrefix:"REVIEW_"`
	// Calls sets how reports of calls are read.
	Calls Calls `yaml:"calls" envPrefix:"CALLS_"`
	// Rules are the rules over calls, as a file of rules has them (docs/rules.md); what
	// is left out is as in those that come with Refrain. Where they are given, they can't
	// be changed while the server runs.
	Rules yaml.Node `yaml:"rules"`
	// Privacy sets who may see what.
	Privacy Privacy `yaml:"privacy" envPrefix:"PRIVACY_"`
	// SignIn sets how people sign in.
	SignIn SignIn `yaml:"sign_in" envPrefix:"SIGN_IN_"`
	// Report sets what reports reckon with.
	Report Report `yaml:"report" envPrefix:"REPORT_"`
	// Disk sets what is kept free on the disk of the data directory.
	Disk Disk `yaml:"disk" envPrefix:"DISK_"`
	// Gate sets addresses for the gate alone; none where they are "".
	Gate Gate `yaml:"gate" envPrefix:"GATE_"`
	// Follow sets what 'refrain gate' follows.
	Follow Follow `yaml:"follow" envPrefix:"FOLLOW_"`
	// Limits bound what callers can take.
	Limits Limits `yaml:"limits" envPrefix:"LIMITS_"`
	// Retention sets for how long what is kept.
	Retention Retention `yaml:"retention" envPrefix:"RETENTION_"`
	// ShutdownGrace is how long running jobs may take to finish when the server is
	// told to stop; what is not done by then is handed back to the queue.
	ShutdownGrace time.Duration `yaml:"shutdown_grace" env:"SHUTDOWN_GRACE"`
	// Accept names what may be wrong with the data directory at this start; see Acceptable. It
	// is a flag only: what was meant once is not meant for ever.
	Accept []string `yaml:"-"`
}

// Acceptable are the names of what may be wrong with a data directory and can be accepted.
var Acceptable = []string{"missing-database", "missing-key", "other-key", "other-database",
	"older-database", "missing-head", "readable-files", "open-directory", "other-bucket", "moved-away"}

// Listener is where to listen.
type Listener struct {
	Address string `yaml:"address" env:"ADDRESS"`
}

// Speech sets recognition.
type Speech struct {
	// Engine is who recognises: EngineWhisper, here and with Model, EngineHTTP, the server
	// that HTTP names, or EngineWorkers: workers elsewhere, whose model Model or HTTP.Model names.
	Engine string `yaml:"engine" env:"ENGINE"`
	// Model is a ggml Whisper model: a file, a known name, or "" for the one that the program
	// carries, base-q8_0.
	Model string `yaml:"model" env:"MODEL"`
	// States is how many windows are recognised at once; 0 means one a core.
	States int `yaml:"states" env:"STATES"`
	// Threads is how many threads one window uses. More states serve many calls
	// better than more threads.
	Threads int `yaml:"threads" env:"THREADS"`
	// ShareWindows lets calls that are heard at the same time share windows, where the model can.
	ShareWindows bool `yaml:"share_windows" env:"SHARE_WINDOWS"`
	// SecondLook hears an utterance again, more closely, in which something speaks for a refusal, but
	// not enough.
	SecondLook bool `yaml:"second_look" env:"SECOND_LOOK"`
	// Language is the ISO 639-1 code the model expects.
	Language string `yaml:"language" env:"LANGUAGE"`
	// AgentTrack is how much of the agent's track is heard: off, short (around the customer's
	// hits), or on for all of it.
	AgentTrack keywords.AgentTrack `yaml:"agent_track" env:"AGENT_TRACK"`
	// HTTP is asked where Engine is EngineHTTP.
	HTTP SpeechServer `yaml:"http" envPrefix:"HTTP_"`
}

// Audio sets how recordings are read.
type Audio struct {
	// FFmpeg decodes what isn't WAV: "auto" for the one on the PATH, if there is one, "off",
	// or the program's path.
	FFmpeg string `yaml:"ffmpeg" env:"FFMPEG"`
	// Encrypt sets whether audio is encrypted where it lies.
	Encrypt Encrypt `yaml:"encrypt" envPrefix:"ENCRYPT_"`
	// S3 sets a bucket that audio is kept in instead of the data directory.
	S3 S3 `yaml:"s3" envPrefix:"S3_"`
}

// Encrypt sets whether audio is encrypted where it lies, in the format of age.
type Encrypt struct {
	// Identity is where the identities come from that decrypt, as age-keygen writes them; none for
	// audio in plain. What they decrypt is encrypted to them.
	Identity secret.Source `yaml:"identity" envPrefix:"IDENTITY_"`
	// Recipients (age1...) can decrypt new audio, too: for a key that is kept in a safe.
	Recipients []string `yaml:"recipients" env:"RECIPIENTS"`
	// New encrypts what is uploaded from now on; without it the identities only read.
	New bool `yaml:"new" env:"NEW"`
}

// Intake sets what recordings are taken to be where they don't say.
type Intake struct {
	// Region is where numbers without a country code are dialled, ISO 3166-1 alpha-2.
	Region string `yaml:"region" env:"REGION"`
	// CustomerChannel is where the customer is heard: left, right or mono. The
	// default, right, is what FreeSWITCH writes when it records the agent's leg.
	CustomerChannel audio.Channel `yaml:"customer_channel" env:"CUSTOMER_CHANNEL"`
	// MostBacklog is how many recordings of the past may wait; 0 is without a limit.
	MostBacklog int `yaml:"most_backlog" env:"MOST_BACKLOG"`
	// Archives are directories, by absolute paths, whose recordings are heard where they lie.
	Archives []string `yaml:"archives" env:"ARCHIVES"`
	// Sources sets it for each recorder by itself.
	Sources map[string]Source `yaml:"sources"`
}

// Source is what is known of a recorder.
type Source struct {
	CustomerChannel audio.Channel `yaml:"customer_channel"`
}

// Judging sets what makes a suspect.
type Judging struct {
	// Lexicon is a lexicon file or folder; "" for the default one.
	Lexicon string `yaml:"lexicon" env:"LEXICON"`
	// Threshold is the score (0..1) from which a call is a suspect; 0 takes the default.
	Threshold float64 `yaml:"threshold" env:"THRESHOLD"`
}

// Review sets the reviewers' work.
type Review struct {
	// Lease is how long a claimed suspect is kept for its reviewer.
	Lease time.Duration `yaml:"lease" env:"LEASE"`
	// BlindShare (0..1) of the calls that somebody answered and that made no suspect are put before
	// reviewers as if they had, at most BlindPerDay a day; 0 for none.
	BlindShare  float64 `yaml:"blind_share" env:"BLIND_SHARE"`
	BlindPerDay int     `yaml:"blind_per_day" env:"BLIND_PER_DAY"`
	// SecondShare (0..1) of the decided calls are put before another reviewer; 0 for none.
	SecondShare float64 `yaml:"second_share" env:"SECOND_SHARE"`
	// PastPerDay is how many suspects of past calls are opened in a day where these are judged
	// again and the run doesn't say.
	PastPerDay int `yaml:"past_per_day" env:"PAST_PER_DAY"`
}

// Calls sets how reports of calls are read.
type Calls struct {
	// Codes say for all lines what the codes of a switch mean, where it isn't what they
	// usually mean: sip: {"480": no_answer}.
	Codes map[calls.System]calls.Table `yaml:"codes"`
	// Lines say it for a line by itself.
	Lines map[string]map[calls.System]calls.Table `yaml:"lines"`
}

// Translator reads codes as they are configured.
func (c Calls) Translator() (*calls.Translator, error) {
	lines := map[string]map[calls.System]calls.Table{}
	maps.Copy(lines, c.Lines)
	if c.Codes != nil {
		lines[""] = c.Codes
	}
	return calls.NewTranslator(lines)
}

// Privacy sets who may see what.
type Privacy struct {
	// Reveal lists the actors who may export numbers in full. Each time is logged.
	Reveal []string `yaml:"reveal" env:"REVEAL"`
}

// Audit sets what becomes of the record of who did what.
type Audit struct {
	// Keep is for how long entries are kept.
	Keep time.Duration `yaml:"keep" env:"KEEP"`
}

// LeastAuditKeep is the shortest time for which the record may be kept.
const LeastAuditKeep = 30 * 24 * time.Hour

// Report sets what reports reckon with.
type Report struct {
	// CostPerCall is what one call costs, in whatever money the operator counts.
	CostPerCall float64 `yaml:"cost_per_call" env:"COST_PER_CALL"`
}

// Default is the configuration of a server that was told nothing.
func Default() Config {
	return Config{
		Data: "refrain-data",
		GRPC: Listener{"127.0.0.1:7430"},
		HTTP: Listener{"127.0.0.1:7431"},
		TLS:  TLS{MinVersion: "1.2"},
		Speech: Speech{Engine: EngineWhisper, Threads: 1, ShareWindows: true, Language: "zh",
			SecondLook: true, AgentTrack: keywords.AgentShort,
			HTTP: SpeechServer{Parallel: 2, Timeout: 30 * time.Second, Retries: 3}},
		Audio:  Audio{FFmpeg: "auto", Encrypt: Encrypt{New: true}, S3: S3{Addressing: autoAddressing}},
		Intake: Intake{Region: "CN", CustomerChannel: audio.Right, MostBacklog: 10_000},
		Review: Review{Lease: 10 * time.Minute, BlindShare: 0.02, BlindPerDay: 50, SecondShare: 0.01,
			PastPerDay: 200},
		SignIn: SignIn{Idle: 8 * time.Hour, Longest: 24 * time.Hour,
			OIDC: OIDC{RoleClaim: "roles", NameClaim: "preferred_username", Scopes: []string{"profile"}}},
		Report:        Report{CostPerCall: 0.15},
		Disk:          Disk{ReserveMiB: BySize, BallastMiB: BySize},
		Limits:        Limits{Memory: 64, Idle: 30 * time.Second},
		Follow:        Follow{MaxLag: 5 * time.Second, StaleAfter: 5 * time.Minute, Stale: Closed},
		Retention:     Retention{Periods: defaultPeriods()},
		ShutdownGrace: 20 * time.Second,
	}
}

// Load reads the configuration: defaults, then the file, then the environment
// variables REFRAIN_DATA, REFRAIN_GRPC_ADDRESS, REFRAIN_SPEECH_MODEL and so on. The
// file is path, or FileName where path is "" and there is one. Its unknown keys are
// errors, with their line. The result is not validated yet: flags may still change it.
func Load(path string) (Config, error) {
	c := Default()
	if err := c.readFile(path); err != nil {
		return c, err
	}
	if err := checkVariables(reflect.TypeOf(c), envPrefix, os.Getenv); err != nil {
		return c, err
	}
	if err := env.ParseWithOptions(&c, env.Options{Prefix: envPrefix}); err != nil {
		return c, fmt.Errorf("read the environment: %w", err)
	}
	err := c.unknownVariables(os.Environ())
	return c, err
}

const envPrefix = "REFRAIN_"

// otherVariables are set for the client commands, for builds and for tests.
var otherVariables = map[string]bool{
	"REFRAIN_SERVER": true, "REFRAIN_ACTOR": true, "REFRAIN_KEY": true, "REFRAIN_MODELS_URL": true,
	"REFRAIN_CA": true, "REFRAIN_CERT": true, "REFRAIN_CERT_KEY": true, "REFRAIN_PROFILE": true,
	"REFRAIN_LIBDIR": true, "REFRAIN_ROOT": true, "REFRAIN_DEPS": true,
	"REFRAIN_PRIVATE_DEPS": true,
}

// unknownVariables refuses a setting that means nothing: a mistyped name of the model
// would else let a server run with another one.
func (c *Config) unknownVariables(environ []string) error {
	params, err := env.GetFieldParamsWithOptions(&Config{}, env.Options{Prefix: envPrefix})
	if err != nil {
		return fmt.Errorf("read the environment: %w", err)
	}
	var names []string
	for _, p := range params {
		names = append(names, p.Key)
	}
	var errs []error
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case !strings.HasPrefix(name, envPrefix), otherVariables[name],
			strings.HasPrefix(name, envPrefix+"TEST_"), slices.Contains(names, name), name == c.Ledger.Key.Env,
			name == c.Audio.Encrypt.Identity.Env, name == c.Database.Password.Env, name == c.Audio.S3.Credentials.Env,
			name == c.Follow.Key.Env:
		default:
			errs = append(errs, fmt.Errorf("the environment sets %s, which means nothing here; "+
				"the settings are %s", name, strings.Join(names, ", ")))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) readFile(path string) error {
	name := path
	if name == "" {
		name = FileName
	}
	f, err := os.Open(name)
	if path == "" && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	defer func() { _ = f.Close() }()
	var top yaml.Node
	if err := yaml.NewDecoder(f).Decode(&top); errors.Is(err, io.EOF) {
		return nil // an empty file sets nothing
	} else if err != nil {
		return fmt.Errorf("%s is not readable as YAML: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := checkFile(&top, *c); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := top.Decode(c); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Validate returns everything that is wrong, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if c.Data == "" {
		bad("data", "is empty; name a directory")
	}
	c.validateAddresses(bad)
	c.Limits.validate(bad)
	c.TLS.validate(bad)
	c.Database.validate(bad)
	c.validateSecrets(bad)
	if c.Judging.Threshold < 0 || c.Judging.Threshold > 1 {
		bad("judging.threshold", "is %g; it must lie in 0..1", c.Judging.Threshold)
	}
	if c.Review.Lease <= 0 || c.Review.Lease > review.MaxLease {
		bad("review.lease", "is %s; it must be above 0 and at most %s", c.Review.Lease,
			review.MaxLease)
	}
	c.Review.validateShares(bad)
	if c.Review.PastPerDay < 1 || c.Review.PastPerDay > rejudge.MaxPerDay {
		bad("review.past_per_day", "is %d; it must be 1 to %d", c.Review.PastPerDay,
			rejudge.MaxPerDay)
	}
	if !number.KnownRegion(c.Intake.Region) {
		bad("intake.region", "is %q; it must be a region that has telephone numbers, as ISO "+
			"3166-1 alpha-2, such as CN", c.Intake.Region)
	}
	if c.ShutdownGrace < 0 {
		bad("shutdown_grace", "is negative")
	}
	if err := c.Speech.Validate(); err != nil {
		errs = append(errs, err)
	}
	if c.Speech.Engine == EngineWorkers && (c.Database.URL == "" || !c.Audio.S3.On()) {
		bad("speech.engine", "is %s, which find their work in PostgreSQL and the audio in a bucket: set database.url and "+
			"audio.s3, or have this server hear (%s)", EngineWorkers, EngineWhisper)
	}
	c.Disk.validate(bad)
	c.validateArchives(bad)
	c.validateNumbers(bad)
	c.validateChannels(bad)
	c.validateCalls(bad)
	c.Retention.validate(bad)
	c.SignIn.validate(bad)
	return errors.Join(errs...)
}

// validateArchives checks where recordings of the past lie, and how many may wait.
func (c Config) validateArchives(bad func(key, format string, args ...any)) {
	if c.Intake.MostBacklog < 0 {
		bad("intake.most_backlog", "is negative; 0 is for no limit")
	}
	for _, path := range c.Intake.Archives {
		if !filepath.IsAbs(path) {
			bad("intake.archives", "names %q; each must be an absolute path", path)
		}
	}
}

// validateChannels checks where customers are heard.
func (c Config) validateChannels(bad func(key, format string, args ...any)) {
	channels := map[string]audio.Channel{"intake.customer_channel": c.Intake.CustomerChannel}
	for name, s := range c.Intake.Sources {
		channels["intake.sources."+name+".customer_channel"] = s.CustomerChannel
	}
	for key, ch := range channels {
		if !ch.Valid() {
			bad(key, "is %q; it must be left, right or mono", ch)
		}
	}
}

// validateCalls checks what has to do with calls.
func (c Config) validateCalls(bad func(key, format string, args ...any)) {
	if _, err := c.RuleSet(); err != nil {
		bad("rules", "%v (lines counted within rules; 'refrain rule check FILE' shows them in a "+
			"file)", err)
	}
	if _, err := c.Calls.Translator(); err != nil {
		bad("calls", "%v", err)
	}
	if !(c.Report.CostPerCall >= 0) {
		bad("report.cost_per_call", "is %g; it must be 0 or more", c.Report.CostPerCall)
	}
}

// validateAddresses checks where to listen.
func (c Config) validateAddresses(bad func(key, format string, args ...any)) {
	for key, addr := range map[string]string{"grpc.address": c.GRPC.Address,
		"http.address": c.HTTP.Address, "gate.grpc": c.Gate.GRPC, "gate.http": c.Gate.HTTP} {
		if addr == "" && strings.HasPrefix(key, "gate.") {
			continue
		}
		if err := c.TLS.checkAddress(addr); err != nil {
			bad(key, "%v", err)
		}
	}
}

// validateSecrets checks where keys come from.
func (c Config) validateSecrets(bad func(key, format string, args ...any)) {
	if err := c.Ledger.Key.Validate(); err != nil {
		bad("ledger.key", "%v", err)
	}
	if err := c.Audio.Encrypt.Identity.Validate(); err != nil {
		bad("audio.encrypt.identity", "%v", err)
	}
	c.Audio.S3.validate(c.Audio.Encrypt.sealed(), bad)
	if len(c.Audio.Encrypt.Recipients) > 0 && !c.Audio.Encrypt.Identity.Set() {
		bad("audio.encrypt.identity", "is empty; without it nothing is encrypted, for audio.encrypt.recipients "+
			"neither: the server must hear what it keeps")
	}
}

// Defaults is what intake fills in.
func (c Config) Defaults() recording.Defaults {
	d := recording.Defaults{Numbers: c.Plan(), CustomerChannel: c.Intake.CustomerChannel,
		Sources: map[string]audio.Channel{}}
	for name, s := range c.Intake.Sources {
		d.Sources[name] = s.CustomerChannel
	}
	return d
}

// States is how many windows to recognise at once.
func (c Config) States() int {
	if c.Speech.Engine == EngineHTTP {
		return c.Speech.HTTP.Parallel
	}
	if c.Speech.States > 0 {
		return c.Speech.States
	}
	return max(1, runtime.NumCPU()/c.Speech.Threads)
}

// Path names something in the data directory.
func (c Config) Path(elem ...string) string {
	return filepath.Join(append([]string{c.Data}, elem...)...)
}
