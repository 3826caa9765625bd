// What the tests do at the page, and what they ask the server behind it.
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test as base, expect, type Locator, type Page } from '@playwright/test'
import en from '../src/i18n/en'
import zh from '../src/i18n/zh'
import { password, root, serve, type Server } from './server'

export type Language = 'zh' | 'en'
const texts = { zh, en }

// A text of the page by its key, such as rv.confirm. The page is Chinese unless a test says otherwise.
export function t(key: string, language: Language = 'zh', values: Record<string, string> = {}): string {
  const text = key.split('.').reduce((o: unknown, k) => (o as Record<string, unknown>)[k], texts[language])
  if (typeof text !== 'string') throw new Error(`there is no text ${key}`)
  return text.replace(/\{(\w+)\}/g, (_, k: string) => values[k] ?? '')
}

// The pages that the router knows, without the one on which people sign in.
export const pages = [...readFileSync(join(root, 'web/src/router.ts'), 'utf8').matchAll(/path: '(\/[a-z-]+)/g)].map((m) => m[1]).filter((p) => p !== '/sign-in')

// What the page says on the console that it shouldn't: mistakes of its own and what the security policy stopped.
// That a request was refused is for the tests to want or not.
export function complaints(page: Page) {
  const all: string[] = []
  page.on('console', (m) => m.type() === 'error' && !m.text().startsWith('Failed to load resource') && all.push(m.text()))
  page.on('pageerror', (e) => all.push(e.message))
  return all
}

export async function prefer(page: Page, prefs: { language?: Language; theme?: 'light' | 'dark'; autoplay?: boolean }) {
  await page.addInitScript((p) => localStorage.getItem('refrain') ?? localStorage.setItem('refrain', p), JSON.stringify({ autoplay: false, ...prefs }))
}

export async function fillIn(page: Page | Locator, name: string, secret = password, code = '') {
  await page.locator('input[name=username]').fill(name)
  await page.locator('input[name=password]').fill(secret)
  if (code) await page.locator('input[name=code]').fill(code)
  await page.locator('input[name=password]').press('Enter')
}
export async function signIn(page: Page, server: Server, name: string, path = '/review') {
  await page.goto(`${server.address}/sign-in?next=${path}`)
  await fillIn(page, name)
  await expect(page.locator('input[name=password]')).toHaveCount(0)
}

export const suspect = (page: Page) => page.getByTestId('suspect')
export const nothing = (page: Page) => page.getByTestId('nothing')
// Waits until a suspect can be judged, and says which.
export async function opened(page: Page): Promise<string> {
  await expect(page.getByTestId('confirm')).toBeEnabled()
  return (await suspect(page).getAttribute('data-name'))!
}
// Waits until another suspect is open, or none is left.
export async function passes(page: Page, name: string) {
  await expect(page.locator(`[data-testid=suspect][data-name="${name}"]`)).toHaveCount(0)
  await expect(page.getByTestId('confirm').and(page.locator(':enabled')).or(page.locator('[data-testid=nothing] .big'))).toBeVisible()
}

// Waits until a page shows what it got, and nothing moves. The network never rests: the queue is watched.
export async function settled(page: Page, language: Language = 'zh') {
  const main = page.locator('main')
  await expect(main.locator('h1, .review, .empty').first()).toBeVisible()
  await expect(main.getByText(t('ui.loading', language))).toHaveCount(0)
  await expect(main.locator('.w-days:not(:has(.el-date-editor))')).toHaveCount(0) // calendars come last
  await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== 'running' || a.effect?.getTiming().iterations === Infinity))
}

// The API as somebody of his own session, beside the browser.
export interface Api {
  get: (path: string) => Promise<any>
  post: (path: string, body?: unknown) => Promise<any>
  csrf: string
  cookie: string
}
export async function api(server: Server, name: string): Promise<Api> {
  const r = await fetch(`${server.address}/v1/sessions`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name, password }) })
  if (!r.ok) throw new Error(await r.text())
  const cookie = r.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ')
  const { csrfToken: csrf } = await r.json()
  const ask = async (path: string, init: RequestInit = {}) => {
    const r = await fetch(server.address + path, { ...init, headers: { cookie, 'X-Refrain-CSRF': csrf, 'Content-Type': 'application/json' } })
    return { status: r.status, ...(await r.json()) }
  }
  return { csrf, cookie, get: (path) => ask(path), post: (path, body = {}) => ask(path, { method: 'POST', body: JSON.stringify(body) }) }
}

// Every decision that was ever made, as the record of who did what has it.
export async function decisions(admin: Api): Promise<{ suspect: string; by: string }[]> {
  const { entries, ...rest } = await admin.get('/v1/audit?filter.action=decision.make&pageSize=200')
  if (!entries) throw new Error(JSON.stringify(rest))
  return entries.map((e: any) => ({ suspect: e.subject.split('/decisions/')[0], by: e.actor }))
}

// A code as an authenticator shows it (RFC 6238), some steps of 30 s from now.
export function totp(secret: string, steps = 0): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret.replace(/[\s=]/g, '').toUpperCase()].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g)!.map((b) => parseInt(b, 2)))
  const count = Buffer.alloc(8)
  count.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const mac = createHmac('sha1', key).update(count).digest()
  const at = mac[19] & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

// Each test has a server of its own, with all samples heard and nothing decided; env is its settings.
export const test = base.extend<{ env: Record<string, string>; server: Server; wrong: string[] }>({
  env: [{}, { option: true }],
  server: async ({ env }, use) => {
    const s = await serve(env)
    await use(s)
    await s.stop()
  },
  // The browser goes by a test's first route only some time after it was set, and what the page asks for until then passes it
  // by: so each has one from the beginning, before there is a page.
  page: async ({ page }, use) => {
    await page.route('**/stopped-by-nobody', (route) => route.continue())
    await use(page)
  },
  // What the page complained of; it is to be nothing.
  wrong: [
    async ({ page }, use) => {
      const all = complaints(page)
      await use(all)
      expect(all, 'complaints on the console').toEqual([])
    },
    { auto: true },
  ],
})
export { expect }
