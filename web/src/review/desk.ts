// The reviewer's queue as this page works it off: the suspect that is open, the next one claimed beforehand,
// and orders on their way to the server. An order is kept in the browser until the server has answered it, and
// sent under one request id however often: so none is lost by a reload, and none takes effect twice.
import { computed, reactive, ref, watch } from 'vue'
import { ApiError, link, requestId } from '../api/client'
import * as api from '../api/review'
import type { SuspectAnswer, SuspectCounts, SuspectFilter } from '../api/types'
import { remembered } from '../prefs'
import { session } from '../session'
import { complain, say } from '../ui'
import { i18n, word } from '../i18n'

const { t } = i18n.global

export const filter = remembered<SuspectFilter>('review', {})
export const current = ref<SuspectAnswer | null>(null)
export const counts = ref<SuspectCounts | null>(null)
export const loading = ref(false)
export const empty = ref(false)
export const judged = ref(0)
// Why the open suspect can't be judged now; empty where it can.
export const barred = ref('')
// How often the order on its way was tried; 0 where none waits.
export const tries = ref(0)

let prefetched: Promise<SuspectAnswer | null> | null = null

// The orders that the server has not answered.
const key = () => `refrain.orders.${session.who?.name ?? ''}`
const orders = reactive<api.Order[]>([])
export const pending = computed(() => orders.length)
function remember() {
  try {
    localStorage.setItem(key(), JSON.stringify(orders))
  } catch {
    // then a reload loses what waits, and nothing else
  }
}
export function recall() {
  try {
    const kept: api.Order[] = JSON.parse(localStorage.getItem(key()) ?? '[]')
    for (const o of kept) if (!orders.some((x) => x.body.requestId === o.body.requestId)) orders.push(o)
  } catch {
    // nothing of ours
  }
  void drain()
}

let draining: Promise<void> | null = null
function drain(): Promise<void> {
  draining ??= sendAll().finally(() => (draining = null))
  return draining
}
async function sendAll() {
  // What one ordered is not sent in the name of another who signed in meanwhile: it waits for him in the browser.
  const by = session.who?.name
  const mine = () => session.who?.name === by
  while (orders.length) {
    const o = orders[0]
    try {
      tell(o, await api.carryOut(o, (n) => (tries.value = n), mine))
    } catch (e) {
      if (mine()) complain(e)
    }
    if (!mine()) break
    tries.value = 0
    orders.shift()
    remember()
    void recount()
  }
  tries.value = 0
}

// The last that was decided here, which undo takes back.
const last = ref<string[]>([])
export const canUndo = computed(() => last.value.length > 0)

function tell(o: api.Order, s: Awaited<ReturnType<typeof api.carryOut>>) {
  judged.value++
  if (o.action === 'pass') return say(t('rv.passedOn'))
  last.value.push(s.decision?.name || s.name)
  const number = s.maskedNumber
  if (o.body.verdict === 'VERDICT_DISMISSED') say(t('rv.dismissed', { number }), 'info')
  else say(t(s.decision?.freeze ? 'rv.confirmed' : 'rv.confirmedOver', { number, class: word('class', s.decision?.class ?? '') }))
  return undefined
}

export async function order(action: api.Order['action'], body: Omit<api.Order['body'], 'requestId'>) {
  if (!current.value || barred.value) return
  orders.push({ suspect: current.value.suspect.name, action, body: { ...body, requestId: requestId() } })
  remember()
  void drain()
  await advance()
}

export async function undo() {
  await drain()
  const name = last.value.at(-1)
  if (!name) return say(t('rv.nothingToUndo'), 'info')
  try {
    const s = await api.revert(name, t('rv.undoReason'))
    last.value.pop()
    judged.value = Math.max(0, judged.value - 1)
    say(t('rv.undone'))
    // what was open comes after it
    if (current.value) putBack(current.value)
    await open(s.name)
  } catch (e) {
    complain(e)
  }
  return undefined
}

// visit opens one that somebody asked for; what was open comes after it.
export async function visit(name: string) {
  if (current.value && !barred.value) putBack(current.value)
  await open(name)
}

