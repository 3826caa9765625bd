import type { LexiconClass } from '../api/types'

// The keys 1 to 6 mean the same however a lexicon is written; its own classes follow.
const order = ['not_interested', 'dont_want_to_listen', 'no_need', 'stop_calling', 'complaint', 'wrong_number']
const place = (c: LexiconClass) => (order.includes(c.id) ? order.indexOf(c.id) : order.length)
export const inOrder = (all: LexiconClass[]) => [...all].sort((x, y) => place(x) - place(y))
