import { get as httpGet } from 'node:http'
import { type Page } from '@playwright/test'
import { api, expect, opened, pages, passes, prefer, settled, signIn, suspect, t, test } from './desk'
import { numberOf, refusals, serve, type Server } from './server'

let server: Server
test.beforeAll(async () => {
  server = await serve()
})
test.afterAll(() => server?.stop())

const evil = `<img src=x onerror=alert(1)>"'</textarea><script>alert(2)</script>`
const begins = '<img src=x onerror=alert(1)>' // what the page shows of it where it is long

// Whatever would tell that a text was run: a dialogue, a request, a mark on the window.
function traps(page: Page) {
  const sprung: string[] = []
  page.on('dialog', (d) => (sprung.push(d.message()), d.dismiss()))
  page.on('request', (r) => /\/x$|onerror/.test(new URL(r.url()).pathname) && sprung.push(r.url()))
  return sprung
}
const injected = (page: Page) => page.evaluate(() => document.querySelectorAll('img[src="x"], [onerror], body script:not([src])').length)

test('what calls, agents, lines and people write is text on every page', async ({ page }) => {
  const sprung = traps(page)
  const boss = await api(server, 'boss')
  for (const s of (await boss.get('/v1/suspects?pageSize=100')).suspects) await boss.post(`/v1/${s.name}:decide`, { verdict: 'VERDICT_DISMISSED', note: evil })
  const call = { call_id: `c${evil}`, agent: `a${evil}`, line: `l${evil}`, number: numberOf('more-77'), customer_channel: 'right' }
  await server.send(refusals[0], call)
  await server.send(refusals[1], { ...call, call_id: `d${evil}`, part: evil.slice(0, 60) })
  await server.heard()
  await boss.post('/v1/freezes', { number: numberOf('more-78'), line: `l${evil}`, reason: evil })
  const { lexicon } = await boss.get('/v1/lexicon')
  expect(lexicon.source).toBeTruthy()

  await prefer(page, {})
  await signIn(page, server, 'boss')
  const at = await opened(page)
  for (const first of ['c', 'a', 'l']) await expect(page.locator('.facts')).toContainText(first + begins)
  await page.getByLabel(t('rv.comment'), { exact: true }).fill(evil)
  await page.keyboard.press('Control+Enter')
  await passes(page, at)
  const next = await opened(page)
  await page.keyboard.press('Escape')
  await page.getByLabel(t('rv.comment'), { exact: true }).fill(evil)
  await page.keyboard.press('Escape')
  await page.keyboard.press('n') // a supervisor may get it again at once
  await expect(page.getByText(t('rv.passedOn'))).toBeVisible()
  await page.goto(`${server.address}/${at.replace('suspects', 'review')}`)
  await expect(suspect(page)).toHaveAttribute('data-name', at)
  await expect(page.locator('.past')).toContainText(begins)
  await page.goto(`${server.address}/${next.replace('suspects', 'review')}`)
  await expect(page.locator('.facts .said')).toContainText(begins)
  expect(await injected(page)).toBe(0)
  for (const path of pages) {
    await page.goto(server.address + path)
    await settled(page)
    expect(await injected(page), path).toBe(0)
  }
  await page.goto(`${server.address}/suspects`)
  await expect(page.locator('table.data').first()).toContainText(`a${begins}`)
  await expect(page.locator('table.data').first()).toContainText(begins)
  await page.goto(`${server.address}/freezes`)
  await expect(page.locator('table.data').first()).toContainText(begins)
  expect(sprung).toEqual([])
})

test('what was heard is text, too', async ({ page }) => {
  const sprung = traps(page)
  await page.route(/\/v1\/suspects(\/\w+|:claimNext)$/, async (route) => {
    const r = await route.fetch()
    const a = await r.json()
    for (const transcript of [a.transcript, a.agentTranscript]) for (const s of transcript?.segments ?? []) Object.assign(s, { text: evil, tokens: [] })
    for (const h of a.suspect?.hits ?? []) Object.assign(h, { text: evil, phrase: evil, asked: evil })
    await route.fulfill({ response: r, json: a })
  })
  await prefer(page, {})
  const boss = await api(server, 'boss')
  const one = (await boss.get('/v1/suspects?pageSize=1')).suspects[0]
  await signIn(page, server, 'boss', `/review/${one.name.split('/')[1]}`)
  await expect(page.locator('.dialogue')).toContainText(begins)
  await expect(page.locator('.hits').first()).toContainText(begins)
  expect(await injected(page)).toBe(0)
  expect(sprung).toEqual([])
})

