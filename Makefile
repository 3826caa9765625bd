# Refrain's build. `make` alone lists what there is.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

GO ?= go
# netgo, osusergo: no libc for names and users.
TAGS := netgo osusergo
# What the program calls itself: the last release's tag, or the commit.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GOFLAGS_BUILD := -trimpath -buildvcs=false -tags "$(TAGS)" -ldflags "-X main.version=$(VERSION)"
comma := ,
space := $() $()
# How long `make fuzz` tries each target.
FUZZTIME ?= 30s
# More flags for go test, such as TESTFLAGS='-run Upload -v'; PKG narrows to packages.
TESTFLAGS ?=
PKG ?= ./...

# Tools too large for this module's go.mod, built once into .deps/bin.
BUF := .deps/bin/buf-v1.75.0
GOLANGCI := .deps/bin/golangci-lint-v2.15.0
# An S3-compatible server, which the tests of audio in a bucket run.
VERSITYGW := .deps/bin/versitygw-v1.8.0

# .deps/env.mk carries the cgo flags of the private C libraries. make remakes an
# included file and starts over with it, so every target below finds them ready.
ifneq ($(filter-out help clean distclean web web-check,$(or $(MAKECMDGOALS),help)),)
include .deps/env.mk
ifneq ($(REFRAIN_ROOT),$(CURDIR))
ifdef MAKE_RESTARTS
ifdef REFRAIN_ROOT
$(error .deps/env.mk is for $(REFRAIN_ROOT), but this is $(CURDIR): run make from the repository's root)
endif
endif
.deps/env.mk: .FORCE # its paths are absolute, and the checkout has moved
endif
endif

.deps/env.mk: scripts/deps.sh deps.lock
	@scripts/deps.sh

.PHONY: .FORCE help deps build package image deploy-check demo run web web-check test desk-test desk-shots chaos chaos-cluster fuzz lint alerts bench eval eval-speech train proto proto-check samples clean distclean

help: ## list the targets
	@bold= plain=; if [ -t 1 ]; then bold='\033[1m' plain='\033[0m'; fi; \
	awk -F':.*## ' -v bold="$$bold" -v plain="$$plain" \
		'/^[a-z-]+:.*## / {printf "  %s%-12s%s %s\n", bold, $$1, plain, $$2}' $(MAKEFILE_LIST)

deps: ## fetch the C libraries (whisper.cpp, soxr, OpenCC) into .deps/; other targets do it when needed
	@echo "C libraries: $(CGO_LDFLAGS)"

build: ## build bin/refrain
	$(GO) build $(GOFLAGS_BUILD) -o bin/refrain ./cmd/refrain

PACKAGE := bin/refrain-$(VERSION)-linux-$(shell $(GO) env GOARCH).tar.gz
IMAGE := bin/refrain-$(VERSION)-image.tar
package: ## build bin/refrain-VERSION-linux-ARCH.tar.gz, which runs from any folder of any Linux machine
	deploy/package.sh "$(VERSION)" "$(PACKAGE)" $(GOFLAGS_BUILD)

# Modules of their own: a registry's client and Kubernetes' types are larger than what refrain needs.
image deploy-check: tool := env -u CGO_LDFLAGS CGO_ENABLED=0 GOFLAGS= $(GO)
image: package ## build bin/refrain-VERSION-image.tar of the package, for docker load or podman load
	cd deploy/image && $(tool) run . ../../$(PACKAGE) "$(VERSION)" "$$($(GO) env GOARCH)" ../../$(IMAGE)

deploy-check: image ## run the image's files by themselves, and check manifests and units
	deploy/try.sh $(IMAGE) "$(VERSION)"
	cd deploy/check && $(tool) test -count=1 ./...

demo: build ## build, then show the whole way from a recording to a frozen number on samples/
	bin/refrain demo

run: build ## build, then serve on 127.0.0.1:7430 (gRPC) and 7431 (HTTP), with its data in refrain-data/
	bin/refrain serve

# The page lies built in internal/httpapi/desk/dist, so that only who changes it needs Node (20.19 or later).
web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci

web: web/node_modules/.package-lock.json ## build the page that people review at from web/ (needs Node)
	cd web && npm run build

web-check: web ## check that the page is built from web/ as it is
	@git diff --exit-code --stat -- internal/httpapi/desk/dist && [ -z "$$(git ls-files --others -- internal/httpapi/desk/dist)" ] || \
		{ echo 'the page is not what web/ builds: commit what `make web` made' >&2; exit 1; }

# SQLite is C translated into Go that locks by itself, and takes its memory as C does: neither the race detector nor the
# check of pointers that comes with it finds anything there, and they take most of the tests' time for that. Nor in a
# Fourier transform by itself. None of these has generic code, of which the linker might take the unwatched copy for what
# others use, too.
UNWATCHED := $(foreach p,modernc.org/sqlite/lib modernc.org/memory gonum.org/v1/gonum/dsp/fourier/internal/fftpack,\
	-gcflags=$(p)='-race=false -d=checkptr=0')
# Arithmetic on samples, without a goroutine, a lock or a channel of its own: watched, it is a third of what all tests
# cost. Whether it is used well is for the tests of the packages that have it work side by side to find out: they run once
# more and watch it, and what generic code it has in common with others.
SAMPLES := $(foreach p,asr/audio asr/vad asr/echo,-gcflags=github.com/refrain-asr/refrain/$(p)='-race=false -d=checkptr=1')
SIDE_BY_SIDE := ./asr ./internal/jobs
# Tests wait for other processes as much as they compute.
AT_ONCE = $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
# Programs that end needn't wait a second for what a race detector may still say, of which tests start hundreds; nor do
# they last long enough to be short of memory.
AS_TESTS := env "GORACE=atexit_sleep_ms=50 $(GORACE)" GOGC=$(or $(GOGC),400)
GO_TEST = $(GO) test -exec '$(AS_TESTS)' -race $(UNWATCHED) -vet=off -shuffle=on -parallel $(AT_ONCE) -timeout 25m -tags "$(TAGS)" $(TESTFLAGS)
# `make lint` vets. The page is tried in Chromium where everything is tested.
test: $(if $(filter ./...,$(PKG)),build $(VERSITYGW)) ## run every test, with the race detector and in random order (PKG=./gate/... TESTFLAGS=-v)
	@scripts/engines.sh postgresql haproxy
	$(GO_TEST) $(if $(filter ./...,$(PKG)),$(SAMPLES)) $(PKG)
	$(if $(filter ./...,$(PKG)),$(GO_TEST) $(SIDE_BY_SIDE))
	@$(if $(filter ./...,$(PKG)),scripts/desk-test.sh)

desk-test: build ## try the page as people use it, in Chromium (fetches Node, Chromium and fonts into .deps/ where the machine has none)
	@scripts/desk-test.sh

desk-shots: build ## draw the pictures of docs/desk.md anew
	@DESK_RUN=shots scripts/desk-test.sh

# How many faults, and which (see CONTRIBUTING.md).
FAULTS ?= 1000
SEED ?= 0
chaos: ## break a server FAULTS (1000) times in every way while clients work with it: nothing may be lost, doubled or called (SEED=N to repeat)
	$(GO) test -count=1 -v -timeout 120m -tags "$(TAGS)" -run TestChaos ./internal/chaos -args -chaos.faults="$(FAULTS)" -chaos.seed="$(SEED)"

# For how long (see CONTRIBUTING.md).
FOR ?= 10m
WORKERS ?= 4
chaos-cluster: $(VERSITYGW) ## break two servers, WORKERS (4) workers, two gates, PostgreSQL and S3 for FOR (10m) while clients work with them (SEED=N to repeat)
	@scripts/engines.sh postgresql
	$(GO) test -count=1 -v -timeout 120m -tags "$(TAGS)" -run TestClusterChaos ./internal/chaos -args -chaos.cluster="$(FOR)" \
		-chaos.workers="$(WORKERS)" -chaos.seed="$(SEED)"

fuzz: ## fuzz every target for FUZZTIME (30s) each
	@scripts/fuzz.sh "$(FUZZTIME)" -tags "$(TAGS)"

# With -trimpath as in build, so that both use the same compiled packages.
lint: export GOFLAGS := $(GOFLAGS) -trimpath
lint: $(GOLANGCI) ## check the Go code: style, mistakes, and who may import whom
	@! grep -rlE '^(import)?[[:space:]]+"C"$$' --include='*.go' . | grep -vE '^\./(asr/whisper|asr/audio|keywords/opencc)/' || \
		{ echo 'cgo lives in asr/whisper, asr/audio and keywords/opencc only' >&2; exit 1; }
	$(GOLANGCI) run --build-tags "$(subst $(space),$(comma),$(TAGS))" $(PKG)

# A module of its own: Prometheus is larger than all that refrain needs.
alerts: export CGO_ENABLED := 0
alerts: export GOFLAGS :=
alerts: ## check docs/alerts.yml as promtool does, by Prometheus's own parser (builds that once; a minute or two)
	cd scripts/alerts && $(GO) run . ../../docs/alerts.yml

bench: ## run the Go benchmarks; docs/benchmarks.md tells how to read them
	@scripts/bench.sh -tags "$(TAGS)"

# Ordinary talk: CORPORA to measure on (with measure/*.txt and dialogues/*.jsonl), NEGATIVES to
# learn from (*.txt). keywords/testdata/labelled/README.md says where to get some.
NEGATIVES ?=
CORPORA ?=
eval: ## measure how well refusals are found: in labelled utterances, in ordinary talk (CORPORA=FOLDER), by cross-validation (NEGATIVES=FOLDER)
	@[ -n "$(CORPORA)" ] || echo "no CORPORA=FOLDER: false alarms in ordinary talk are measured on our own alone"
	@[ -n "$(NEGATIVES)" ] || echo "no NEGATIVES=FOLDER: no cross-validation"
	$(GO) test -count=1 -v -timeout 60m -tags "$(TAGS)" -run 'Tuning|Corpora|LearnedHere|Rules|Unseen|HeldBack|Calibration' ./keywords/eval -args -unseen \
		-corpora="$(abspath $(CORPORA))" -negatives="$(abspath $(NEGATIVES))"

# People's recordings, PEOPLE=FOLDER with NAME.tsv (name, text) beside each of its folders NAME.
PEOPLE ?=
SPOKEN := .deps/spoken
eval-speech: ## measure what hearing costs: labelled lines in eight voices, by telephone, in noise (needs python3-venv and npm; PEOPLE=FOLDER for recordings of people)
	samples/voices/get.sh .deps/voices
	.deps/voices/venv/bin/python models/eval/speech/make_speech.py .deps/voices/tts $(SPOKEN) models/eval/speech/lines.tsv $(PEOPLE)
	$(GO) test -count=1 -v -timeout 60m -tags "$(TAGS)" -run 'SpokenLines|People' ./models/eval/speech -args \
		-spoken="$(abspath $(SPOKEN))" -people="$(if $(PEOPLE),$(abspath $(SPOKEN))/people)"

train: ## learn from the labelled utterances and from ordinary talk (NEGATIVES=FOLDER): makes keywords/learned/model.bin anew
	@[ -n "$(NEGATIVES)" ] || { echo 'make train NEGATIVES=FOLDER: name a folder of ordinary talk, *.txt with an utterance a line; without it' \
		'a model takes ordinary talk for refusals. keywords/testdata/labelled/README.md says where to get some' >&2; exit 1; }
	cd keywords/learned && $(GO) run -tags "$(TAGS) generate" ./gen "$(abspath $(NEGATIVES))"

# The generators are plain Go: they need neither our C libraries nor the flags for them.
proto proto-check: export CGO_ENABLED := 0
proto proto-check: export GOFLAGS :=

proto: $(BUF) ## generate the Go code beside proto/refrain/v1/*.proto, and the OpenAPI document
	$(BUF) format -w
	$(BUF) generate
	scripts/openapi.sh $(BUF) internal/httpapi/openapi/openapi.json

proto-check: $(BUF) ## check the protos' style and compatibility, and that the generated code is current
	@scripts/proto-check.sh $(BUF)

samples: ## make samples/ anew (needs python3-venv and npm; fetches the voices)
	samples/voices/get.sh .deps/voices
	.deps/voices/venv/bin/python samples/make_samples.py .deps/voices/tts

clean: ## remove what was built
	rm -rf bin

distclean: clean ## remove also the C libraries and tools in .deps/
	rm -rf .deps

$(BUF): module := github.com/bufbuild/buf/cmd/buf
$(GOLANGCI): module := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(VERSITYGW): module := github.com/versity/versitygw/cmd/versitygw
$(BUF) $(GOLANGCI) $(VERSITYGW):
	@scripts/tool.sh $(module) $@
