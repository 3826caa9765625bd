package gate

import (
	"sync"
	"sync/atomic"
)

// interner gives each value a small number, so that what many records share is kept
// once. Values are never forgotten: it is for what there are few of.
type interner[K comparable] struct {
	mu  sync.RWMutex
	ids map[K]uint32
	// values is replaced by a longer one, never changed where it was read.
	values atomic.Pointer[[]K]
}

// id is the number of a value; the zero value's is 0.
func (in *interner[K]) id(value K) uint32 {
	in.mu.RLock()
	id, ok := in.ids[value]
	in.mu.RUnlock()
	if ok {
		return id
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if id, ok := in.ids[value]; ok {
		return id
	}
	return in.add(value)
}

func (in *interner[K]) add(value K) uint32 {
	if in.ids == nil {
		var zero K
		in.ids = map[K]uint32{zero: 0}
		in.values.Store(&[]K{zero})
		if value == zero {
			return 0
		}
	}
	values := append(*in.values.Load(), value)
	id := uint32(len(values) - 1)
	in.ids[value] = id
	in.values.Store(&values)
	return id
}

// known is the number of a value that has one already.
func (in *interner[K]) known(value K) (uint32, bool) {
	in.mu.RLock()
	defer in.mu.RUnlock()
	id, ok := in.ids[value]
	return id, ok
}

// any tells whether there are values besides the zero one, and takes no lock.
func (in *interner[K]) any() bool {
	values := in.values.Load()
	return values != nil && len(*values) > 1
}

// value is the inverse of id, and takes no lock.
func (in *interner[K]) value(id uint32) K { return (*in.values.Load())[id] }
