package main

import (
	"bufio"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/sounds"
	"github.com/refrain-asr/refrain/keywords/words"
)

type line struct {
	text, class, kind, file string
	y                       bool
	o                       obs
}

type obs struct {
	Runes    []rune
	Before   []uint8
	Words    []string
	Evidence float64
	Vetoed   bool
}

func load(paths []string) []*line {
	var all []*line
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			panic(err)
		}
		s := bufio.NewScanner(f)
		for n := 0; s.Scan(); n++ {
			c := strings.Split(s.Text(), "\t")
			if n == 0 || len(c) != 4 {
				continue
			}
			all = append(all, &line{text: c[0], y: c[1] == "refusal", class: c[2], kind: c[3], file: filepath.Base(p)})
		}
		f.Close()
	}
	return all
}

var pos = map[string]string{}

func loadPos() {
	f, err := os.Open(os.Getenv("POSFILE"))
	if err != nil {
		return
	}
	s := bufio.NewScanner(f)
	for s.Scan() {
		c := strings.Fields(s.Text())
		if len(c) == 3 {
			pos[c[0]] = c[2]
		}
	}
}

// segment is a simple max-probability segmentation by the words list.
func segment(rs []rune, before []uint8) []string {
	var out []string
	start := 0
	for i := 1; i <= len(rs); i++ {
		if i == len(rs) || before[i] != 0 {
			out = append(out, cut(rs[start:i])...)
			out = append(out, "|")
			start = i
		}
	}
	return out
}

func cut(rs []rune) []string {
	n := len(rs)
	best := make([]float64, n+1)
	from := make([]int, n+1)
	for i := 1; i <= n; i++ {
		best[i] = best[i-1] - 18
		from[i] = i - 1
		for k := max(0, i-4); k < i; k++ {
			if p, ok := freq[string(rs[k:i])]; ok && best[k]+p > best[i] {
				best[i], from[i] = best[k]+p, k
			}
		}
	}
	var out []string
	for i := n; i > 0; i = from[i] {
		out = append([]string{string(rs[from[i]:i])}, out...)
	}
	return out
}

var freq = map[string]float64{}

func loadFreq() {
	words.Each(func(w string, f float64) error { freq[w] = math.Log(f / 6e7); return nil })
}

type feat struct {
	id int
	v  float64
}

type vocab struct {
	ids map[string]int
}

func (v *vocab) id(s string, grow bool) int {
	if i, ok := v.ids[s]; ok {
		return i
	}
	if !grow {
		return -1
	}
	i := len(v.ids)
	v.ids[s] = i
	return i
}

type groupset map[string]float64

var table = sounds.Load()

