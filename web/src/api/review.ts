import { get, insist, lines, post, requestId, seconds } from './client'
import type { NumberMatch, Suspect, SuspectAnswer, SuspectCounts, SuspectFilter, SuspectState, Verdict } from './types'

export const getSuspect = (name: string) => get<SuspectAnswer>(`/v1/${name}`)
export const listSuspects = (query: SuspectFilter & { state?: SuspectState; pageToken?: string; pageSize?: number; mine?: boolean; disputed?: boolean; shortId?: string; number?: string; sameNumberAs?: string }) =>
  get<{ suspects: Suspect[]; nextPageToken: string }>('/v1/suspects', query as Record<string, string | number | boolean>)
export const countSuspects = async (query: SuspectFilter & { state?: SuspectState; mine?: boolean; disputed?: boolean; sameNumberAs?: string }) => {
  const { order: _, ...rest } = query
  return (await get<{ counts: SuspectCounts }>('/v1/suspects:count', rest as Record<string, string | number | boolean>)).counts
}

// News of the queue: calls news with each message, and again after each break, until it is stopped.
export async function watchSuspects(query: SuspectFilter, news: (counts: SuspectCounts | null) => void, stop: AbortSignal) {
  const { order: _, ...rest } = query
  while (!stop.aborted) {
    try {
      await lines<{ result?: { counts: SuspectCounts | null } }>('/v1/suspects:watch', rest as Record<string, string>, (m) => m.result && news(m.result.counts), stop)
    } catch {
      // said where it matters: here the next try is all there is to do
    }
    await new Promise((r) => setTimeout(r, 5000))
  }
}

export const claim = async (name: string) => (await post<{ suspect: Suspect }>(`/v1/${name}:claim`)).suspect
export const release = (name: string) => post<unknown>(`/v1/${name}:release`).catch(() => undefined) // the lease ends by itself

// The next one that nobody holds, with all that is known of it; null where there is none.
export async function claimNext(filter: SuspectFilter): Promise<SuspectAnswer | null> {
  const a = await insist<SuspectAnswer>('/v1/suspects:claimNext', { ...filter })
  return a.suspect ? a : null
}

export interface Order {
  suspect: string
  action: 'decide' | 'pass'
  seen: string // what was judged, by which a change of it is told from a claim that was renewed
  body: { verdict?: Verdict; class?: string; note?: string; etag?: string; freezePeriod?: string; hits?: { hit: number; correct: boolean }[]; requestId: string }
}
export const carryOut = async (o: Order, onWait: (tries: number) => void, wanted: () => boolean) => (await insist<{ suspect: Suspect }>(`/v1/${o.suspect}:${o.action}`, o.body, onWait, wanted)).suspect
export const revert = async (name: string, reason: string) => (await insist<{ suspect: Suspect }>(`/v1/${name}:revert`, { reason, requestId: requestId() })).suspect
export const appeal = (name: string, reason: string) => insist(`/v1/${name}:appeal`, { reason })
// The decided suspects of an agent's calls, as agents may know of them.
export const listAgentSuspects = (query: { agent?: string; state?: SuspectState; pageToken?: string }) => get<{ suspects: Suspect[]; nextPageToken: string }>('/v1/agentSuspects', query)
// Whose number a text may mean: a number, its last digits, or the id of a call or a suspect.
export const findNumbers = (query: string, pageToken: string) => get<{ matches: NumberMatch[]; nextPageToken: string }>('/v1/numbers', { query, pageToken })
export const reveal = async (name: string, reason: string) => (await post<{ number: string }>(`/v1/${name}:reveal`, { reason })).number

export interface Peaks {
  duration: number
  perSecond: number
  customer: number[]
  agent: number[]
}
// The peaks of the last few recordings that were asked for, so that the next suspect's are there when it is.
const asked = new Map<string, Promise<Peaks>>()
export function getPeaks(recording: string): Promise<Peaks> {
  const known = asked.get(recording)
  if (known) return known
  type Answer = Omit<Peaks, 'duration'> & { duration: string | null }
  const peaks = get<Answer>(`/v1/${recording}/peaks`, { perSecond: 50 }).then((p) => ({ perSecond: p.perSecond, duration: seconds(p.duration), customer: p.customer ?? [], agent: p.agent ?? [] }))
  asked.set(recording, peaks)
  peaks.catch(() => asked.delete(recording))
  for (const old of [...asked.keys()].slice(0, -4)) asked.delete(old)
  return peaks
}
export const audioAddress = (recording: string, track: string) => `/v1/${recording}/audio${track ? `?track=${track}` : ''}`