test('every page and all it consists of has its headers, and breaks its policy nowhere', async ({ page, wrong }) => {
  const broken: string[] = []
  await page.exposeFunction('policyBroken', (what: string) => broken.push(what))
  await page.addInitScript(() => addEventListener('securitypolicyviolation', (e) => (window as unknown as { policyBroken: (s: string) => void }).policyBroken(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`)))
  const without: string[] = []
  const hosts = new Set<string>()
  page.on('response', async (r) => {
    const url = new URL(r.url())
    if (url.protocol !== 'http:') return
    hosts.add(url.host)
    const h = r.headers()
    const document = r.request().resourceType() === 'document'
    if (url.pathname.startsWith('/v1/')) return
    if (h['x-content-type-options'] !== 'nosniff' || h['referrer-policy'] !== 'no-referrer') without.push(url.pathname)
    const csp = h['content-security-policy'] ?? ''
    if (document && !(/default-src 'self'/.test(csp) && /frame-ancestors 'none'/.test(csp) && !/unsafe/.test(csp))) without.push(`${url.pathname}: ${csp}`)
  })
  await prefer(page, {})
  await signIn(page, server, 'boss')
  for (const path of pages) {
    await page.goto(server.address + path)
    await settled(page)
    await expect(page.locator('.el-message--error')).toHaveCount(0)
  }
  expect(without).toEqual([])
  expect(broken).toEqual([])
  expect([...hosts]).toEqual([new URL(server.address).host]) // it loads nothing from elsewhere
  expect(wrong).toEqual([])
})

test('no address of the API but the open ones answers who has not signed in', async () => {
  const spec = await fetch(`${server.address}/v1/openapi.json`).then((r) => r.json())
  const open = /^\/v1\/(openapi\.json|sessions)/
  const let_in: string[] = []
  let asked = 0
  for (const [path, methods] of Object.entries<object>(spec.paths)) {
    if (!path.startsWith('/v1/') || open.test(path)) continue
    for (const method of Object.keys(methods).filter((m) => ['get', 'post', 'put', 'patch', 'delete'].includes(m))) {
      const address = server.address + path.replace(/\{(\w+)=([^}]*)\}/g, (_, _n, p: string) => p.replaceAll('**', '01K').replaceAll('*', '01K')).replace(/\{\w+\}/g, '01K')
      const r = await fetch(address, { method: method.toUpperCase(), ...(method !== 'get' && { body: '{}', headers: { 'Content-Type': 'application/json' } }) })
      asked++
      if (r.status !== 401) let_in.push(`${method} ${path}: ${r.status}`)
    }
  }
  expect(asked).toBeGreaterThan(60)
  expect(let_in).toEqual([])
})

test('no address of a recording leads out of the audio', async () => {
  const boss = await api(server, 'boss')
  const { suspects } = await boss.get('/v1/suspects?pageSize=1')
  const id = suspects[0].recording.split('/')[1]
  // As it stands: fetch would take the dots away before it asks.
  const ask = (path: string) =>
    new Promise<{ status: number; text: string }>((done, fail) => {
      httpGet({ host: '127.0.0.1', port: new URL(server.address).port, path, headers: { cookie: boss.cookie } }, (r) => {
        let text = ''
        r.setEncoding('latin1').on('data', (d) => (text += d)).on('end', () => done({ status: r.statusCode!, text }))
      }).on('error', fail)
    })
  expect((await ask(`/v1/recordings/${id}/audio`)).status).toBe(200)
  const up = ['..', '%2e%2e', '..%2f..%2fledger.key', '%2e%2e%2f%2e%2e%2fledger.key', '..%5c..%5cledger.key', `${id}%2f..%2f..%2f..%2fledger.key`, '%2fetc%2fpasswd', `${id}%00`]
  for (const p of up) {
    for (const path of [`/v1/recordings/${p}/audio`, `/assets/${p}`, `/v1/suspects/${p}/clip?hit=0`, `/v1/recordings/${p}/peaks`]) {
      const r = await ask(path)
      expect([301, 307, 308, 400, 404], path).toContain(r.status)
      expect(r.text).not.toMatch(/root:|^[0-9a-f]{64}/)
    }
  }
  for (const q of ['track=../../ledger.key', 'from=-1', 'to=..%2f', 'track=customer%00']) expect((await ask(`/v1/recordings/${id}/audio?${q}`)).status).toBe(400)
})

test('a change needs the token of the session, and its cookies are for this server alone', async ({ page, context }) => {
  const boss = await api(server, 'boss')
  const other = await api(server, 'sun')
  const post = (headers: Record<string, string>) => fetch(`${server.address}/v1/freezes`, { method: 'POST', body: JSON.stringify({ number: '13900139998', reason: 'test' }), headers: { 'Content-Type': 'application/json', cookie: boss.cookie, ...headers } })
  expect((await post({})).status).toBe(403)
  expect((await post({ 'X-Refrain-CSRF': 'x' })).status).toBe(403)
  expect((await post({ 'X-Refrain-CSRF': other.csrf })).status).toBe(403)
  expect((await post({ 'X-Refrain-CSRF': boss.csrf, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
  expect(server.refrain(['check', '13900139998'])).toContain('may be called')
  expect((await post({ 'X-Refrain-CSRF': boss.csrf })).status).toBe(200)

  await prefer(page, {})
  await signIn(page, server, 'wang')
  const cookies = await context.cookies()
  expect(cookies.map((c) => c.name).sort()).toEqual(['refrain', 'refrain-device'])
  for (const c of cookies) expect(c).toMatchObject({ httpOnly: true, sameSite: 'Strict', secure: false, path: '/', domain: '127.0.0.1' })
  expect(await page.evaluate(() => document.cookie)).toBe('')
  expect(JSON.stringify(await page.evaluate(() => ({ ...localStorage, ...sessionStorage })))).not.toContain(cookies[0].value)
})
