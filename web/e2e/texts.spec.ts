// The page's texts, without a browser: both languages have all of them, and every refusal of the server has one.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import en from '../src/i18n/en'
import zh from '../src/i18n/zh'
import { root } from './server'

type Texts = { [key: string]: string | Texts }
const flat = (o: Texts, at = ''): [string, string][] => Object.entries(o).flatMap(([k, v]) => (typeof v === 'string' ? [[at + k, v] as [string, string]] : flat(v, `${at}${k}.`)))
const texts = { zh: new Map(flat(zh)), en: new Map(flat(en)) }

test('both languages have the same texts, with the same places to fill in', () => {
  expect([...texts.zh.keys()].sort()).toEqual([...texts.en.keys()].sort())
  const places = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
  for (const [key, text] of texts.zh) expect(places(text), key).toEqual(places(texts.en.get(key)!))
})

test('no text is in the other language', () => {
  const own = /^(top\.language|lx\.dryDefault)$/ // a way to the other language, and what a customer says
  for (const [key, text] of texts.en) if (!own.test(key)) expect(text, key).not.toMatch(/\p{Script=Han}/u)
  const foreign = /^(top\.language|.*\.(png|csv)|fail\.INVALID_REQUEST|failed\.\d+)$/
  for (const [key, text] of texts.zh) if (!foreign.test(key) && /[a-z]{4,}/i.test(text.replace(/\{\w+\}/g, ''))) expect(text, key).toMatch(/\p{Script=Han}/u)
})

// Refusals that only recorders, diallers and operators meet, or only the program itself: no page asks for what brings them.
const elsewhere = new Set([
  ...['METADATA_TWICE', 'METADATA_MISSING', 'RECORDING_EXISTS', 'SET_ASIDE_BEFORE', 'SHA256_MISMATCH', 'NOT_IN_ARCHIVE', 'BACKLOG_FULL', 'TOO_MANY_UPLOADS', 'UPLOAD_STALLED', 'AUDIO_UNFINISHED'], // uploads
  ...['RESERVATION_CONFLICT', 'RESERVATION_EXPIRED', 'CHANGES_GONE', 'TAMPERED'], // diallers, the feed, and the ledger's proof
  // of starts, moves, gates and workers
  ...['ASK_THE_SERVER', 'ATTEMPT_TAKEN', 'CHANGES_MISSED', 'DATABASE_ENCODING', 'DATABASE_IN_USE', 'DATABASE_NOT_EMPTY', 'DATABASE_URL', 'GATE_REFUSED', 'INSECURE_DATABASE', 'MOMENT_PASSED', 'MOVED_WRONG', 'MOVE_UNFINISHED', 'NOTHING_KNOWN', 'NOT_OWNER', 'NO_DATABASE', 'NO_DATABASE_FILE', 'NO_TARGET', 'OLD_POSTGRES', 'OTHER_DIRECTORY', 'OTHER_SERVERS', 'OTHER_TABLES', 'OTHER_VERSION', 'SAME_DIRECTORY', 'SERVER_ABSENT', 'SERVER_UNREACHABLE', 'SOURCE_CHANGED', 'TWO_DATABASES', 'UNMOVABLE_VALUE', 'WORKER_NOT_WANTED'],
  ...['NOT_DUE', 'NOTHING_DUE', 'UNREADABLE', 'UNSPECIFIED'], // the queue's own, messages that are none, and what no fault leaves without
])
const sources = ['access', 'audit', 'calls', 'fault', 'figures', 'freeze', 'gate', 'keywords', 'number', 'recording', 'rejudge', 'request', 'retention', 'review', 'vcon', 'internal/app', 'internal/disk', 'internal/blob', 'internal/grpcapi', 'internal/httpapi', 'internal/limit', 'internal/oidc', 'internal/rpcstatus', 'internal/store']
const ways = [/\bReason:\s*"([A-Z][A-Z0-9_]*[A-Z0-9])"/g, /\w*Reason\b[\w., ]*=\s*"([A-Z][A-Z0-9_]*[A-Z0-9])"/g, /\b(?:refused?|fail|tooBusy|withStatus)\((?:[\w.]+, |"[^"]*", )*"([A-Z][A-Z0-9_]*[A-Z0-9])"/g, /\breason :?= "[^"]*", "([A-Z][A-Z0-9_]*[A-Z0-9])"/g]

function reasons(): Set<string> {
  const found = new Set<string>()
  for (const folder of sources)
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.go') || file.endsWith('_test.go') || /storetest|eval/.test(file)) continue
      const text = readFileSync(join(root, folder, file), 'utf8')
      for (const way of ways) for (const m of text.matchAll(way)) found.add(m[1])
    }
  return found
}

test('each reason for which a page can be refused something has its text', () => {
  const found = reasons()
  expect(found.size).toBeGreaterThan(80)
  for (const known of ['CLAIMED', 'APPEALED', 'RUN_ENDED', 'CALL_REPORTED', 'OIDC_STATE', 'DISK_FULL', 'DATABASE_LOCKED', 'KEY_EXPIRED', 'SERVER_BUSY', 'BODY_TOO_LARGE', 'NOT_UTF8']) expect([...found]).toContain(known)
  for (const l of ['zh', 'en'] as const) expect([...found].filter((r) => !elsewhere.has(r) && !texts[l].has(`fail.${r}`)).sort(), l).toEqual([])
  expect([...elsewhere].filter((r) => !found.has(r)), 'what no source says any more').toEqual([])
})

test('a refusal without a text of its own is told in the language of the page', () => {
  for (const status of ['400', '403', '404', '409', '413', '429', '500', '503', 'other'])
    for (const l of ['zh', 'en'] as const) expect(texts[l].get(`failed.${status}`), `${l} ${status}`).toBeTruthy()
  for (const [key, text] of texts.zh) if (key.startsWith('failed.')) expect(text, key).toMatch(/\p{Script=Han}/u)
})
