// The reviewer's queue as this page works it off: the suspect that is open, the next one claimed beforehand,
// and orders on their way to the server. An order is kept in the browser until the server has answered it, and
// sent under one request id however often: so none is lost by a reload, and none takes effect twice.
import { computed, reactive, ref, watch } from 'vue'
import { ApiError, link, requestId, serverNow } from '../api/client'
import * as api from '../api/review'
import type { Suspect, SuspectAnswer, SuspectCounts, SuspectFilter } from '../api/types'
import { remembered } from '../prefs'
import { session } from '../session'
import { complain, say, told } from '../ui'
import { i18n, word } from '../i18n'
import { length, time } from '../format'

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

// The suspects that this reviewer holds while the queue has nothing else.
export const held = ref<string[]>([])
// An order that the server refused because its suspect changed: what it said is put back where it was chosen.
export const returned = ref<api.Order | null>(null)

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
// What comes back from refused orders, one after the other.
let returning: Promise<void> = Promise.resolve()
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
    let back: ApiError | undefined
    try {
      tell(o, await send(o, mine))
    } catch (e) {
      if (mine()) {
        last.value.push({ name: o.suspect, number: '', what: 'refused' })
        // What was refused for what it said can be said otherwise.
        back = e instanceof ApiError && ['ETAG_MISMATCH', 'INVALID_REQUEST'].includes(e.reason) ? e : undefined
        if (!back) complain(e)
      }
    }
    if (!mine()) break
    tries.value = 0
    orders.shift()
    remember()
    void recount()
    // Beside what is sent: what moves on may wait for that.
    const why = back
    if (why) returning = returning.then(() => giveBack(o, why))
  }
  tries.value = 0
}

// What a reviewer judges of a suspect, without its texts: the browser keeps it with the order.
const judging = (s: Suspect) => JSON.stringify([s.round, s.class, s.lexicon, s.hits.map((h) => [h.class, h.segment, h.start, h.end, h.score, h.veto?.reason]), s.pass?.passTime, s.appeal?.appealTime])

// send carries an order out. A suspect that says what it said, and is still this reviewer's, changed by nothing
// but a claim that was renewed: then it is sent again on what it is now.
async function send(o: api.Order, mine: () => boolean) {
  const once = () => api.carryOut(o, (n) => (tries.value = n), mine)
  for (let more = 3; ; more--) {
    try {
      return await once()
    } catch (e) {
      if (!(e instanceof ApiError) || e.reason !== 'ETAG_MISMATCH' || !more || !mine()) throw e
      const { suspect } = await api.getSuspect(o.suspect).catch(() => Promise.reject(e))
      if (suspect.state !== 'STATE_CLAIMED' || suspect.claim?.reviewer !== (session.who?.name ?? '') || judging(suspect) !== o.seen) throw e
      o.body = { ...o.body, etag: suspect.etag, requestId: requestId() } // the first was refused, so this is another
      remember()
    }
  }
}

// giveBack opens the suspect of a refused order with all that was chosen. It comes while somebody may be about to
// judge another one: for a moment nothing can be judged.
async function giveBack(o: api.Order, why: ApiError) {
  await moving
  returned.value = o
  await visit(o.suspect)
  if (why.reason === 'ETAG_MISMATCH') say(t('rv.changedSince'), 'error')
  else complain(why)
  await rest()
}

// When a key was pressed last.
export const keyed = { at: 0 }
// rest has nothing judged until no key was pressed for a moment: one that was meant for another suspect, or for a comment on
// it, must not hit the one that stands there now.
async function rest() {
  const calm = 700
  const from = Date.now()
  loading.value = true
  for (let left = calm; left > 0; left = Math.max(from, keyed.at) + calm - Date.now()) await new Promise((r) => setTimeout(r, left))
  loading.value = false
}

// What was done here, of which undo takes the last back. What can't be taken back stays the last: undo never
// reaches past it.
interface Done {
  name: string
  number: string
  what: Undoable | 'refused'
}
type Undoable = 'confirmed' | 'over' | 'dismissed' | 'passed'
const last = ref<Done[]>([])
const undoable = (d?: Done): d is Done & { what: Undoable } => !!d && d.what !== 'refused'
export const canUndo = computed(() => undoable(last.value.at(-1)))
export const undoName = computed(() => {
  const d = last.value.at(-1)
  if (!undoable(d)) return t('rv.undo')
  const what = d.what === 'passed' ? t('rv.passed') : word('state', d.what === 'dismissed' ? 'STATE_DISMISSED' : 'STATE_CONFIRMED')
  return t('rv.undoThis', { number: d.number, what })
})

