package learned

import "math"

// Balance says how much the sum of a passage and the lexicon's hits in it weigh in the
// log odds that it is a refusal.
type Balance struct {
	Base    float64 `json:"base"`    // with nothing for or against
	Heard   float64 `json:"heard"`   // is added where a recogniser heard the words
	Learned float64 `json:"learned"` // for each unit of the passage's sum
	Least   float64 `json:"least"`   // below which the sum doesn't count
	Rules   float64 `json:"rules"`   // for the evidence (0..1) of hits that count
	Vetoed  float64 `json:"vetoed"`  // where all hits are vetoed
	Doubted float64 `json:"doubted"` // where some are
}

// OfHeard is the balance for words that a recogniser heard: it loses much of what speaks for a
// refusal, and makes few refusals of other words.
func (b Balance) OfHeard() Balance {
	b.Base += b.Heard
	return b
}

// LogOdds combines the passage's sum, the evidence of its hits that count, and whether
// some hits of it are vetoed.
func (b Balance) LogOdds(sum, evidence float64, vetoed bool) float64 {
	z := b.Base + b.Learned*max(sum, b.Least) + b.Rules*evidence
	switch {
	case vetoed && evidence == 0:
		z += b.Vetoed
	case vetoed:
		z += b.Doubted
	}
	return z
}

// Ordinary is the talk without refusals that a model was trained with.
type Ordinary struct {
	// Data is the SHA-256, in hex, of it; Lines how many utterances it has.
	Data  string `json:"data"`
	Lines int    `json:"lines"`
	// Phrases are how many of them have a hit of a phrase that counts, by the phrase as the
	// lexicon has it; none of those without.
	Phrases map[string]int `json:"phrases"`
}

// Discount is by how much a hit of the phrase counts less since ordinary talk has it too: 0
// where it hasn't.
func (o Ordinary) Discount(phrase string) float64 {
	return discountStep * math.Log1p(float64(o.Phrases[phrase])/discountFrom)
}

// A phrase loses discountStep each time that its count grows e-fold beyond discountFrom.
const (
	discountStep = 0.1
	discountFrom = 5
)

// Probability is what log odds mean.
func Probability(logOdds float64) float64 { return 1 / (1 + math.Exp(-logOdds)) }

// Model is the weights of features. It does not change and is safe for concurrent use.
type Model struct {
	head head
	// slots are a hash table: the upper bits of a feature say where it stands, the next
	// markBits tell it from others, and the lowest byte is its weight. 0 is free.
	slots []uint32
	// classes are the weights for the classes: those of a slot stand together.
	classes []int8
}

// head is what is known of a model beside its weights.
type head struct {
	// Data is the SHA-256 of what it was trained from.
	Data string `json:"data"`
	// Bits is the logarithm of the number of slots.
	Bits     uint `json:"bits"`
	Features int  `json:"features"`
	// Unit and ClassUnit are what a weight of 1 in the table stands for.
	Unit      float64 `json:"unit"`
	ClassUnit float64 `json:"class_unit"`
	Bias      float64 `json:"bias"`
	// Classes are the ids of what a refusal can mean, ClassBias their biases.
	Classes   []string  `json:"classes"`
	ClassBias []float64 `json:"class_bias"`
	Balance   Balance   `json:"balance"`
	Ordinary  Ordinary  `json:"ordinary"`
}

const markBits = 24

// Ordinary is the talk without refusals that the model was trained with.
func (m *Model) Ordinary() Ordinary { return m.head.Ordinary }

// Data is the SHA-256, in hex, of the labelled utterances that the model was trained from.
func (m *Model) Data() string { return m.head.Data }

// Classes are the ids of what a refusal can mean to the model, as the lexicon has them that
// it was trained with. They are not to be changed.
func (m *Model) Classes() []string { return m.head.Classes }

// Balance is how the model and the lexicon's hits weigh against each other.
func (m *Model) Balance() Balance { return m.head.Balance }

// key is as much of a feature as is kept: its slot and its mark.
func (h *head) key(feature uint64) uint64 { return feature >> (64 - h.Bits - markBits) }

// place is where a key stands if the slot is free, and what marks it there.
func place(key uint64) (at, mark uint32) {
	return uint32(key >> markBits), max(1, uint32(key)&(1<<markBits-1))
}

// slot returns where the feature stands, and whether it is known.
func (m *Model) slot(feature uint64) (at uint32, known bool) {
	at, mark := place(m.head.key(feature))
	for last := uint32(len(m.slots) - 1); ; at = (at + 1) & last {
		switch there := m.slots[at]; {
		case there == 0:
			return 0, false
		case there>>8 == mark:
			return at, true
		}
	}
}

// Weigher weighs passages. It keeps its memory from one to the next and is for one
// goroutine at a time.
type Weigher struct {
	reader reader
	once   once
	likely []float64 // by class
}

// Features calls visit with each feature of p and the factor by which its weight counts.
// A feature may come more than once, and counts once.
func (w *Weigher) Features(p Passage, visit func(feature uint64, factor float64)) {
	w.reader.read(p)
	scale := w.reader.scales()
	w.reader.each(p, func(g group, feature uint64, _, _ int32) {
		visit(feature, float64(scale[g]))
	})
}

// Weigh sums up how much in p speaks for a refusal: the more over 0 the surer.
func (w *Weigher) Weigh(m *Model, p Passage) float64 {
	w.reader.read(p)
	scale := w.reader.scales()
	var sums [groups]int32
	w.once.clear()
	w.reader.each(p, func(g group, feature uint64, _, _ int32) {
		if at, known := m.slot(feature); known && w.once.first(at) {
			sums[g] += int32(int8(m.slots[at]))
		}
	})
	total := m.head.Bias
	for g, sum := range sums {
		total += float64(sum) * float64(scale[g]) * m.head.Unit
	}
	return total
}

// Shares adds to each character of p its share in the sum, so that all shares and the
// bias come to what Weigh returns. shares must be as long as p's text.
func (w *Weigher) Shares(m *Model, p Passage, shares []float64) (bias float64) {
	w.reader.read(p)
	scale := w.reader.scales()
	w.once.clear()
	w.reader.each(p, func(g group, feature uint64, from, to int32) {
		at, known := m.slot(feature)
		if !known || !w.once.first(at) {
			return
		}
		weight := float64(int8(m.slots[at])) * float64(scale[g]) * m.head.Unit
		if g == apart { // what stands between has no part in it
			shares[from] += weight / 2
			shares[to] += weight / 2
			return
		}
		for i := from; i <= to; i++ {
			shares[i] += weight / float64(to-from+1)
		}
	})
	return m.head.Bias
}

// Class tells how likely p, if it is a refusal, means each of the model's Classes. The list is
// valid until the next call.
func (w *Weigher) Class(m *Model, p Passage) (likely []float64) {
	w.reader.read(p)
	scale := w.reader.scales()
	n := len(m.head.Classes)
	w.likely = append(w.likely[:0], m.head.ClassBias...)
	w.once.clear()
	w.reader.each(p, func(g group, feature uint64, _, _ int32) {
		if at, known := m.slot(feature); known && w.once.first(at) {
			for c, weight := range m.classes[int(at)*n : (int(at)+1)*n] {
				w.likely[c] += float64(weight) * float64(scale[g]) * m.head.ClassUnit
			}
		}
	})
	softmax(w.likely)
	return w.likely
}

// softmax makes probabilities of sums.
func softmax(sums []float64) {
	total := 0.0
	for i, sum := range sums {
		sums[i] = math.Exp(min(sum, 50))
		total += sums[i]
	}
	for i := range sums {
		sums[i] /= total
	}
}