func strFeats(l *line, g groupset) map[string][]string {
	out := map[string][]string{}
	add := func(group, s string) {
		out[group] = append(out[group], s)
	}
	o := l.o
	rs := o.Runes
	// with bounds
	var b []string
	b = append(b, "^")
	for i, r := range rs {
		if i > 0 && o.Before[i] != 0 {
			switch {
			case o.Before[i] == 2:
				b = append(b, "?")
			case o.Before[i] == 1:
				b = append(b, ",")
			}
		}
		b = append(b, string(r))
	}
	if len(o.Before) > 0 && o.Before[len(o.Before)-1] == 2 {
		b = append(b, "?")
	}
	b = append(b, "$")
	ngram := func(group string, seq []string, lo, hi int) {
		for n := lo; n <= hi; n++ {
			if g[group+strconv.Itoa(n)] == 0 {
				continue
			}
			for i := 0; i+n <= len(seq); i++ {
				add(group+strconv.Itoa(n), strings.Join(seq[i:i+n], ""))
			}
		}
	}
	ngram("c", b, 1, 6)
	var plain []string
	for _, r := range rs {
		plain = append(plain, string(r))
	}
	ngram("n", plain, 1, 6) // without bounds
	var py []string
	for _, s := range b {
		r := []rune(s)[0]
		if r < 0x10000 && table.Alike[r] != 0 {
			py = append(py, strconv.Itoa(int(table.Alike[r]))+".")
		} else {
			py = append(py, s)
		}
	}
	ngram("p", py, 1, 5)
	if g["skip"] > 0 {
		for i := range plain {
			for k := i + 2; k < len(plain) && k <= i+6; k++ {
				d := "n"
				if k > i+3 {
					d = "f"
				}
				add("skip", plain[i]+"_"+plain[k]+d)
			}
		}
	}
	if g["skip2"] > 0 { // bigram _ bigram in order any distance
		for i := 0; i+1 < len(plain); i++ {
			for k := i + 2; k+1 < len(plain) && k < i+10; k++ {
				add("skip2", plain[i]+plain[i+1]+"_"+plain[k]+plain[k+1])
			}
		}
	}
	if g["skip1"] > 0 { // a _ b c , a b _ c
		for i := range plain {
			for k := i + 2; k+1 < len(plain) && k <= i+5; k++ {
				add("skip1", plain[i]+"_"+plain[k]+plain[k+1])
			}
			for k := i + 3; k < len(plain) && k <= i+6; k++ {
				add("skip1", plain[i]+plain[i+1]+"_"+plain[k])
			}
		}
	}
	// words
	ws := append([]string{"^"}, o.Words...)
	for n := 1; n <= 4; n++ {
		gn := "w" + strconv.Itoa(n)
		if g[gn] == 0 {
			continue
		}
		for i := 0; i+n <= len(ws); i++ {
			add(gn, strings.Join(ws[i:i+n], "/"))
		}
	}
	var ab []string
	for _, w := range ws {
		p := pos[w]
		if (strings.HasPrefix(p, "n") || len([]rune(w)) >= 2 && strings.HasPrefix(p, "v") && false) && w != "人" {
			ab = append(ab, "<"+p[:1]+">")
		} else {
			ab = append(ab, w)
		}
	}
	for n := 2; n <= 5; n++ {
		gn := "a" + strconv.Itoa(n)
		if g[gn] == 0 {
			continue
		}
		for i := 0; i+n <= len(ab); i++ {
			add(gn, strings.Join(ab[i:i+n], "/"))
		}
	}
	var ps []string
	for _, w := range ws {
		p := pos[w]
		if p == "" {
			p = w
		}
		ps = append(ps, p)
	}
	for n := 1; n <= 4; n++ {
		gn := "t" + strconv.Itoa(n)
		if g[gn] == 0 {
			continue
		}
		for i := 0; i+n <= len(ps); i++ {
			add(gn, strings.Join(ps[i:i+n], "/"))
		}
	}
	if g["wp"] > 0 {
		for i := range ws {
			for k := i + 1; k < len(ws) && k < i+8; k++ {
				add("wp", ws[i]+"~"+ws[k])
			}
		}
	}
	if g["len"] > 0 {
		n := len(rs)
		switch {
		case n <= 4:
			add("len", "len"+strconv.Itoa(n))
		default:
			add("len", "len"+strconv.Itoa(4+n/5))
		}
		if b[len(b)-2] == "?" {
			add("len", "endq")
		}
		if len(b) >= 3 {
			add("len", "last"+b[len(b)-2])
		}
		q := 0
		for _, s := range b {
			if s == "," {
				q++
			}
		}
		add("len", "commas"+strconv.Itoa(min(q, 4)))
	}
	return out
}

type sample struct {
	f []feat
	y float64
	w float64
}