function tell(o: api.Order, s: Awaited<ReturnType<typeof api.carryOut>>) {
  judged.value++
  const number = s.maskedNumber
  const what = o.action === 'pass' ? 'passed' : o.body.verdict === 'VERDICT_DISMISSED' ? 'dismissed' : s.decision?.freeze ? 'confirmed' : 'over'
  last.value.push({ name: s.decision?.name || s.name, number, what })
  if (o.action === 'pass') return say(t('rv.passedOn'))
  if (o.body.verdict === 'VERDICT_DISMISSED') say(t('rv.dismissed', { number }), 'info')
  else say(t(s.decision?.freeze ? 'rv.confirmed' : 'rv.confirmedOver', { number, class: word('class', s.decision?.class ?? '') }))
  return undefined
}

let moving: Promise<unknown> = Promise.resolve()
export async function order(action: api.Order['action'], body: Omit<api.Order['body'], 'requestId'>) {
  if (!current.value || barred.value) return
  orders.push({ suspect: current.value.suspect.name, action, seen: judging(current.value.suspect), body: { ...body, requestId: requestId() } })
  remember()
  void drain()
  moving = advance()
  await moving
}

let undoing: Promise<unknown> | null = null
export function undo() {
  undoing ??= takeBack().finally(() => (undoing = null))
  return undoing
}
async function takeBack() {
  await drain()
  await returning
  const done = last.value.at(-1)
  if (!done) return say(t('rv.nothingToUndo'), 'info')
  if (!undoable(done)) return say(t('rv.refusedStays'), 'warning')
  try {
    // What was passed on is taken up again, and is the supervisors' still where this reviewer doesn't decide. Where one of
    // them has it, it stays the last that was done.
    const { name } = await (done.what === 'passed' ? api.claim(done.name) : api.revert(done.name, t('rv.undoReason')))
    last.value.pop()
    judged.value = Math.max(0, judged.value - 1)
    await visit(name)
    say(t({ confirmed: 'rv.undoneConfirmed', over: 'rv.undoneOver', dismissed: 'rv.undoneDismissed', passed: 'rv.undonePassed' }[done.what], { number: done.number }))
  } catch (e) {
    complain(e)
  }
  return undefined
}

// visit opens one that somebody asked for; what was open comes after it.
export async function visit(name: string) {
  const before = current.value
  const next = prefetched
  if (before && !barred.value && before.suspect.name !== name) {
    void dropNext(name)
    prefetched = Promise.resolve(before)
  } else if ((await next)?.suspect.name === name && prefetched === next) prefetched = null
  await open(name)
}

// dropNext gives back the one that was claimed beforehand, unless it is the one that is opened now. It is nobody's next
// from the first moment, or what is shown meanwhile could be given back.
async function dropNext(but = '') {
  const after = prefetched
  prefetched = null
  const next = await after
  if (next && next.suspect.name !== but) await api.release(next.suspect.name)
}

// claimNext claims the next one that is not open already. Of one's own those come again that one holds: what is on its
// way to be decided must be, or it would come, too.
async function claimNext(): Promise<SuspectAnswer | null> {
  if (!filter.mine) return api.claimNext(filter)
  await drain()
  const a = await api.claimNext(filter)
  const open = current.value
  if (!a || a.suspect.name !== open?.suspect.name) return a
  Object.assign(open.suspect, { claim: a.suspect.claim, etag: a.suspect.etag }) // it was claimed anew
  return null
}

// advance shows the next one, and claims the one after it.
export async function advance() {
  loading.value = true
  barred.value = ''
  try {
    const ready = prefetched
    prefetched = null
    let a = ready ? await ready : null
    a ??= await claimNext()
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
  if (!a) return void mineToo()
  prefetched ??= claimNext().catch(() => null)
  void prefetched.then((next) => next && api.getPeaks(next.suspect.recording)).catch(() => null)
}

// Where the queue is empty, what this reviewer holds may still wait, such as after he came back by a link.
async function mineToo() {
  const mine = await api.listSuspects({ state: 'STATE_CLAIMED', mine: true, pageSize: 20 }).catch(() => null)
  held.value = (mine?.suspects ?? []).map((s) => s.name).filter((name) => !orders.some((o) => o.suspect === name))
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
      why = told(e)
    }
    current.value = await api.getSuspect(name)
    empty.value = false
    const s = current.value.suspect
    if (s.decision) barred.value = decided(s)
    else barred.value = why && (s.claim ? t('rv.takenBy', { who: s.claim.reviewer }) : why)
  } catch (e) {
    complain(e)
    current.value = null
  } finally {
    loading.value = false
  }
}

