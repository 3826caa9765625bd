// Command image makes a container image of a package (make package): nothing but what the package holds,
// no shell and no distribution, and a user without rights. It needs no daemon.
//
//	image PACKAGE.tar.gz VERSION ARCHITECTURE OUT.tar
//
// OUT.tar is what "docker load", "podman load" and "ctr image import" read.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Where things lie in the image, and whose they are.
const (
	home = "opt/refrain"
	data = "var/lib/refrain"
	// user is what distroless images call nonroot.
	user = 65532
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: image PACKAGE.tar.gz VERSION ARCHITECTURE OUT.tar")
		os.Exit(2)
	}
	if err := build(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// build makes an image of a package and writes it.
func build(pack, version, arch, out string) error {
	files, made, err := layer(pack)
	if err != nil {
		return fmt.Errorf("read the package %s: %w", pack, err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(files)), nil
	})
	if err != nil {
		return fmt.Errorf("make the image's layer: %w", err)
	}
	img, err := mutate.AppendLayers(empty.Image, l)
	if err != nil {
		return fmt.Errorf("make the image: %w", err)
	}
	img, err = mutate.ConfigFile(img, config(version, arch, made, img))
	if err != nil {
		return fmt.Errorf("make the image: %w", err)
	}
	tag, err := name.NewTag("refrain:" + version)
	if err != nil {
		return fmt.Errorf("name the image: %w", err)
	}
	return tarball.WriteToFile(out, tag, img)
}

// config says how the image is run.
func config(version, arch string, made time.Time, img v1.Image) *v1.ConfigFile {
	c, err := img.ConfigFile()
	if err != nil { // it was made here, in memory
		panic(err)
	}
	c = c.DeepCopy()
	c.OS, c.Architecture, c.Created = "linux", arch, v1.Time{Time: made}
	c.Config = v1.Config{
		User: fmt.Sprintf("%d:%d", user, user), WorkingDir: "/" + data,
		Entrypoint: []string{"/" + home + "/refrain"}, Cmd: []string{"serve"},
		Env:          []string{"PATH=/" + home, "REFRAIN_DATA=/" + data},
		ExposedPorts: map[string]struct{}{"7430/tcp": {}, "7431/tcp": {}},
		Volumes:      map[string]struct{}{"/" + data: {}},
		Labels: map[string]string{
			"org.opencontainers.image.title":    "refrain",
			"org.opencontainers.image.version":  version,
			"org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
	return c
}

// layer is the package's files at their places in the image, and when the newest of them was made.
func layer(pack string) (files []byte, made time.Time, err error) {
	f, err := os.Open(pack)
	if err != nil {
		return nil, made, err
	}
	defer func() { _ = f.Close() }() // only read
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, made, err
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, made, err
		}
		if h.ModTime.After(made) {
			made = h.ModTime
		}
		_, inside, _ := strings.Cut(path.Clean(h.Name), "/") // refrain-VERSION is the package's top
		h.Name, h.Uname, h.Gname, h.Format = path.Join(home, inside), "", "", tar.FormatPAX
		if err := w.WriteHeader(h); err != nil {
			return nil, made, err
		}
		if _, err := io.Copy(w, r); err != nil {
			return nil, made, err
		}
	}
	for _, dir := range []tar.Header{{Name: "tmp/", Mode: 0o1777}, {Name: data + "/", Mode: 0o700, Uid: user, Gid: user}} {
		dir.Typeflag, dir.ModTime = tar.TypeDir, made
		if err := w.WriteHeader(&dir); err != nil {
			return nil, made, err
		}
	}
	return buf.Bytes(), made, w.Close()
}