func vector(l *line, g groupset, v *vocab, grow bool, norm bool) []feat {
	var out []feat
	for group, list := range strFeats(l, g) {
		sc := g[group]
		if sc == 0 {
			continue
		}
		seen := map[string]bool{}
		cnt := map[string]int{}
		var ids []int
		total := 0
		for _, s := range list {
			k := group + ":" + s
			total++
			cnt[k]++
			if cnt[k] > capCount {
				continue
			}
			seen[k] = true
			if id := v.id(k, grow); id >= 0 {
				ids = append(ids, id)
			}
		}
		x := sc
		if norm && group != "rule" && group != "len" {
			x = sc / math.Pow(float64(total), normExp) * 4
		}
		for _, id := range ids {
			out = append(out, feat{id, x})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out
}

func dot(w []float64, f []feat) float64 {
	s := 0.0
	for _, x := range f {
		s += w[x.id] * x.v
	}
	return s
}

// train: logistic regression by L-BFGS, w[dim] = bias
func train(data []sample, dim int, c float64) ([]float64, float64) {
	n := dim + 1
	eval := func(w []float64, grad []float64) float64 {
		loss := 0.0
		for i := range grad {
			grad[i] = w[i] / c
			if i == dim {
				grad[i] = 0
			} else {
				loss += 0.5 * w[i] * w[i] / c
			}
		}
		for _, s := range data {
			z := dot(w, s.f) + w[dim]
			yz := z * (2*s.y - 1)
			if yz > 0 {
				loss += s.w * math.Log1p(math.Exp(-yz))
			} else {
				loss += s.w * (-yz + math.Log1p(math.Exp(yz)))
			}
			d := s.w * (1/(1+math.Exp(-z)) - s.y)
			for _, x := range s.f {
				grad[x.id] += d * x.v
			}
			grad[dim] += d
		}
		return loss
	}
	w := lbfgs(n, eval, 60)
	return w[:dim], w[dim]
}

func lbfgs(n int, eval func(w, g []float64) float64, iters int) []float64 {
	const m = 8
	w, g := make([]float64, n), make([]float64, n)
	f := eval(w, g)
	var S, Y [][]float64
	var R []float64
	d, nw, ng := make([]float64, n), make([]float64, n), make([]float64, n)
	for it := 0; it < iters; it++ {
		copy(d, g)
		a := make([]float64, len(S))
		for i := len(S) - 1; i >= 0; i-- {
			a[i] = R[i] * vdot(S[i], d)
			axpy(-a[i], Y[i], d)
		}
		if len(S) > 0 {
			k := len(S) - 1
			sc := vdot(S[k], Y[k]) / vdot(Y[k], Y[k])
			for i := range d {
				d[i] *= sc
			}
		}
		for i := range S {
			b := R[i] * vdot(Y[i], d)
			axpy(a[i]-b, S[i], d)
		}
		gd := -vdot(g, d)
		step := 1.0
		if it == 0 {
			step = 1 / math.Sqrt(vdot(g, g))
		}
		var nf float64
		for t := 0; t < 20; t++ {
			for i := range w {
				nw[i] = w[i] - step*d[i]
			}
			nf = eval(nw, ng)
			if nf <= f+1e-4*step*gd {
				break
			}
			step /= 2
		}
		s, y := make([]float64, n), make([]float64, n)
		for i := range w {
			s[i], y[i] = nw[i]-w[i], ng[i]-g[i]
		}
		if sy := vdot(s, y); sy > 1e-12 {
			S, Y, R = append(S, s), append(Y, y), append(R, 1/sy)
			if len(S) > m {
				S, Y, R = S[1:], Y[1:], R[1:]
			}
		}
		old := f
		copy(w, nw)
		copy(g, ng)
		f = nf
		if math.Abs(old-f) < 1e-5*math.Abs(f) {
			break
		}
	}
	return w
}
func vdot(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}
func axpy(k float64, x, y []float64) {
	for i := range x {
		y[i] += k * x[i]
	}
}

type result struct {
	l *line
	z float64
}

func parse(spec string) groupset {
	g := groupset{}
	for _, p := range strings.Split(spec, ",") {
		name, v, ok := strings.Cut(p, "=")
		x := 1.0
		if ok {
			x, _ = strconv.ParseFloat(v, 64)
		}
		g[name] = x
	}
	return g
}

func f1at(rs []result, th float64) (p, r, f float64) {
	tp, fp, fn := 0., 0., 0.
	for _, x := range rs {
		s := x.z >= th
		switch {
		case s && x.l.y:
			tp++
		case s:
			fp++
		case x.l.y:
			fn++
		}
	}
	return tp / (tp + fp), tp / (tp + fn), 2 * tp / (2*tp + fp + fn)
}

func fresh(f string) bool { return f != "lex.tsv" && f != "rules.tsv" && f != "traps.tsv" && f != "ordinary.tsv" }

func cv(all []*line, g groupset, c float64, norm bool, folds []string, tuneW float64) []result {
	v := &vocab{map[string]int{}}
	vec := make([][]feat, len(all))
	for i, l := range all {
		vec[i] = vector(l, g, v, true, norm)
	}
	dim := len(v.ids)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var res []result
	sem := make(chan bool, 2)
	for _, fold := range folds {
		wg.Add(1)
		go func() {
			defer wg.Done()
			sem <- true
			defer func() { <-sem }()
			n := make([]int, dim)
			for i, l := range all {
				if l.file != fold {
					for _, f := range vec[i] {
						n[f.id]++
					}
				}
			}
			var data []sample
			for i, l := range all {
				if l.file == fold {
					continue
				}
				y := 0.
				if l.y {
					y = 1
				}
				w := 1.
				if !fresh(l.file) {
					w = tuneW
				}
				var keep []feat
				for _, f := range vec[i] {
					if n[f.id] >= minCount {
						keep = append(keep, f)
					}
				}
				data = append(data, sample{keep, y, w})
			}
			w, b := train(data, dim, c)
			var mine []result
			for i, l := range all {
				if l.file == fold {
					mine = append(mine, result{l, dot(w, vec[i]) + b})
				}
			}
			mu.Lock()
			res = append(res, mine...)
			mu.Unlock()
		}()
	}
	wg.Wait()
	return res
}

var countAll bool
var capCount int
var normExp float64
var minCount int

func main() {
	flag.IntVar(&capCount, "cap", 1, "")
	flag.Float64Var(&normExp, "ne", 0.5, "")
	flag.IntVar(&minCount, "min", 2, "")
	spec := flag.String("g", "c1,c2,c3,c4,len,rule", "")
	c := flag.Float64("c", 1, "")
	norm := flag.Bool("norm", true, "")
	kinds := flag.Bool("kinds", false, "")
	show := flag.Bool("show", false, "")
	tuneW := flag.Float64("tw", 1, "")
	doStack := flag.Bool("stack", false, "")
	flag.Parse()
	loadPos()
	loadFreq()
	all := load(flag.Args())
	j, err := keywords.New(lexicon.Default(), keywords.Options{Unlearned: true})
	if err != nil {
		panic(err)
	}
	var kept []*line
	for _, l := range all {
		ls := j.Lessons(l.text)
		if len(ls) != 1 {
			continue
		}
		o := obs{Runes: ls[0].Passage.Text, Evidence: ls[0].Evidence, Vetoed: ls[0].Vetoed}
		for _, b := range ls[0].Passage.Before {
			o.Before = append(o.Before, uint8(b))
		}
		o.Words = segment(o.Runes, o.Before)
		l.o = o
		kept = append(kept, l)
	}
	all = kept
	var folds []string
	seen := map[string]bool{}
	for _, l := range all {
		if !seen[l.file] && fresh(l.file) {
			folds = append(folds, l.file)
		}
		seen[l.file] = true
	}
	for _, sp := range strings.Split(*spec, ";") {
		res := cv(all, parse(sp), *c, *norm, folds, *tuneW)
		best, bt := 0., 0.
		for th := -2.0; th <= 2; th += 0.05 {
			if _, _, f := f1at(res, th); f > best {
				best, bt = f, th
			}
		}
		p, r, f := f1at(res, 0)
		fmt.Printf("P %.3f R %.3f F1 %.4f  best %.4f at %.2f  ", p, r, f, best, bt)
		for _, fold := range folds {
			var sub []result
			for _, x := range res {
				if x.l.file == fold {
					sub = append(sub, x)
				}
			}
			_, _, f := f1at(sub, 0)
			fmt.Printf(" %.3f", f)
		}
		fmt.Println("   ", sp)
		if *doStack {
			res = stack(res, folds, nil, ruleFeats)
			p, r, f := f1at(res, 0)
			fmt.Printf("   stacked P %.3f R %.3f F1 %.4f\n", p, r, f)
		}
		if *kinds {
			m := map[string][2]int{}
			for _, x := range res {
				k := "other " + x.l.kind
				if x.l.y {
					k = "refus " + x.l.kind
				}
				e := m[k]
				e[1]++
				if (x.z > 0) != x.l.y {
					e[0]++
				}
				m[k] = e
			}
			var ks []string
			for k := range m {
				ks = append(ks, k)
			}
			sort.Slice(ks, func(i, j int) bool { return m[ks[i]][0] > m[ks[j]][0] })
			for _, k := range ks {
				fmt.Printf("   %s %d/%d", k, m[k][0], m[k][1])
			}
			fmt.Println()
		}
		if *show {
			sort.Slice(res, func(i, j int) bool { return math.Abs(res[i].z) > math.Abs(res[j].z) })
			for _, x := range res {
				if (x.z > 0) != x.l.y {
					fmt.Printf("%.2f %v %s %s\t%s\n", x.z, x.l.y, x.l.class, x.l.kind, x.l.text)
				}
			}
		}
	}
}
