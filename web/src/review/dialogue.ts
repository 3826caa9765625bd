// Two transcripts as one dialogue, its text cut into words that know when they are said and which hit they
// belong to.
import { seconds } from '../api/client'
import type { Hit, Segment, SuspectAnswer } from '../api/types'

export interface Word {
  text: string
  start: number
  end: number
  // Index into the suspect's hits, or -1.
  hit: number
  vetoed: boolean
  unsure: boolean
}
export interface Turn {
  key: string
  customer: boolean
  start: number
  end: number
  words: Word[]
}

export function turnsOf(a: SuspectAnswer): Turn[] {
  const hits = a.suspect.hits ?? []
  const turns = [
    ...(a.transcript?.segments ?? []).map((s, i) => turn(s, `c${i}`, true, hits.map((h, at) => ({ h, at })).filter(({ h }) => h.segment === i))),
    ...(a.agentTranscript?.segments ?? []).map((s, i) => turn(s, `a${i}`, false, [])),
  ]
  return turns.sort((x, y) => x.start - y.start || Number(x.customer) - Number(y.customer))
}

function turn(s: Segment, key: string, customer: boolean, hits: { h: Hit; at: number }[]): Turn {
  const [start, end] = [seconds(s.span?.start), seconds(s.span?.end)]
  const words: Word[] = []
  let at = 0 // characters so far
  for (const piece of pieces(s, start, end)) {
    let open: Word | null = null
    for (const char of Array.from(piece.text)) {
      // One that counts is shown before one that doesn't.
      const mine = hits.filter(({ h }) => h.start <= at && at < h.end).sort((x, y) => Number(!!x.h.veto) - Number(!!y.h.veto))[0]
      const hit = mine?.at ?? -1
      if (!open || open.hit !== hit) {
        open = { ...piece, text: '', hit, vetoed: !!mine?.h.veto }
        words.push(open)
      }
      open.text += char
      at++
    }
  }
  return { key, customer, start, end, words }
}

// The segment's tokens, where they spell its text; else its characters, spread evenly over its time.
function pieces(s: Segment, start: number, end: number): Omit<Word, 'hit' | 'vetoed'>[] {
  const tokens = s.tokens ?? []
  if (tokens.length && tokens.map((x) => x.text).join('') === s.text) {
    return tokens.map((x) => ({ text: x.text, start: x.span ? seconds(x.span.start) : start, end: x.span ? seconds(x.span.end) : end, unsure: x.prob < 0.4 }))
  }
  const chars = Array.from(s.text)
  const each = (end - start) / Math.max(1, chars.length)
  return chars.map((text, i) => ({ text, start: start + i * each, end: start + (i + 1) * each, unsure: false }))
}

export const playing = (t: { start: number; end: number }, time: number) => t.start <= time && time < t.end
