import { ApiError, file, get, insist, lines, post, requestId } from './client'
import type { Suspect, SuspectAnswer, SuspectCounts, SuspectFilter, SuspectState, Verdict } from './types'

export const getSuspect = (name: string) => get<SuspectAnswer>(`/v1/${name}`)
export const listSuspects = (query: SuspectFilter & { state?: SuspectState; pageToken?: string; pageSize?: number; mine?: boolean; shortId?: string }) =>
  get<{ suspects: Suspect[]; nextPageToken: string }>('/v1/suspects', query as Record<string, string | number | boolean>)
export const countSuspects = async (query: SuspectFilter) => {
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
  body: { verdict?: Verdict; class?: string; note?: string; etag?: string; freezePeriod?: string; hits?: { hit: number; correct: boolean }[]; requestId: string }
}
export const carryOut = async (o: Order, onWait: (tries: number) => void, wanted: () => boolean) => (await insist<{ suspect: Suspect }>(`/v1/${o.suspect}:${o.action}`, o.body, onWait, wanted)).suspect
export const revert = async (name: string, reason: string) => (await insist<{ suspect: Suspect }>(`/v1/${name}:revert`, { reason, requestId: requestId() })).suspect
export const appeal = (name: string, reason: string) => insist(`/v1/${name}:appeal`, { reason })
export const reveal = async (name: string, reason: string) => (await post<{ number: string }>(`/v1/${name}:reveal`, { reason })).number

export interface Peaks {
  duration: number
  perSecond: number
  customer: number[]
  agent: number[]
}
export async function getPeaks(recording: string, signal: AbortSignal): Promise<Peaks> {
  return get<Peaks>(`/v1/${recording}/peaks`, { per_second: 50 }, signal).catch(async (e) => {
    if (e instanceof ApiError && [400, 404, 501].includes(e.status)) return decodePeaks(recording, signal)
    throw e
  })
}
export const audioAddress = (recording: string, track: string) => `/v1/${recording}/audio${track ? `?track=${track}` : ''}`

// Peaks reckoned here from the whole file, for servers that don't.
async function decodePeaks(recording: string, signal: AbortSignal): Promise<Peaks> {
  const [{ customerChannel }, raw] = await Promise.all([
    get<{ recording: { customerChannel: string } }>(`/v1/${recording}`, undefined, signal).then((r) => r.recording),
    file(audioAddress(recording, ''), signal).then((b) => b.arrayBuffer()),
  ])
  const audio = await new OfflineAudioContext(1, 1, 8000).decodeAudioData(raw)
  const customer = customerChannel === 'CHANNEL_RIGHT' && audio.numberOfChannels > 1 ? 1 : 0
  const of = (channel: number) => peaksOf(audio.getChannelData(Math.min(channel, audio.numberOfChannels - 1)), audio.sampleRate / 50)
  return { duration: audio.duration, perSecond: 50, customer: of(customer), agent: of(1 - customer) }
}
function peaksOf(samples: Float32Array, step: number): number[] {
  const peaks: number[] = []
  for (let from = 0; from < samples.length; from += step) {
    let top = 0
    for (let i = Math.floor(from); i < Math.min(from + step, samples.length); i++) top = Math.max(top, Math.abs(samples[i]))
    peaks.push(Math.round(Math.min(1, top) * 127))
  }
  return peaks
}