function putBack(a: SuspectAnswer) {
  const after = prefetched
  if (after) void after.then((b) => b && api.release(b.suspect.name))
  prefetched = Promise.resolve(a)
}

// advance shows the next one, and claims the one after it.
export async function advance() {
  loading.value = true
  barred.value = ''
  try {
    const ready = prefetched
    prefetched = null
    let a = ready ? await ready : null
    a ??= await api.claimNext(filter)
    show(a)
  } catch (e) {
    show(null)
    complain(e)
  } finally {
    loading.value = false
  }
}

function show(a: SuspectAnswer | null) {
  current.value = a
  empty.value = !a
  barred.value = ''
  if (!a) return
  prefetched ??= api.claimNext(filter).catch(() => null)
  void prefetched.then((next) => next && api.getPeaks(next.suspect.recording)).catch(() => null)
}

// open shows one by its name, and claims it where that can be.
export async function open(name: string) {
  loading.value = true
  barred.value = ''
  try {
    let why = ''
    try {
      await api.claim(name)
    } catch (e) {
      if (!(e instanceof ApiError) || e.status === 0) throw e
      why = e.message
    }
    current.value = await api.getSuspect(name)
    empty.value = false
    const s = current.value.suspect
    if (s.decision) barred.value = t('rv.decidedBy', { who: s.decision.reviewer || t('top.localAdmin'), verdict: word('state', s.state) })
    else barred.value = why && (s.claim ? t('rv.takenBy', { who: s.claim.reviewer }) : why)
  } catch (e) {
    complain(e)
    current.value = null
  } finally {
    loading.value = false
  }
}

// start takes up what this reviewer holds from before, such as before a reload, or else the next.
export async function start() {
  loading.value = true
  recall()
  await drain()
  try {
    const mine = await api.listSuspects({ state: 'STATE_CLAIMED', mine: true, pageSize: 2 })
    const [first, second] = mine.suspects
    if (first) {
      if (second) prefetched = api.claim(second.name).then(() => api.getSuspect(second.name)).catch(() => null)
      await open(first.name)
      if (!barred.value) return
    }
  } catch (e) {
    complain(e)
  }
  await advance()
}

// leave gives back what is held.
export async function leave() {
  const held = [current.value, await (prefetched ?? null)]
  const mine = !barred.value
  prefetched = null
  current.value = null
  await Promise.all(held.map((a, i) => (a && (i || mine) ? api.release(a.suspect.name) : undefined)))
}

// refilter gives back what is held and takes the next of those that are asked for now.
export async function refilter() {
  await leave()
  watchQueue()
  await advance()
}

export async function recount() {
  counts.value = await api.countSuspects(filter).catch(() => counts.value)
}

let watching = false
let stopWatching = new AbortController()
// watchQueue keeps the counts as they are, and takes a suspect that comes while nothing is open.
export function watchQueue() {
  stopWatching.abort()
  stopWatching = new AbortController()
  watching = true
  void api.watchSuspects(filter, (c) => {
    if (c) counts.value = c
    if (empty.value && !loading.value && c?.counts.some((x) => x.state === 'STATE_OPEN')) void advance()
  }, stopWatching.signal)
}
export function unwatch() {
  watching = false
  stopWatching.abort()
}

// tend renews the leases, and looks for suspects that others gave back where none was left; called each half
// minute.
export async function tend(active: boolean) {
  if (link.lost || link.signedOut || !session.who) return
  if (empty.value && !loading.value) return advance()
  if (!active || !current.value || barred.value || current.value.suspect.decision) return
  const name = current.value.suspect.name
  try {
    const s = await api.claim(name)
    if (current.value?.suspect.name === name) current.value.suspect.claim = s.claim
  } catch (e) {
    if (e instanceof ApiError && e.status && e.status !== 401 && current.value?.suspect.name === name) barred.value = t('rv.leaseLost', { who: e.message })
  }
  const next = await (prefetched ?? null)
  if (next) await api.claim(next.suspect.name).catch(() => (prefetched = null))
}

watch(() => session.who?.name, (name) => {
  orders.length = 0
  current.value = null
  prefetched = null
  last.value = []
  judged.value = 0
  if (name && watching) void drain().then(start)
})
