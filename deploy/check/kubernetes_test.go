// Package check holds what is to be deployed against its formats: a module of its own, since Kubernetes'
// types are larger than all that refrain needs.
package check

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigs "sigs.k8s.io/yaml"
)

// kinds are the types that manifests may hold.
var kinds = map[string]func() any{
	"v1/ConfigMap":                       func() any { return &corev1.ConfigMap{} },
	"v1/Service":                         func() any { return &corev1.Service{} },
	"v1/ServiceAccount":                  func() any { return &corev1.ServiceAccount{} },
	"apps/v1/StatefulSet":                func() any { return &appsv1.StatefulSet{} },
	"apps/v1/Deployment":                 func() any { return &appsv1.Deployment{} },
	"networking.k8s.io/v1/NetworkPolicy": func() any { return &networkingv1.NetworkPolicy{} },
	"policy/v1/PodDisruptionBudget":      func() any { return &policyv1.PodDisruptionBudget{} },
}

// TestManifests decodes every document strictly: a field that Kubernetes doesn't know would be passed over
// by some of its versions, and what it was to do would be missing.
func TestManifests(t *testing.T) {
	files, err := filepath.Glob("../kubernetes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no manifests: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		docs := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text)))
		defer docs.Close()
		buf := make([]byte, 1<<20)
		for n := 1; ; n++ {
			size, err := docs.Read(buf)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			checkDocument(t, file, buf[:size])
		}
	}
}

func checkDocument(t *testing.T, file string, doc []byte) {
	t.Helper()
	var meta metav1.TypeMeta
	if err := sigs.Unmarshal(doc, &meta); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	make, known := kinds[meta.APIVersion+"/"+meta.Kind]
	if !known {
		t.Fatalf("%s holds a %s of %s, which is not checked", file, meta.Kind, meta.APIVersion)
	}
	object := make()
	if err := sigs.UnmarshalStrict(doc, object); err != nil {
		t.Errorf("%s, %s: %v", file, meta.Kind, err)
	}
	if pod := podOf(object); pod != nil {
		checkPod(t, file, pod)
	}
}

// podOf is the pod that an object makes; nil for none.
func podOf(object any) *corev1.PodSpec {
	switch o := object.(type) {
	case *appsv1.StatefulSet:
		return &o.Spec.Template.Spec
	case *appsv1.Deployment:
		return &o.Spec.Template.Spec
	}
	return nil
}

// checkPod holds a pod against what Kubernetes calls the restricted profile, and its parts against each
// other: what is mounted must be there, and what is asked must be a port.
func checkPod(t *testing.T, file string, pod *corev1.PodSpec) {
	t.Helper()
	if s := pod.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.SeccompProfile == nil {
		t.Errorf("%s: a pod may run as root, or call the kernel as it likes", file)
	}
	volumes := map[string]bool{"data": true} // of volumeClaimTemplates
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
	}
	for _, c := range pod.Containers {
		if s := c.SecurityContext; s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation ||
			s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.Capabilities == nil ||
			len(s.Capabilities.Drop) != 1 || s.Capabilities.Drop[0] != "ALL" {
			t.Errorf("%s: the container %s may do more than it must", file, c.Name)
		}
		ports := map[string]bool{}
		for _, p := range c.Ports {
			ports[p.Name] = true
		}
		for _, p := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
			if p == nil || p.HTTPGet == nil || !ports[p.HTTPGet.Port.String()] {
				t.Errorf("%s: the container %s lacks a probe, or one asks at a port that isn't there", file, c.Name)
			}
		}
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("%s: the container %s mounts %s, which is no volume", file, c.Name, m.Name)
			}
		}
		if !strings.HasPrefix(c.Image, "refrain:") {
			t.Errorf("%s: the container %s runs %s", file, c.Name, c.Image)
		}
	}
}
