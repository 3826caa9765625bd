package archive

import "slices"

// gatherer holds the recordings of a folder or an archive back until all that belong together are
// there.
type gatherer struct {
	r       *reading
	missing map[string]int // keys of which several have yet to come
	waiting map[string][]*Item
}

// gather counts which of the names belong together. Counts tells which names are there at all, nil
// for all.
func (r *reading) gather(names []string, counts func(name string) bool) *gatherer {
	g := &gatherer{r: r, missing: map[string]int{}, waiting: map[string][]*Item{}}
	if r.options.Together == nil {
		return g
	}
	for _, name := range names {
		if key := r.options.Together(name); key != "" && (counts == nil || counts(name)) {
			g.missing[key]++
		}
	}
	for key, n := range g.missing {
		if n < 2 {
			delete(g.missing, key)
		}
	}
	return g
}

// waits tells that an item of that name would wait for others.
func (g *gatherer) waits(name string) bool {
	return len(g.missing) > 0 && g.missing[g.r.options.Together(name)] > 1
}

// add gives an item, with those that waited for it, or lets it wait.
func (g *gatherer) add(i *Item) error {
	if len(g.missing) == 0 {
		return g.r.give(i)
	}
	key := g.r.options.Together(i.Name())
	left, several := g.missing[key]
	if !several {
		return g.r.give(i)
	}
	g.waiting[key] = append(g.waiting[key], i)
	if g.missing[key] = left - 1; left > 1 {
		return nil
	}
	return g.flush(key)
}

func (g *gatherer) flush(key string) error {
	items := g.waiting[key]
	delete(g.waiting, key)
	delete(g.missing, key)
	return g.r.give(items...)
}

// end gives what still waits for what turned out not to be there, in the order of the keys.
func (g *gatherer) end() error {
	keys := make([]string, 0, len(g.waiting))
	for key := range g.waiting {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if err := g.flush(key); err != nil {
			return err
		}
	}
	return nil
}