// How long a number is frozen by the decision, in seconds: null for a freeze without an end, undefined where it is
// not frozen by it any more.
export function frozenFor(s: Suspect): number | null | undefined {
  if (!s.decision?.freeze || !s.frozen || s.frozen.freeze !== s.decision.freeze) return undefined
  const from = Math.min(Date.parse(s.freezeStartTime ?? s.decision.decideTime), Date.parse(s.decision.decideTime))
  return s.frozen.endTime ? (Date.parse(s.frozen.endTime) - from) / 1000 : null
}
function decided(s: Suspect): string {
  const d = s.decision!
  const said = { who: d.reviewer || t('top.localAdmin'), t: time(d.decideTime) }
  if (d.verdict === 'VERDICT_DISMISSED') return t('rv.dismissedAt', said)
  const period = frozenFor(s)
  const freeze = period === undefined ? '' : period === null ? t('rv.frozenForever') : t('lx.freezeFor', { t: length(period) })
  return t('rv.confirmedAt', { ...said, what: [word('class', d.class), freeze].filter(Boolean).join(t('ui.comma')) })
}

// start takes up what this reviewer holds from before, such as before a reload, or else the next.
export async function start() {
  loading.value = true
  recall()
  await drain()
  await returning
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

// Whether the filter asks for a suspect.
function wanted(s: Suspect) {
  const f = filter
  const created = Date.parse(s.createTime)
  return (
    (!f.class || s.class === f.class) && (!f.line || s.line === f.line) && (!f.agent || s.agent === f.agent) && (!f.passed || !!s.pass) && s.score >= (f.minScore ?? 0) && s.score <= (f.maxScore ?? 1) &&
    !(f.startCreateTime && created < Date.parse(f.startCreateTime)) && !(f.endCreateTime && created >= Date.parse(f.endCreateTime))
  )
}

// refilter has what is asked for now come next. What is open stays where it is asked for, too: it may be half judged.
// Else it is given back.
export async function refilter() {
  const open = current.value
  if (open && !barred.value && wanted(open.suspect)) {
    await dropNext()
    watchQueue()
    if (current.value === open) prefetched ??= claimNext().catch(() => null)
    return
  }
  await leave()
  watchQueue()
  await advance()
  await rest()
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

// Half of how long a lease is, as seen when it was new: a claim is renewed when no more is left of it.
const leases = new Map<string, number>()
function due({ claim }: Suspect) {
  if (!claim) return true
  const left = Date.parse(claim.expireTime) - serverNow()
  if (!leases.has(claim.expireTime)) leases.set(claim.expireTime, left)
  for (const old of [...leases.keys()].slice(0, -8)) leases.delete(old)
  return left <= leases.get(claim.expireTime)! / 2
}

// tend renews the leases, and looks for suspects that others gave back where none was left; called each half
// minute.
export async function tend(active: boolean) {
  if (link.lost || link.signedOut || !session.who) return
  if (empty.value && !loading.value) return advance()
  if (!active || !current.value || barred.value || current.value.suspect.decision) return
  const { name } = current.value.suspect
  try {
    const s = due(current.value.suspect) && (await api.claim(name))
    if (s && current.value?.suspect.name === name) Object.assign(current.value.suspect, { claim: s.claim, etag: s.etag })
  } catch (e) {
    if (e instanceof ApiError && e.status && e.status !== 401 && current.value?.suspect.name === name) barred.value = t('rv.leaseLost', { who: told(e) })
  }
  const next = await (prefetched ?? null)
  if (!next || !due(next.suspect)) return
  const waits = prefetched
  await api.claim(next.suspect.name).then((s) => Object.assign(next.suspect, { claim: s.claim, etag: s.etag }), () => {
    if (prefetched === waits) prefetched = null
  })
}

watch(() => session.who?.name, (name) => {
  orders.length = 0
  current.value = null
  prefetched = null
  last.value = []
  returned.value = null
  held.value = []
  judged.value = 0
  if (name && watching) void drain().then(start)
})
